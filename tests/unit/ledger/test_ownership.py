"""Whose an object is, as its records say where its mark does not."""

from dataclasses import replace

import pytest

from controller.ledger.ownership import (
    is_ours_by_history,
    is_there_by_us,
    is_towards,
    unfinished,
)
from controller.ledger.records import build_records
from controller.model.ledger_record import Actor, ItemWrite, LedgerRecord
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from tests.support.estate import START

A = ResourceRef("Service", "a")


def records(*shapes: tuple[str, str, str]) -> list[LedgerRecord]:
    """Return records, newest first: (scope, phase, change type)."""
    write = ItemWrite("T", {"k": "v"}, None, {"k": "v"}, A, "edited", "", UNKNOWN_AUTHORSHIP)
    (one,) = build_records(
        [write],
        scope="config",
        actor_of=lambda _: Actor("", "", "", ""),
        plan_digest="",
        transaction_id="t",
        at=START,
        table_name=str,
        table_arn=str,
    )
    return [
        replace(one, scope=scope, phase=phase, change_type=kind)  # type: ignore[arg-type]  # a table's columns
        for scope, phase, kind in shapes
    ]


@pytest.mark.parametrize(
    ("history", "ours", "because"),
    [
        ([], False, "nobody knows it"),
        ([("config", "done", "Created")], True, "we made it"),
        (
            [("config", "done", "Updated"), ("config", "baseline", "Baseline")],
            True,
            "we adopted it",
        ),
        ([("config", "baseline", "Baseline")], False, "it was there before us"),
        ([("config", "done", "Deleted"), ("config", "done", "Created")], False, "we deleted it"),
        (
            [("stream/T", "done", "Updated"), ("config", "done", "Created")],
            True,
            "taking the mark off is a change too",
        ),
        (
            [("stream/T", "done", "Deleted"), ("config", "done", "Created")],
            False,
            "others deleted it",
        ),
        (
            [("stream/T", "done", "Created"), ("config", "done", "Created")],
            False,
            "others made it anew",
        ),
    ],
)
def test_whose_an_item_without_a_mark_is(
    history: list[tuple[str, str, str]], ours: bool, because: str
) -> None:
    assert is_ours_by_history(records(*history), "config") is ours, because


@pytest.mark.parametrize(
    ("history", "ours", "because"),
    [
        ([], False, "nobody knows it"),
        ([("a/r", "succeeded", "Updated"), ("a/r", "intended", "Updated")], True, "we changed it"),
        ([("a/r", "succeeded", "Deleted")], False, "we deleted it"),
        (
            [("a/r", "failed", "Deleted"), ("a/r", "succeeded", "Created")],
            True,
            "what failed, or was only intended, tells nothing",
        ),
        ([("a/r", "intended", "Created")], False, "nobody knows whether it was made"),
    ],
)
def test_whose_a_live_object_is(
    history: list[tuple[str, str, str]], ours: bool, because: str
) -> None:
    assert is_ours_by_history(records(*history)) is ours, because


@pytest.mark.parametrize(
    ("history", "ours", "because"),
    [
        ([("s", "failed", "Created")], True, "it may have been made all the same"),
        ([("s", "intended", "Created")], True, "we were about to"),
        ([("s", "failed", "Updated")], False, "an update says nothing of who made it"),
        ([("s", "failed", "Updated"), ("s", "failed", "Created")], True, "made, then not changed"),
        ([("s", "succeeded", "Deleted"), ("s", "failed", "Created")], False, "we deleted it"),
        ([("other", "failed", "Created")], False, "that was somewhere else"),
    ],
)
def test_what_carries_our_mark_is_ours_if_we_were_to_make_it(
    history: list[tuple[str, str, str]], ours: bool, because: str
) -> None:
    assert is_ours_by_history(records(*history), "s", marked=True) is ours, because
    assert is_ours_by_history(records(*history), "s") is False, "without the mark"


def test_what_was_not_ended_well_may_go_on() -> None:
    assert unfinished([]) is None
    assert unfinished(records(("s", "succeeded", "Updated"))) is None
    (begun,) = records(("s", "intended", "Updated"))
    assert unfinished([begun]) is begun
    ended = replace(begun, phase="succeeded", sequence=begun.sequence + 1)
    assert unfinished([begun, ended]) is None, "of one moment the chain tells which came last"
    assert unfinished([ended, begun]) is None
    assert unfinished([begun, replace(ended, iso_timestamp="1999")]) is begun

    meant = replace(begun, new_value={"size": 3, "tags": ["a"]}, new_meta={"Digest": "x"})
    assert is_towards(meant, {"size": 3, "tags": ["a"], "marks": "new"})
    assert not is_towards(meant, {"size": 4, "tags": ["a"]})
    shared = replace(meant, new_meta={})
    assert not is_towards(shared, {"size": 3, "tags": ["a"]}), "its images are by object"


def test_what_others_deleted_is_there_by_us_and_what_we_deleted_is_not() -> None:
    deleted = ("stream/T", "done", "Deleted")
    ours, gone = ("config", "done", "Updated"), ("config", "done", "Deleted")
    assert is_there_by_us(records(deleted, ours), "config")
    assert not is_there_by_us(records(("stream/T", "done", "Created"), gone, ours), "config")
    assert not is_there_by_us(records(deleted, ("config", "baseline", "Baseline")), "config")
