"""Full images, their audit and mark, and the conditions they depend on."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.items import from_wire
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.errors import RefusedByAws
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.observed import NOBODY_KNOWN, MadeBy
from controller.model.plan import Action, Cause, Change
from controller.model.ref import Origin, ResourceRef
from controller.targets.table_items.item_form import (
    author_item,
    dump_plain,
    load_plain,
    mark_id,
    mark_of,
)
from controller.targets.table_items.writes import (
    MOST_COMPARED,
    Stamp,
    as_found,
    guarded,
    item_writes,
    version_of,
)
from tests.support.estate import TABLES

AT = datetime(2026, 11, 24, 10, 0, 0, 123999, tzinfo=UTC)
STAMP = Stamp("inst-1", "test-", "9f1e0aa", "ada", "run-7", AT)
HERE = Origin("a.yaml", 8)
REF = ResourceRef("Service", "a")
TABLE = "InfraConfigServices"
FOUND_MARK = {"By": "inst-1", "Id": "i", "Path": "old.yaml", "Line": 9, "Digest": "d", "Extra": {}}


def change(
    action: Action = "create",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    base: Any = None,
    table: str = TABLE,
    origin: Origin | None = HERE,
) -> Change:
    return Change(
        action=action,
        target="tables",
        ref=REF,
        cause=Cause.EDITED,
        fields=(),
        before=None if before is None else dump_plain({table: before}),
        after=None if after is None else dump_plain({table: after}),
        extra=canonical_bytes({"metadata": {"labels": {"a": ""}}}),
        digest="d1",
        base=dump_plain(base),
        origin=origin,
    )


def written(wanted: Change) -> dict[str, Any]:
    (write,) = item_writes(wanted, STAMP, TABLES)
    assert write.after is not None
    return dict(write.after)


def test_a_create_is_version_1_and_signed() -> None:
    (write,) = item_writes(change(after={"ServiceName": "a", "Value": {"X": 1}}), STAMP, TABLES)
    assert write.before is None
    assert write.after == {
        "ServiceName": "a",
        "Value": {"X": 1},
        "Audit": {
            "LastChanged": "2026-11-24T10:00:00.123Z",
            "TransactionID": "run-7",
            "User": "ada",
            "Version": 1,
        },
        "Managed": {
            "By": "inst-1",
            "Id": mark_id("inst-1", "test-InfraConfigServices", {"ServiceName": "a"}),
            "Revision": "9f1e0aa",
            "Path": "a.yaml",
            "Line": 8,
            "Digest": "d1",
            "Extra": {"metadata": {"labels": {"a": ""}}},
        },
    }
    assert (write.origin, write.cause, write.key) == ("a.yaml:8", "edited", {"ServiceName": "a"})
    guard = guarded(write, "test-T")
    assert isinstance(guard, PutWrite)
    assert guard.condition == "attribute_not_exists(#key)"
    assert guard.names == {"#key": "ServiceName"}
    assert from_wire(guard.wire) == write.after


def test_empty_texts_are_left_out_everywhere_and_nulls_are_written() -> None:
    after = {
        "ServiceName": "a",
        "A": None,
        "B": "",
        "C": {"D": "", "E": [None, "", 0, False, {"F": ""}]},
    }
    item = written(change(after=after))
    assert {k: item[k] for k in item if k not in {"Audit", "Managed"}} == {
        "ServiceName": "a",
        "A": None,
        "C": {"E": [None, 0, False, {}]},
    }


def test_an_update_counts_on_and_keeps_other_audit_keys() -> None:
    audit = {"Version": 4, "TransactionID": "before", "User": "bob", "Ticket": "INC-1"}
    base = {TABLE: {"Audit": audit, "Managed": FOUND_MARK}}
    wanted = change("update", {"ServiceName": "a"}, {"ServiceName": "a", "X": 1}, base)
    (write,) = item_writes(wanted, STAMP, TABLES)
    assert write.before == {"ServiceName": "a", "Audit": audit, "Managed": FOUND_MARK}
    assert write.after is not None
    assert write.after["Audit"] == {
        "LastChanged": "2026-11-24T10:00:00.123Z",
        "TransactionID": "run-7",
        "User": "ada",
        "Version": 5,
        "Ticket": "INC-1",
    }
    guard = guarded(write, "T")
    compared = "#a0 = :a0 AND #a1 = :a1 AND #a2 = :a2 AND attribute_not_exists(#a3)"
    assert guard.condition == compared
    assert guard.names == {"#a0": "Audit", "#a1": "Managed", "#a2": "ServiceName", "#a3": "X"}
    assert from_wire(guard.values) == {":a0": audit, ":a1": FOUND_MARK, ":a2": "a"}


def test_a_delete_has_the_same_condition_and_no_image_after() -> None:
    base = {TABLE: {"Audit": {"Version": 4}}}
    (write,) = item_writes(change("delete", {"ServiceName": "a"}, None, base), STAMP, TABLES)
    assert write.after is None
    guard = guarded(write, "T")
    assert isinstance(guard, DeleteWrite)
    assert guard.wire == {"ServiceName": {"S": "a"}}
    assert guard.condition == "#a0 = :a0 AND #a1 = :a1"
    assert from_wire(guard.values) == {":a0": {"Version": 4}, ":a1": "a"}


def test_what_one_condition_cannot_compare_is_not_written() -> None:
    found = {f"x{n:03}": n for n in range(MOST_COMPARED)}
    condition, names, _ = as_found("Service/a", found)
    assert len(condition) < 4096
    assert len(names) == MOST_COMPARED
    assert len(as_found("Service/a", {}, found)[0]) < 4096
    with pytest.raises(
        RefusedByAws, match=r"Service/a: its item has 120 attributes; a write compares 120"
    ):
        as_found("Service/a", found, ["ServiceName"])


def test_an_object_that_left_keeps_the_place_it_was_written_at() -> None:
    base = {TABLE: {"Managed": FOUND_MARK}}
    after = {"ServiceName": "a", "Deleted": "true"}
    item = written(change("update", {"ServiceName": "a"}, after, base, origin=None))
    assert (item["Managed"]["Path"], item["Managed"]["Line"]) == ("old.yaml", 9)


def test_a_symbolic_time_is_told_when_it_is_written() -> None:
    after = {"ServiceName": "a", "At": {"$nowMs": 1_200_000}, "L": [{"$nowMs": 0}]}
    item = written(replace(change(after={}), after=canonical_bytes({TABLE: after})))
    now_ms = 1_795_514_400_123
    assert (item["At"], item["L"]) == (now_ms + 1_200_000, [now_ms])


def test_what_others_left_that_looks_like_one_stays_as_it_is() -> None:
    found = load_plain(dump_plain({"Theirs": {"$nowMs": 5}}))
    after = {"ServiceName": "a", "At": {"$nowMs": 0}}
    kept = parse_canonical(dump_plain({"Theirs": {"$nowMs": 5}}))
    asked = replace(change(after={}), after=canonical_bytes({TABLE: {**after, **kept}}))
    assert written(asked)["Theirs"] == found["Theirs"]
    assert written(asked)["At"] == 1_795_514_400_123


def test_another_key_is_a_delete_and_a_create() -> None:
    before = {"AccountName": "x", "AccountNumber": 5}
    after = {"AccountName": "x", "AccountNumber": 6}
    base = {"InfraConfigAccounts": {"Audit": {"Version": 1}}}
    first, second = item_writes(
        change("update", before, after, base, "InfraConfigAccounts"), STAMP, TABLES
    )
    assert (first.key, first.after) == ({"AccountNumber": 5}, None)
    assert (second.key, second.before) == ({"AccountNumber": 6}, None)
    assert second.after is not None
    assert second.after["Audit"]["Version"] == 1


@pytest.mark.parametrize(
    ("audit", "version"),
    [
        ({"Version": 3}, 3),
        ({"Version": "3"}, 3),
        ({"Version": "x"}, 0),
        ({}, 0),
        (None, 0),
        ("y", 0),
    ],
)
def test_versions_of_old_programs(audit: Any, version: int) -> None:
    assert version_of(audit) == version


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.text(max_size=5)
    | st.binary(max_size=4)
    | st.frozensets(st.text(max_size=3), min_size=1, max_size=3)
    | st.frozensets(st.integers(), min_size=1, max_size=3)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_what_is_found_survives_being_json(value: Any) -> None:
    assert load_plain(dump_plain(value)) == value


@given(values)
def test_any_attribute_is_read_as_a_mark_or_as_none(value: Any) -> None:
    mark_of(value)
    mark_of({"By": value, "Id": "x", "Digest": "y", "Line": value, "Path": value, "Extra": value})


@pytest.mark.parametrize(
    ("author", "why"),
    [
        (None, "an item from before it was kept"),
        ("Ada", "no map"),
        ({"Name": 7}, "no text"),
        ({"Name": "Ada", "Overrides": "o1"}, "no list"),
        ({"Name": "Ada", "Overrides": [7]}, "no list of texts"),
    ],
)
def test_what_is_wrong_with_an_author_is_only_not_known(author: object, why: str) -> None:
    mark = mark_of({"By": "b", "Id": "i", "Digest": "d", "Author": author})

    assert mark is not None, why
    assert mark.made_by == NOBODY_KNOWN, why


def test_an_author_is_read_as_it_was_written() -> None:
    known = MadeBy("carl", "c1", "2026-11-24", "why", "overridden", ("o1", "o2"))
    mark = mark_of({"By": "b", "Id": "i", "Digest": "d", "Author": author_item(known)})

    assert mark is not None
    assert mark.made_by == known
    assert author_item(NOBODY_KNOWN) == {}
