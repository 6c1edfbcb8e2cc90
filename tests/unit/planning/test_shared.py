"""What other programs may write is left out of comparisons and kept when we write."""

from typing import Any

import pytest

from controller.kinds.language.kind import SharedField
from controller.planning.fields import comparable, keep_found, owned_name

STATE = SharedField("T", ("Hosts", "*", "State"), "down", ("DnsName", "Port"))
LOCK = SharedField("T", ("Value", "Locked"), default=False)
DEEP = SharedField("T", ("Value", "More", "Deep"), 1)
OPTIONAL = SharedField("T", ("Note",), default=None)


def host(name: str, **more: Any) -> dict[str, Any]:
    return {"DnsName": name, "Port": 1, **more}


def test_a_shared_field_is_named_by_table_and_path() -> None:
    assert owned_name(STATE) == "T.Hosts.*.State"


@pytest.mark.parametrize(
    ("attributes", "owned", "wanted", "because"),
    [
        (
            {"T": {"Hosts": [host("a", State="up"), host("b")], "Value": {"Locked": True}}},
            (),
            {"T": {"Hosts": [host("a"), host("b")], "Value": {}}},
            "both are left out",
        ),
        (
            {"T": {"Hosts": [host("a", State="up")], "Value": {"Locked": True}}},
            ("T.Value.Locked", "T.Hosts.*.State"),
            {"T": {"Hosts": [host("a", State="up")], "Value": {"Locked": True}}},
            "what Git owns is compared",
        ),
        (
            {"T": {"Hosts": "odd", "Value": 1}},
            (),
            {"T": {"Hosts": "odd", "Value": 1}},
            "odd shapes",
        ),
        ({"U": {}}, (), {"U": {}}, "another table"),
    ],
)
def test_comparable(attributes: Any, owned: tuple[str, ...], wanted: Any, because: str) -> None:
    assert comparable(attributes, (STATE, LOCK), owned) == wanted, because


@pytest.mark.parametrize(
    ("found", "desired", "wanted", "because"),
    [
        (
            {"T": {"Hosts": [host("b", State="up"), host("a", State="down")]}},
            {"T": {"Hosts": [host("a"), host("b"), host("c")]}},
            {
                "T": {
                    "Hosts": [host("a", State="down"), host("b", State="up"), host("c", State="down")]
                }
            },
            "members are matched by identity, new ones get the default",
        ),
        (
            {"T": {"Hosts": [host("a")]}},
            {"T": {"Hosts": [host("a", State="up")]}},
            {"T": {"Hosts": [host("a")]}},
            "absent stays absent",
        ),
        (
            {"T": {"Value": {"Locked": True}}},
            {"T": {"Value": {"x": 1}}},
            {"T": {"Value": {"x": 1, "Locked": True}}},
            "the lock stays",
        ),
        (
            {"T": {"Value": {"Locked": True}}},
            {"T": {}},
            {"T": {"Value": {"Locked": True}}},
            "even where we have no such map",
        ),
        ({"T": {}}, {"T": {}}, {"T": {}}, "no map, no lock"),
        (
            {},
            {"T": {"Value": {}}},
            {"T": {"Value": {"Locked": False}}},
            "nothing found: as at creation",
        ),
        (
            {"T": {"Value": {"More": {"Deep": 7}}}},
            {"T": {"Value": {}}},
            {"T": {"Value": {"More": {"Deep": 7}}}},
            "two maps down",
        ),
        ({"T": {"Hosts": "odd"}}, {"T": {"Hosts": [host("a")]}},
         {"T": {"Hosts": [host("a", State="down")]}}, "found is no list"),
        (
            {"T": {"Hosts": [{"DnsName": "a"}, "odd"]}},
            {"T": {"Hosts": [{"DnsName": "a"}, "odd"]}},
            {"T": {"Hosts": [{"DnsName": "a", "State": "down"}, "odd"]}},
            "a member without a name is new",
        ),
        ({"T": {}}, {"T": {"Hosts": "odd"}}, {"T": {"Hosts": "odd"}}, "desired is no list"),
        ({"T": {"Note": "x"}}, {"T": {}}, {"T": {"Note": "x"}}, "no default, but a found value"),
        ({"T": {"Note": None}}, {"T": {}}, {"T": {"Note": None}}, "a null found is left"),
        ({"V": {}}, {"U": {}}, {"U": {}}, "another table"),
    ],
)  # fmt: skip
def test_keep_found(found: Any, desired: Any, wanted: Any, because: str) -> None:
    assert keep_found(found, desired, (STATE, LOCK, DEEP, OPTIONAL), ()) == wanted, because


def test_what_git_owns_is_written_as_git_says() -> None:
    desired = {"T": {"Value": {"Locked": False}}}

    assert keep_found(
        {"T": {"Value": {"Locked": True}}}, desired, (LOCK,), ("T.Value.Locked",)
    ) is (desired)


def test_what_is_shared_does_not_change_its_arguments() -> None:
    desired: Any = {"T": {"Hosts": [host("a")]}}

    keep_found({"T": {"Hosts": [host("a", State="up")]}}, desired, (STATE,), ())
    comparable(desired, (STATE,), ())

    assert desired == {"T": {"Hosts": [host("a")]}}
