"""What a closer look at groups shows is written into roles: of the map where all have it alike, else of their environment."""

from typing import Any

import pytest

from controller.loading.authoring.closer_facts import CloserLook, add_closer_facts
from controller.loading.authoring.found import Written
from controller.model.ref import ResourceRef
from tests.support.yaml_fleet import KINDS
from tests.unit.loading.authoring.test_oddities import MAP, ROLE, environment, imported, of

SCHEDULES = [{"recurrence": "0 8 * * 1-5", "desiredCapacity": 1}]
NOTIFIED = [{"topic": "InfraAsgLambdaScale"}]
WEB_AND_DB = of(
    "DeploymentMap",
    {**MAP, "Value": {"DeploymentTarget": [ROLE, {**ROLE, "ServerRoleName": "Db"}]}},
)


def look(name: str = "c50", role: str = "Web", slice_name: str = "", **more: Any) -> CloserLook:
    text, unsaid, odd = more.pop("text", ""), more.pop("unsaid", ()), more.pop("odd", ())
    group, old = f"{name}-ta-{role}{slice_name}", more.pop("old", "")
    return CloserLook(name, role, group, more, text, unsaid, odd, old)


class Estate:
    """Two environments of one map, as imported."""

    def __init__(self, *names: str) -> None:
        found = imported(WEB_AND_DB, *(environment(name) for name in names or ("c50", "c51")))
        self.written = dict(found.written)

    def add(self, *looks: CloserLook) -> "Estate":
        self.written = add_closer_facts(self.written, looks, KINDS)
        return self

    def roles(self, name: str = "c50") -> Any:
        return self.one("Environment", name).spec.get("roles")

    def one(self, kind: str, name: str) -> Written:
        return self.written[ResourceRef(kind, name)]

    def of_map(self, field: str) -> list[Any]:
        return [role.get(field) for role in self.one("DeploymentMap", "web").spec["roles"]]

    def told(self, name: str = "c50") -> list[str]:
        return [one.found for one in self.one("Environment", name).oddities]


def test_what_one_group_has_otherwise_is_its_environments() -> None:
    estate = Estate().add(
        look(role="Db", terminationDelay=5), look(instanceType="m6i.large"), look("c51")
    )
    assert estate.roles() == {"Web": {"instanceType": "m6i.large"}, "Db": {"terminationDelay": 5}}
    assert list(estate.roles()) == ["Web", "Db"], "in the order of the map"
    assert estate.roles("c51") is None


def test_what_all_have_alike_and_no_item_has_is_the_maps() -> None:
    same: dict[str, Any] = {"notifications": NOTIFIED, "scalingSchedules": SCHEDULES}
    estate = Estate().add(look(**same, terminationDelay=5), look("c51", **same, terminationDelay=5))
    assert estate.of_map("notifications") == [NOTIFIED, None]
    assert estate.of_map("scalingSchedules") == [SCHEDULES, None]
    assert estate.roles() == {"Web": {"terminationDelay": 5}}, "the map's item would change"


@pytest.mark.parametrize(
    ("story", "other"),
    [
        ("has it otherwise", look("c51", notifications=[])),
        ("has none", look("c51")),
        ("was not looked at", None),
    ],
)
def test_it_stays_with_the_environment_if_another(story: str, other: CloserLook | None) -> None:
    estate = Estate().add(look(notifications=NOTIFIED), *([other] if other else []))
    assert estate.roles() == {"Web": {"notifications": NOTIFIED}}, story
    assert estate.of_map("notifications") == [None, None]


def test_one_that_has_no_such_role_does_not_count() -> None:
    estate = Estate("c50", "c51", "c52")
    estate.one("Environment", "c52").spec["roles"] = {"Web": {"enabled": False}}
    estate.add(*(look(name, notifications=NOTIFIED) for name in ("c50", "c51")))
    assert estate.of_map("notifications") == [NOTIFIED, None]
    assert estate.roles() is None


@pytest.mark.parametrize("ref", ["DeploymentMap/web", "Environment/c52"])
def test_what_was_written_before_is_left_as_it_is(ref: str) -> None:
    estate = Estate("c50", "c51", "c52")
    estate.written[ResourceRef.parse(ref)].ours = True
    estate.add(*(look(name, notifications=NOTIFIED) for name in ("c50", "c51", "c52", "gone")))
    assert estate.of_map("notifications") == [None, None]
    assert (estate.roles("c52") is None) is (ref == "Environment/c52")


def test_an_environment_whose_map_is_gone_has_its_own_all_the_same() -> None:
    estate = Estate()
    del estate.written[ResourceRef("DeploymentMap", "web")]
    assert estate.add(look(terminationDelay=5)).roles() == {"Web": {"terminationDelay": 5}}


def test_what_no_role_can_say_is_told() -> None:
    estate = Estate().add(
        look(
            terminationDelay=121,
            instanceType="m6i.large",
            unsaid=("is red",),
            odd=(("it is odd", "nothing", "decide"),),
        ),
        look(
            slice_name="-green", instanceType="m6i.large", terminationDelay=121, unsaid=("is blue",)
        ),
    )
    assert estate.roles() == {"Web": {"instanceType": "m6i.large"}}
    assert estate.told() == [
        "group c50-ta-Web is red; has terminationDelay 121, which no role can say",
        "group c50-ta-Web-green is blue",
        "it is odd",
    ]


def test_slices_that_differ_are_told() -> None:
    estate = Estate().add(
        look(slice_name="-blue", instanceType="m6i.large"),
        look(slice_name="-green", instanceType="m6i.large", ami="web-2.0.0", text="#!/bin/sh"),
    )
    assert estate.roles() == {"Web": {"instanceType": "m6i.large"}}
    assert estate.told() == ["group c50-ta-Web-green has other ami, user data than c50-ta-Web-blue"]


def test_slices_that_are_alike_are_one_role() -> None:
    slices = [look(slice_name=name, instanceType="m6i.large") for name in ("-blue", "-green")]
    estate = Estate().add(*slices)
    assert (estate.roles(), estate.told()) == ({"Web": {"instanceType": "m6i.large"}}, [])


def test_a_text_of_user_data_becomes_a_template_of_its_role() -> None:
    estate = Estate().add(look(text="#!/bin/sh\n"), look("c51", text="#!/bin/sh\n"))
    assert estate.one("Template", "web").spec == {"text": "#!/bin/sh\n"}
    assert estate.of_map("userData") == ["web", None]
    (odd,) = estate.one("Template", "web").oddities
    assert (odd.found, odd.written) == ("user data of group c50-ta-Web and 1 more", "the text")


def test_texts_that_only_differ_in_the_name_of_the_environment_are_one() -> None:
    estate = Estate().add(look(text="echo c50 c500\n"), look("c51", text="echo c51 c500\n"))
    assert estate.one("Template", "web").spec == {"text": "echo {{ environment }} c500\n"}
    assert estate.of_map("userData") == ["web", None]


def test_a_text_of_one_environment_stays_as_it_is() -> None:
    estate = Estate().add(look(text="echo c50\n"), look(role="Db", text="echo c50\n"))
    assert estate.one("Template", "web").spec == {"text": "echo c50\n"}
    assert estate.roles() == {"Web": {"userData": "web"}, "Db": {"userData": "web"}}


def test_texts_of_one_role_that_differ_go_by_their_environments() -> None:
    estate = Estate()
    taken = ResourceRef("Template", "c51-web")
    estate.written[taken] = Written(taken, "c51-web", {"text": "of somebody else"})
    estate.add(look(text="a"), look("c51", text="b"))
    assert estate.roles() == {"Web": {"userData": "c50-web"}}
    assert estate.roles("c51") == {"Web": {"userData": "c51-web-2"}}


def test_user_data_of_the_old_product_is_one_template_of_the_map() -> None:
    old: dict[str, Any] = {"text": "boot {{ runtimeRole }}", "old": "linux"}
    estate = Estate().add(
        look(slice_name="-blue", **old),
        look(slice_name="-green", **old),
        look(role="Db", projectCodeTag="P1", **old),
        look("c51", role="Db", **old),
        look("c51", **old),
    )
    assert [ref.key for ref in estate.written if ref.kind == "Template"] == ["web"]
    assert estate.one("Template", "web").spec == {"text": "boot {{ runtimeRole }}"}
    assert estate.of_map("userData") == ["web", "web"]
    assert estate.roles() == {"Db": {"projectCodeTag": "P1"}}
    (odd,) = estate.one("Template", "web").oddities
    assert odd.found == "user data of group c50-ta-Web-blue and 3 more"
    assert odd.written == "the text, with variables for what the old product had filled in"


def test_a_map_of_both_platforms_has_a_template_for_each() -> None:
    estate = Estate("c50").add(
        look(text="boot", old="linux"), look(role="Db", text="##Role", old="windows")
    )
    assert estate.of_map("userData") == ["web-linux", "web-windows"], "of one environment, too"
    assert estate.roles() is None


def test_it_is_said_by_environments_where_one_has_another_text() -> None:
    estate = Estate().add(
        look(text="boot", old="linux"), look("c51", text="boot -r web", old="linux")
    )
    assert estate.of_map("userData") == [None, None]
    assert estate.roles() == {"Web": {"userData": "web-linux"}}
    assert estate.roles("c51") == {"Web": {"userData": "web-linux-2"}}


def test_a_map_with_a_name_of_words_names_its_template_so() -> None:
    estate = Estate("c50")
    estate.one("Environment", "c50").spec["deploymentMap"] = "Odd map (old)"
    estate.add(look(text="boot", old="linux"))
    assert estate.roles() == {"Web": {"userData": "odd-map-old"}}


@pytest.mark.parametrize(
    ("story", "sizes", "schedules", "written"),
    [
        ("it sets it", {"desiredCapacity": 0}, SCHEDULES, {}),
        (
            "it sets one of them",
            {"desiredCapacity": 0, "maxCapacity": 9},
            SCHEDULES,
            {"maxCapacity": 9},
        ),
        ("it sets another", {"maxCapacity": 9}, SCHEDULES, {"maxCapacity": 9}),
        ("it sets nothing", {"desiredCapacity": 0}, [], {"desiredCapacity": 0}),
        (
            "the rest would not be in order",
            {"minCapacity": 3, "desiredCapacity": 3, "maxCapacity": 3},
            SCHEDULES,
            {"minCapacity": 3, "desiredCapacity": 3, "maxCapacity": 3},
        ),
    ],
)
def test_a_size_that_a_scaling_schedule_sets_is_not_written(
    story: str, sizes: dict[str, int], schedules: Any, written: dict[str, int]
) -> None:
    estate = Estate("c50")
    estate.one("Environment", "c50").spec["roles"] = {"Web": {"autoScalingSettings": sizes}}
    estate.add(look(scalingSchedules=schedules))
    role = estate.roles()["Web"]
    assert role.get("autoScalingSettings", {}) == written, story
    assert role["scalingSchedules"] == schedules
