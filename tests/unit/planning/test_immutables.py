"""Values that stay for good, and values that something outside the YAML has taken."""

from typing import Any

import pytest

from controller.kinds.language.kind import Unique
from controller.kinds.language.spec import Spec
from controller.model.observed import Observation, Ownership
from controller.model.resource import Projection
from controller.planning.immutables import find_kept_values
from tests.unit.planning.worlds import (
    desired_of,
    found,
    item,
    make_kind,
    options,
    ref,
    scope_of,
    wanted,
)

Values = dict[str, Any]


def service(key: str, **value: Any) -> Projection:
    return wanted(f"Service/{key}", item(f"Service/{key}", Value=value))


def service_found(key: str, value: Values, top: Values | None = None, **more: Any) -> Observation:
    return found(f"Service/{key}", item(f"Service/{key}", Value=value, **(top or {})), **more)


def messages(desired: list[Projection], *objects: Observation) -> list[str]:
    problems = find_kept_values(desired_of(*desired), scope_of(*objects), options())
    return [problem.message for problem in problems]


KEPT = "Service/a has 40001, which stays for good (hosts point at it): it cannot"


@pytest.mark.parametrize(
    ("before", "after", "wanted_messages", "because"),
    [
        ({"BluePort": 40001}, {"BluePort": 40002}, [f"{KEPT} become 40002"], "changed"),
        ({"BluePort": 40001}, {}, [f"{KEPT} be taken away"], "removed"),
        ({"BluePort": 40001}, {"BluePort": 40001}, [], "kept"),
        ({}, {"BluePort": 40002}, [], "given for the first time"),
        ({"BluePort": 0}, {"BluePort": 40002}, [], "0 is none"),
        ({"BluePort": None}, {"BluePort": 40002}, [], "null is none"),
        ({"BluePort": "40001"}, {"BluePort": 40001}, [], "stored as text by the old product"),
    ],
)
def test_a_port_once_set_stays(
    before: Values, after: Values, wanted_messages: list[str], because: str
) -> None:
    assert messages([service("a", **after)], service_found("a", before)) == wanted_messages, because


def test_a_problem_points_at_the_document_and_says_what_to_write() -> None:
    (problem,) = find_kept_values(
        desired_of(service("a", BluePort=2)),
        scope_of(service_found("a", {"BluePort": 1})),
        options(),
    )

    assert problem.ref == ref("Service/a")
    assert problem.path == ("spec", "bluePort")
    assert problem.fix == "write 1 again, or make a new Service and move what uses a over to it"


def test_items_of_other_shapes_have_no_such_value() -> None:
    odd = found("Service/a", {"ServiceTable": {"Name": "a", "Value": "text"}})

    assert find_kept_values(desired_of(wanted("Service/a")), scope_of(odd), options()) == ()


def test_a_kind_without_unique_values_is_only_asked_what_stays() -> None:
    before = found("Cluster/t", item("Cluster/t", Value={"ShortName": "ta"}))
    after = wanted("Cluster/t", item("Cluster/t", Value={"ShortName": "tb"}))

    assert messages([after], before) == [
        "Cluster/t has 'ta', which stays for good (group names have it): it cannot become 'tb'"
    ]


@pytest.mark.parametrize(
    ("value", "top", "more", "standing"),
    [
        ({"BluePort": 40002}, {"Deleted": "true"}, {}, "which is deleted but keeps it"),
        (
            {"GreenPort": "40002"},
            {},
            {"ownership": Ownership.UNMANAGED},
            "which is in the tables but not in the YAML (unmanaged)",
        ),
        ({"GreenPort": 40002}, {}, {}, "which is leaving but keeps it"),
    ],
)
def test_a_port_taken_outside_the_yaml_names_both(
    value: Values, top: Values, more: Any, standing: str
) -> None:
    taken = messages([service("a", BluePort=40002)], service_found("old", value, top, **more))

    assert taken == [f"port 40002 of Service/a is taken by Service/old, {standing}"]


def test_a_free_port_is_free() -> None:
    others = [service_found("old", {"GreenPort": 40003}), found("Cluster/x")]

    assert messages([service("a", BluePort=40002), wanted("Cluster/y")], *others) == []
    assert messages([service("a", BluePort=40002)], *others[1:]) == []


def test_what_is_in_order_or_foreign_is_not_asked() -> None:
    foreign = service_found("b", {"BluePort": 1}, ownership=Ownership.FOREIGN)
    desired = [service("a", BluePort=40001), service("b", BluePort=2), wanted("DeploymentMap/m")]

    assert messages(desired, service_found("a", {"BluePort": 40001}), foreign) == []
    assert messages([wanted("DeploymentMap/m")]) == []


class NamedSpec(Spec):
    """A kind whose names are unique whatever their case."""

    owner: str


NAMED = make_kind(
    "Named",
    spec=NamedSpec,
    unique=(Unique("name", lambda spec: [(("spec", "owner"), spec.owner.lower())]),),
)


@pytest.mark.parametrize(
    ("attributes", "ownership", "taken", "because"),
    [
        ({"Value": {"Owner": "A"}}, Ownership.UNMANAGED, 1, "whatever its case"),
        ({"Value": {"Owner": "A"}}, Ownership.OURS, 0, "ours, and deleted in the same plan"),
        ({"Value": {}}, Ownership.UNMANAGED, 0, "an item without the value takes none"),
        ({"Value": "odd"}, Ownership.UNMANAGED, 0, "nor does one of another shape"),
    ],
)
def test_what_takes_a_value(
    attributes: Values, ownership: Ownership, taken: int, because: str
) -> None:
    desired = desired_of(wanted("Named/new", item("Named/new", Value={"Owner": "a"})))
    other = found("Named/old", item("Named/old", **attributes), ownership=ownership)

    problems = find_kept_values(desired, scope_of(other), options(kinds={"Named": NAMED}))

    assert len(problems) == taken, because


def test_what_is_there_under_another_name_keeps_its_name() -> None:
    under_another = wanted("Service/new", item("Service/old"))

    assert messages([under_another], found("Service/old")) == [
        "Service/new is Service/old under another name, which stays for good (scopes, marks and records carry it)"
    ]
    assert messages([service("new")], found("Service/old")) == []
