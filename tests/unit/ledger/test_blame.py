"""Each field leads to the record that set it, whatever came after; what no record tells is said to be outside or before."""

from itertools import pairwise
from typing import Any

import pytest

from controller.ledger.blame import field_origins, value_at
from controller.model.canonical import ABSENT
from controller.planning.fields import Member
from tests.unit.ledger.ledgers import image, records_of, write

ROLES = [{"ServerRoleName": "Web", "Min": 1}, {"ServerRoleName": "Api", "Min": 1}]
LATER = [{"ServerRoleName": "Api", "Min": 2}, {"ServerRoleName": "Web", "Min": 1}]
IMAGES = [
    image("a", 1, BluePort=1, Tags=["x"], Roles=ROLES),
    image("a", 2, BluePort=1, Tags=["x", "y"], Roles=ROLES),
    image("a", 3, BluePort=2, Tags=["x", "y"], Roles=LATER),
    image("a", 4, BluePort=1, Tags=["x", "y"], Roles=LATER),
]
RECORDS = records_of(
    [[write("a", None, IMAGES[0])], *([write("a", *pair)] for pair in pairwise(IMAGES))]
)  # fmt: skip
NEWEST_FIRST = RECORDS[::-1]


def told(item: dict[str, Any], records: list[Any]) -> dict[str, tuple[int, bool]]:
    """Return path -> sequence of the record that set it (0: none), and whether others changed it since."""
    return {
        ".".join(map(str, one.path)): (one.record.sequence if one.record else 0, one.is_outside)
        for one in field_origins(item, records)
    }


def test_each_field_has_the_record_that_set_it() -> None:
    assert told(IMAGES[-1], NEWEST_FIRST) == {
        "Managed.Extra.metadata.labels.v": (4, False),
        "ServiceName": (1, False),
        "Value.SchemaVersion": (1, False),
        "Value.BluePort": (4, False),
        "Value.Tags.0": (1, False),
        "Value.Tags.1": (2, False),
        "Value.Roles.Web.ServerRoleName": (1, False),
        "Value.Roles.Web.Min": (1, False),
        "Value.Roles.Api.ServerRoleName": (1, False),
        "Value.Roles.Api.Min": (3, False),
    }


def test_what_others_changed_since_the_last_record_is_outside() -> None:
    found = told(image("a", 4, BluePort=9, Tags=["x", "y"], Roles=LATER, New={}), NEWEST_FIRST)
    assert found["Value.BluePort"] == (4, True)
    assert found["Value.New"] == (4, True)
    assert found["Value.Tags.0"] == (1, False)


def test_what_was_found_was_so_before_the_first_record() -> None:
    baseline = records_of([[write("a", IMAGES[0], IMAGES[0])]], phase="baseline")
    assert set(told(IMAGES[0], baseline).values()) == {(0, False)}
    assert set(told(IMAGES[0], []).values()) == {(0, False)}


def test_a_number_is_no_boolean() -> None:
    first, second = image("a", 1, On=1), image("a", 2, On=True)
    records = records_of([[write("a", None, first)], [write("a", first, second)]])
    assert told(second, records[::-1])["Value.On"] == (2, False)


@pytest.mark.parametrize(
    "path",
    [
        ("Tags", "x"),
        ("Tags", 9),
        ("Port", 0),
        ("Port", "x"),
        ("Port", Member(("Name",), ("x",))),
        ("Tags", Member(("Name",), ("x",))),
        ("Roles", Member(("Name",), ("x",))),
    ],
)
def test_what_is_not_there_is_absent(path: tuple[Any, ...]) -> None:
    assert value_at({"Tags": ["x"], "Port": 1, "Roles": [{"Name": "y"}]}, path) is ABSENT
    assert value_at(None, path) is ABSENT
