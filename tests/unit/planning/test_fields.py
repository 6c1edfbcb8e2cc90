"""Differences of values are complete, exact, and named as people name fields."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.canonical import ABSENT, canonical_bytes
from controller.model.plan import FieldChange
from controller.planning.fields import (
    EXTRA,
    FieldNames,
    FieldPath,
    apply,
    differences,
    field_changes,
    plain_path,
)
from tests.unit.planning.worlds import ref

SERVICE = ref("Service/Search")

names = st.sampled_from(["Name", "ServerRoleName", "Port", "DnsName", "Path", "a", "ü", ""])
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.sampled_from(["", "x", "1", "null", "\u2028", "é"]),
)
members = st.fixed_dictionaries(
    {"Name": st.sampled_from(["a", "b", "c", "d"])}, optional={"Size": scalars, "Name2": scalars}
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(names, inner, max_size=4),
        st.lists(members, max_size=4),
    ),
    max_leaves=12,
)


@given(values)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert differences(value, value) == []


@given(values, values)
def test_applying_the_differences_gives_the_other_value_nulls_included(old: Any, new: Any) -> None:
    kept = canonical_bytes(old)

    result = apply(differences(old, new), old)

    assert canonical_bytes(result).replace(b"-0.0", b"0.0") == canonical_bytes(new).replace(
        b"-0.0", b"0.0"
    )
    assert canonical_bytes(old) == kept


@given(st.permutations(["a", "b", "c", "d"]), st.permutations(["a", "b", "c", "d"]))
def test_members_in_another_order_differ_in_their_order_alone(
    old: list[str], new: list[str]
) -> None:
    found = differences([{"Name": n} for n in old], [{"Name": n} for n in new])

    assert [str(one.path[-1]) for one in found] == ([] if old == new else ["(order)"])


@pytest.mark.parametrize(
    ("old", "new", "wanted", "because"),
    [
        ({"a": None}, {}, [("a", None, ABSENT)], "null is not absent"),
        ({}, {"a": None}, [("a", ABSENT, None)], "and absent is not null"),
        ({"a": True}, {"a": 1}, [("a", True, 1)], "true is not one"),
        ({"a": 1}, {"a": 1.0}, [("a", 1, 1.0)], "an integer is not a float"),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 9, "c": 2}}, [("a.b", 1, 9)], "only what differs"),
        ({"a": {}}, {"a": []}, [("a", {}, [])], "another shape is another value"),
        ([1, 2, 3], [1], [("2", 3, ABSENT), ("1", 2, ABSENT)], "from the end"),
        ([1], [2, 3], [("0", 1, 2), ("1", ABSENT, 3)], "scalars by index"),
        (1, 2, [("", 1, 2)], "the whole value"),
        (
            [{"ServerRoleName": "Web", "AMI": 1}, {"ServerRoleName": "Db"}],
            [{"ServerRoleName": "Web", "AMI": 2}, {"ServerRoleName": "App"}],
            [
                ("Web.AMI", 1, 2),
                ("Db", {"ServerRoleName": "Db"}, ABSENT),
                ("App", ABSENT, {"ServerRoleName": "App"}),
            ],
            "roles by their name",
        ),
        (
            [{"DnsName": "a.b", "Port": 1, "State": "up"}],
            [{"DnsName": "a.b", "Port": 1, "State": "down"}],
            [("a.b:1.State", "up", "down")],
            "hosts by name and port",
        ),
        (
            [{"Port": 1}, {"Port": 1}],
            [{"Port": 1}],
            [("1", {"Port": 1}, ABSENT)],
            "twice the same name identifies nothing",
        ),
        ([{"Name": True}], [{"Name": 2}], [("0.Name", True, 2)], "a truth value is no name"),
        ([], [{"Name": "a"}], [("a", ABSENT, {"Name": "a"})], "the first member has a name too"),
        ([], [], [], "nothing in nothing"),
        (
            [{"DnsName": "a", "Port": 1}, {"DnsName": "b", "Port": 1}],
            [{"DnsName": "b", "Port": 1}, {"DnsName": "a", "Port": 1}],
            [("(order)", [["a", 1], ["b", 1]], [["b", 1], ["a", 1]])],
            "order alone",
        ),
    ],
)
def test_differences(old: Any, new: Any, wanted: list[tuple[str, Any, Any]], because: str) -> None:
    shown = [(plain_path(SERVICE, d.path), d.before, d.after) for d in differences(old, new)]

    assert shown == wanted, because
    assert apply(differences(old, new), old) == new


def test_a_number_stored_as_text_recognises_a_member_as_the_number_does() -> None:
    old = [{"DnsName": "a-b", "Port": "40012", "Weight": 1}, {"DnsName": "a-b", "Port": "007"}]
    new = [{"DnsName": "a-b", "Port": 40012, "Weight": 2}, {"DnsName": "a-b", "Port": "007"}]

    found = differences(old, new)

    assert [(str(d.path[0]), d.path[1], d.before, d.after) for d in found] == [
        ("a-b:40012", "Port", "40012", 40012),
        ("a-b:40012", "Weight", 1, 2),
    ]
    assert apply(found, old) == new


def test_what_is_no_attribute_is_named_by_its_own_path() -> None:
    assert plain_path(SERVICE, (EXTRA, "metadata", "labels")) == "metadata.labels"


def secret(_ref: object, path: FieldPath) -> bool:
    return path[-1] == "Token"


@pytest.mark.parametrize(
    ("old", "new", "wanted", "because"),
    [
        (
            {"Token": "a"},
            {"Token": "b"},
            FieldChange("Token", "(sensitive)", "(sensitive)", sensitive=True),
            "the field itself",
        ),
        (
            {},
            {"Token": "b"},
            FieldChange("Token", ABSENT, "(sensitive)", sensitive=True),
            "that it comes is no secret",
        ),
        (
            {},
            {"x": {"Token": "b", "Port": 1}},
            FieldChange("x", ABSENT, {"Token": "(sensitive)", "Port": 1}, sensitive=True),
            "inside a whole value",
        ),
        (
            {"x": [1, [{"Token": "b"}]]},
            {},
            FieldChange("x", [1, [{"Token": "(sensitive)"}]], ABSENT, sensitive=True),
            "inside lists",
        ),
        (
            {"Token": {"deep": 1}},
            {"Token": {"deep": 2}},
            FieldChange("Token.deep", "(sensitive)", "(sensitive)", sensitive=True),
            "below the field",
        ),
        ({"x": 1}, {"x": 2}, FieldChange("x", 1, 2), "nothing else is hidden"),
    ],
)
def test_sensitive_values_are_never_shown(
    old: Any, new: Any, wanted: FieldChange, because: str
) -> None:
    shown = field_changes(SERVICE, differences(old, new), FieldNames(plain_path, secret))

    assert shown == (wanted,), because
