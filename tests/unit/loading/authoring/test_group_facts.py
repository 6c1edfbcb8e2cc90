"""What groups show otherwise than their map says is written into their environment, and only that."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from controller.loading.authoring.group_facts import Groups, add_group_facts
from controller.loading.authoring.validate_loop import StableDocuments
from controller.model.live import FoundGroup, LiveLook, LiveScope, Member
from controller.model.ref import ResourceRef
from tests.support.imported_fleets import composed, loadable, right
from tests.unit.loading.authoring.test_oddities import MAP, ROLE, TYPE, imported, oddities, of

SCOPE = LiveScope("eu/eu-west-1", "012345670123", "eu-west-1", "eu")
PLACE = ("eu", "eu-west-1")
C50 = ResourceRef("Environment", "c50")


class Beside(NamedTuple):
    """What was imported beside groups, and what was remarked on them."""

    settled: StableDocuments
    remarks: tuple[str, ...]


def group(name: str = "c50-ta-Web", **more: Any) -> FoundGroup:
    fields: dict[str, Any] = {
        "minimum": 0,
        "desired": 1,
        "maximum": 1,
        "tags": (("ContactEmail", "t@acme.example"), ("SecurityZone", "Other"), ("Schedule", "")),
        "subnets": ("subnet-a", "subnet-b"),
        "members": (),
        **more,
    }
    return FoundGroup(name=name, arn="", propagated=frozenset(), suspended=frozenset(), **fields)


def member(instance: str, lifecycle: str = "InService") -> Member:
    return Member(instance, lifecycle, "a", "", "", healthy=True)


def with_groups(*groups: FoundGroup, role: dict[str, Any] | None = None) -> "Beside":
    """Import an environment whose map has one role, beside these groups."""
    roles = [{**ROLE, **(role or {})}]
    result = imported(of("DeploymentMap", {**MAP, "Value": {"DeploymentTarget": roles}}))
    look = LiveLook(SCOPE, datetime(2026, 11, 24, tzinfo=UTC), {one.name: one for one in groups})
    remarks = add_group_facts(result.written, Groups({PLACE: look}, default_region="eu-west-1"))
    right(loadable(composed(result)))
    return Beside(result, tuple(remarks))


def roles(result: Beside) -> Any:
    return result.settled.written[C50].spec.get("roles")


CASES: list[tuple[str, dict[str, Any], dict[str, Any], Any]] = [
    ("as the map says", {}, {}, None),
    (
        "other sizes",
        {"desired": 3, "maximum": 5},
        {},
        {"autoScalingSettings": {"desiredCapacity": 3, "maxCapacity": 5}},
    ),
    ("another schedule", {"tags": (("Schedule", "off"),)}, {}, {"scheduleTag": "off"}),
    ("one zone", {"subnets": ("subnet-b",)}, {}, {"availabilityZoneName": "B"}),
    (
        "all zones where the map says one",
        {},
        {"AvailabilityZoneName": "A"},
        {"availabilityZoneName": "*"},
    ),
    (
        "another contact",
        {"tags": (("ContactEmail", "me@acme.example"),)},
        {},
        {"contactEmailTag": "me@acme.example"},
    ),
    ("another zone", {"tags": (("SecurityZone", "Public"),)}, {}, {"securityZone": "Public"}),
    (
        "some on standby",
        {
            "minimum": 1,
            "desired": 1,
            "maximum": 1,
            "members": (member("i-1", "Standby"), member("i-2")),
        },
        {"AutoScalingSettings": {"MinCapacity": 2, "DesiredCapacity": 2, "MaxCapacity": 2}},
        None,
    ),
]


@pytest.mark.parametrize(("story", "found", "role", "written"), CASES, ids=[c[0] for c in CASES])
def test_a_group(story: str, found: dict[str, Any], role: dict[str, Any], written: Any) -> None:
    result = with_groups(group(**found), role=role)
    assert roles(result) == (None if written is None else {"Web": written}), story


def test_a_role_without_a_group_is_not_made() -> None:
    result = with_groups()
    assert roles(result) == {"Web": {"enabled": False}}
    assert "no group c50-ta-Web" in oddities(result.settled, "Environment/c50")[0].found


@pytest.mark.parametrize(
    ("groups", "written"),
    [
        ((group("c50-ta-Web-blue"), group("c50-ta-Web-green")), None),
        ((group("c50-ta-Web-blue"),), {"slices": {"blue": {}}}),
        (
            (group("c50-ta-Web-blue"), group("c50-ta-Web-green", maximum=4)),
            {"slices": {"blue": {}, "green": {"maxCapacity": 4}}},
        ),
    ],
)
def test_slices(groups: tuple[FoundGroup, ...], written: Any) -> None:
    result = with_groups(*groups, role={"FleetPerSlice": True})
    assert roles(result) == (None if written is None else {"Web": written})


def test_what_cannot_be_written_of_a_group_is_told() -> None:
    odd = group(
        maximum=200,
        subnets=("subnet-z",),
        tags=(("Schedule", "when it rains"), ("ContactEmail", "?")),
    )
    told = [one.found for one in oddities(with_groups(odd).settled, "Environment/c50")]

    assert len(told) == 3
    assert any("at most 100" in one for one in told)
    assert any("which no subnet type has together" in one for one in told)
    assert any("when it rains" in one for one in told)


@pytest.mark.parametrize(("wanted", "told"), [(1, 1), (0, 0)])
def test_a_group_that_may_only_be_off_for_now_is_told(wanted: int, told: int) -> None:
    sizes = {"MinCapacity": 0, "DesiredCapacity": wanted, "MaxCapacity": 1}
    result = with_groups(group(desired=0), role={"AutoScalingSettings": sizes})
    found = [one.found for one in oddities(result.settled, "Environment/c50")]
    assert found == ["group c50-ta-Web has no instances now"] * told


def test_groups_of_nobody_are_told() -> None:
    result = with_groups(group(), group("c50-ta-Other"), group("x"))
    first, other = result.remarks
    assert first.startswith("group c50-ta-Other in eu/eu-west-1:")
    assert other.endswith("stay as they are: x")


def test_a_schedule_an_environment_cannot_take_away_is_told() -> None:
    result = with_groups(group(), role={"ScheduleTag": "off"})

    (odd,) = oddities(result.settled, "Environment/c50")
    assert odd.found.startswith("group c50-ta-Web has no schedule of its own")
    assert roles(result) is None


def test_groups_in_subnets_of_another_type_are_written() -> None:
    value: dict[str, Any] = {**TYPE["Value"]}  # type: ignore[dict-item]  # a dict of dicts
    value["Subnets"] = {
        **value["Subnets"],
        "PublicApp": {"AvailabilityZoneA": "subnet-p", "AvailabilityZoneB": "subnet-q"},
    }
    result = imported(of("EnvironmentType", {**TYPE, "Value": value}))
    look = LiveLook(
        SCOPE,
        datetime(2026, 11, 24, tzinfo=UTC),
        {"c50-ta-Web": group(subnets=("subnet-p", "subnet-q"))},
    )

    add_group_facts(result.written, Groups({PLACE: look}, default_region="eu-west-1"))

    assert result.written[C50].spec["roles"]["Web"]["subnetTypeName"] == "PublicApp"


def test_what_was_written_before_is_left_as_it_is() -> None:
    result = imported()
    result.written[C50].ours = True
    look = LiveLook(SCOPE, datetime(2026, 11, 24, tzinfo=UTC), {"c50-ta-Web": group(maximum=9)})

    remarks = add_group_facts(result.written, Groups({PLACE: look}, default_region="eu-west-1"))

    assert remarks == []
    assert "roles" not in result.written[C50].spec
