"""What became of an announced change, by what is there now."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.engine.commit.storage import ApplyRequest
from controller.engine.live.journal import (
    FOUND_DONE,
    NOT_DONE,
    OTHER_WRITER,
    OTHERWISE,
    Ending,
    Journal,
    settle,
)
from controller.ledger.ownership import is_ours_by_history
from controller.ledger.records import chained, record_hash, record_of_wire, refs_of, to_item
from controller.model.canonical import canonical_bytes
from controller.model.ledger_record import Actor, Head
from controller.model.live import LiveScope
from controller.model.observed import Observation, Ownership
from controller.model.plan import Action, Cause, Change
from controller.model.ref import ResourceRef
from controller.ports import Batch

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WEB = ResourceRef("Group", "s/c50-ta-Web")
WRITER: Any = SimpleNamespace(
    request=ApplyRequest(
        actor=Actor("ada", "9f1e0aa", "envctl", "apply"), transaction="t", plan_digest="d"
    ),
    storage=SimpleNamespace(principal="arn:aws:iam::123456789012:role/ci"),
)
JOURNAL = Journal(WRITER, LiveScope("s", "012345670123", "eu-west-1", "s"))
BEFORE, AFTER, OTHER = ({"size": size} for size in (1, 2, 3))


def change(
    before: Any = BEFORE, after: Any = AFTER, ref: ResourceRef = WEB, action: Action = "update"
) -> Change:
    images = [None if one is None else canonical_bytes(one) for one in (before, after)]
    return Change(
        action, "groups", ref, Cause.EDITED, (), images[0], images[1], b"{}", "digest", b"{}"
    )


def found(value: Any, digest: str = "", ref: ResourceRef = WEB) -> dict[ResourceRef, Observation]:
    if value is None:
        return {}
    attributes = canonical_bytes(value)
    return {ref: Observation(ref, attributes, digest, None, Ownership.OURS, b"{}")}


@pytest.mark.parametrize(
    ("before", "after", "now", "digest", "phase", "message"),
    [
        (BEFORE, AFTER, AFTER, "", "succeeded", FOUND_DONE),
        (BEFORE, AFTER, {**AFTER, "more": 1}, "digest", "succeeded", FOUND_DONE),
        (BEFORE, AFTER, BEFORE, "", "failed", NOT_DONE),
        (BEFORE, AFTER, OTHER, "", "failed", OTHERWISE),
        (BEFORE, AFTER, None, "", "failed", OTHERWISE),
        (None, AFTER, None, "", "failed", NOT_DONE),
        (None, AFTER, AFTER, "", "succeeded", FOUND_DONE),
        (BEFORE, None, None, "", "succeeded", FOUND_DONE),
        (BEFORE, None, BEFORE, "digest", "failed", NOT_DONE),
        (BEFORE, None, OTHER, "", "failed", OTHERWISE),
    ],
)
def test_one_object(
    before: Any, after: Any, now: Any, digest: str, phase: str, message: str
) -> None:
    record = JOURNAL.intended(Batch(WEB, (change(before, after),)), NOW)
    ending = settle(record, found(now, digest))
    assert (ending.phase, ending.message) == (phase, message)


def test_of_several_all_must_be_done() -> None:
    one, two = ResourceRef("Instance", "s/i-1"), ResourceRef("Instance", "s/i-2")
    batch = Batch(
        ResourceRef("Environment", "c50"),
        (change(ref=one, action="stop"), change(ref=two, action="stop")),
    )
    record = JOURNAL.intended(batch, NOW)
    assert refs_of(record) == (one, two)
    assert (record.entity_type, record.entity_key) == ("Environment", "c50")
    assert record.new_meta["Action"] == "stop"
    both = {**found(AFTER, ref=one), **found(AFTER, ref=two)}
    assert settle(record, both).phase == "succeeded"
    half = {**found(AFTER, ref=one), **found(BEFORE, ref=two)}
    assert settle(record, half).message == f"1 of 2 {FOUND_DONE}; 1 of 2 (i-2) {NOT_DONE}"


def test_records_of_live_changes_are_read_back_and_chained() -> None:
    intended = JOURNAL.intended(Batch(WEB, (change(),)), NOW)
    (first, _), (second, _) = chained(
        [intended, replace(intended, audit_id="2")], Head("s", 1, "", 0, 7, "h")
    )
    assert (first.sequence, first.previous_hash, second.previous_hash) == (8, "h", first.hash)
    assert record_of_wire(to_wire(to_item(first))) == first
    assert record_hash(first) == first.hash
    assert to_item(first)["Account"] == "012345670123"
    assert "RequestID" not in to_item(first)


def test_what_was_to_be_deleted_and_is_still_there_has_changed_and_stays_ours() -> None:
    intended = JOURNAL.intended(Batch(WEB, (change(after=None, action="delete"),)), NOW)

    on_its_way = JOURNAL.ended(intended, Ending("succeeded", after=canonical_bytes(AFTER)), NOW)
    assert (on_its_way.change_type, on_its_way.new_value) == ("Updated", AFTER)
    assert is_ours_by_history([on_its_way])

    gone = JOURNAL.ended(intended, Ending("succeeded"), NOW)
    assert (gone.change_type, gone.new_value) == ("Deleted", None)
    assert not is_ours_by_history([gone, on_its_way])


def test_who_else_wrote_what_had_drifted_is_in_its_records() -> None:
    asked: list[str] = []

    def other_writer(name: str, _at: datetime) -> str:
        asked.append(name)
        return "eve by UpdateAutoScalingGroup"

    journal = replace(JOURNAL, other_writer=other_writer)
    drifted = replace(change(), cause=Cause.DRIFTED)
    record = journal.intended(Batch(WEB, (drifted,)), NOW)
    assert record.new_meta[OTHER_WRITER] == "eve by UpdateAutoScalingGroup"
    assert asked == [WEB.key.rpartition("/")[2]]
    edited = journal.intended(Batch(WEB, (change(),)), NOW)
    assert OTHER_WRITER not in edited.new_meta
