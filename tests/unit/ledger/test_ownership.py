"""Whose an object is, as its records say where its mark does not."""

from dataclasses import replace

import pytest

from controller.ledger.ownership import is_ours_by_history
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
