"""Whose an event is, for every way it can come about."""

from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from controller.aws.items import item_bytes, to_wire
from controller.aws.streams import EventAction, StreamEvent
from controller.ledger.records import audit_id, image_digest
from controller.ledger.stream_changes import (
    MOST_PASSED,
    OwnRecord,
    Passed,
    StreamChange,
    Verdict,
    change_of,
    recognise,
)
from controller.model.table import KeyAttribute, TableDefinition
from tests.support.any_items import ITEMS

TABLE = TableDefinition("test-Services", KeyAttribute("Name"))
A, B, C = ({"Name": "s", "Value": n, "Tags": frozenset({"b", "a"}), "Raw": b"\xff"} for n in "abc")
Image = dict[str, Any] | None


def event(old: Image, new: Image, name: str = "e1") -> StreamEvent:
    action: EventAction = "MODIFY"
    if old is None or new is None:
        action = "INSERT" if old is None else "REMOVE"
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    before, after = (None if image is None else to_wire(image) for image in (old, new))
    return StreamEvent(name, action, to_wire({"Name": "s"}), before, after, "1", at)


def change(old: Image, new: Image, name: str = "e1") -> StreamChange:
    found = change_of(event(old, new, name), TABLE)
    assert found is not None
    return found


def never(_change: StreamChange) -> int:
    raise AssertionError("the ledger is asked where it need not be")


def verdicts(
    changes: list[StreamChange],
    own: dict[str, OwnRecord],
    passed: Passed | None = None,
    recorded: set[str] | None = None,
    asked: int = 0,
    newest: int = 100,
) -> list[str]:
    found = recognise(changes, own, recorded or set(), passed or Passed(), lambda _: asked, newest)
    return [seen.verdict.value for seen in found]


def test_the_id_is_that_of_the_record_written_with_the_change() -> None:
    for old, new, action in ((None, A, "create"), (A, B, "update"), (B, None, "delete")):
        expected = audit_id(TABLE.name, {"Name": "s"}, action, image_digest(old), image_digest(new))
        assert change(old, new).audit_id == expected


def test_digests_are_the_same_whatever_form_the_event_has() -> None:
    wire = to_wire(A)
    for found in (wire, {**wire, "Raw": {"B": "/w=="}}, {**wire, "Tags": {"SS": ["b", "a"]}}):
        seen = change_of(replace(event(None, A), new=found), TABLE)
        assert seen is not None
        assert (seen.before, seen.after) == ("", image_digest(A))


@given(ITEMS, ITEMS)
def test_no_change_is_larger_than_it_says(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = {**old, "Name": "s", "Version": 1}, {**new, "Name": "s", "Version": 2}
    assert change(before, after).at_most_bytes >= sum(
        map(item_bytes, map(to_wire, (before, after)))
    )


def test_equal_images_are_no_change() -> None:
    assert change_of(event(A, A), TABLE) is None


def test_an_item_without_the_key_of_its_table_is_told() -> None:
    other = TableDefinition("test-Services", KeyAttribute("Other"))
    with pytest.raises(KeyError):
        change_of(event(None, A), other)


@pytest.mark.parametrize(("old", "new"), [(None, A), (A, B), (B, None)])
def test_what_has_our_record_is_ours_and_all_else_is_outside(old: Image, new: Image) -> None:
    seen = change(old, new)
    assert verdicts([seen], {seen.audit_id: OwnRecord(7, "")}) == ["ours"]
    assert verdicts([seen], {}) == ["outside"]
    assert verdicts([seen], {}, recorded={"e1"}) == ["recorded"]


@pytest.mark.parametrize(
    ("claimed_by", "verdict"), [("", "ours"), ("e1", "ours"), ("e0", "outside")]
)
def test_a_delete_is_ours_once(claimed_by: str, verdict: str) -> None:
    seen = change(B, None)
    assert verdicts([seen], {seen.audit_id: OwnRecord(7, claimed_by)}) == [verdict]


def test_only_deletes_of_ours_are_claimed() -> None:
    create, delete = change(None, A), change(A, None, "e2")
    own = {create.audit_id: OwnRecord(1, ""), delete.audit_id: OwnRecord(2, "")}
    found = recognise([create, delete], own, set(), Passed(), never, 2)
    assert [seen.claims for seen in found] == [False, True]


def test_an_old_image_of_ours_put_back_twice_is_outside() -> None:
    first, back, again = change(A, B, "e1"), change(B, A, "e2"), change(A, B, "e3")
    own = {first.audit_id: OwnRecord(5, "")}
    assert verdicts([first, back, again], own) == ["ours", "outside", "outside"]


def test_what_we_change_after_others_is_ours() -> None:
    first, back, ours = change(A, B, "e1"), change(B, A, "e2"), change(A, C, "e3")
    own = {first.audit_id: OwnRecord(5, ""), ours.audit_id: OwnRecord(9, "")}
    assert verdicts([first, back, ours], own) == ["ours", "outside", "ours"]


def test_an_item_of_ours_created_again_as_it_was_is_outside() -> None:
    events = [change(None, A, "e1"), change(A, None, "e2"), change(None, A, "e3")]
    own = {events[0].audit_id: OwnRecord(1, ""), events[1].audit_id: OwnRecord(2, "")}
    assert verdicts(events, own) == ["ours", "ours", "outside"]


def test_how_far_an_item_was_passed_is_asked_of_the_ledger_where_another_process_read_it() -> None:
    back, again = change(B, A, "e2"), change(A, B, "e3")
    own = {again.audit_id: OwnRecord(5, "")}
    assert verdicts([back, again], own, asked=5) == ["outside", "outside"]
    assert verdicts([back, again], own, asked=4) == ["outside", "ours"]


def test_what_we_change_once_others_were_read_is_ours_and_nothing_is_asked() -> None:
    passed, back, heals = Passed(), change(B, C, "e1"), change(C, A, "e2")
    own = {heals.audit_id: OwnRecord(5, "")}

    assert recognise([back], {}, set(), passed, never, 4)[0].verdict is Verdict.OUTSIDE
    assert recognise([heals], own, set(), passed, never, 9)[0].verdict is Verdict.OURS
    assert list(passed.kept.values()) == [5]


def test_of_a_change_by_others_that_is_on_record_it_is_asked_at_once() -> None:
    passed, back, again = Passed(), change(B, A, "e1"), change(A, B, "e2")
    own = {again.audit_id: OwnRecord(5, "")}

    recognise([back], {}, {"e1"}, passed, lambda asked: 3 if asked is back else 5, 9)
    (found,) = recognise([again], own, set(), passed, never, 9)

    assert found.verdict is Verdict.OURS


def test_where_it_has_to_be_asked_the_first_change_by_others_of_those_read_together_is_asked_of() -> (
    None
):
    asked, back, again = list[StreamChange](), change(B, A, "e1"), change(A, B, "e2")
    own = {again.audit_id: OwnRecord(5, "")}

    def ask(one: StreamChange) -> int:
        asked.append(one)
        return 5

    found = recognise([back, again, again], own, set(), Passed(), ask, 9)

    assert [seen.verdict for seen in found] == [Verdict.OUTSIDE] * 3
    assert asked == [back]


def test_of_more_items_than_are_kept_the_ledger_is_asked() -> None:
    passed = Passed(OrderedDict((str(n), n) for n in range(MOST_PASSED)))
    passed.keep("one more", 1)
    assert (len(passed.kept), passed.has_dropped) == (MOST_PASSED, True)
    seen = change(A, B)
    own = {seen.audit_id: OwnRecord(5, "")}
    assert verdicts([seen], own, passed, asked=5) == ["outside"]
    assert verdicts([seen], own, Passed(has_dropped=True), asked=4) == ["ours"]
