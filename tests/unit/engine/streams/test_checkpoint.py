"""How far a stream was read comes back as it was written, and what else is there is told."""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.aws.items import from_wire, to_wire
from controller.engine.streams.checkpoint import (
    KEPT_FOR,
    Checkpoint,
    Position,
    checkpoint_of_row,
    row_of_checkpoint,
)
from controller.errors import DamagedState
from controller.ledger.stream_changes import Passed

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
FULL = Checkpoint(
    "T",
    "arn:stream",
    {"a": Position("17"), "b": Position("", is_finished=True)},
    AT,
    Passed(OrderedDict({"x": 3, "y": 0}), has_dropped=True),
)


@pytest.mark.parametrize("checkpoint", [FULL, Checkpoint("T")])
def test_it_comes_back_as_it_was_written(checkpoint: Checkpoint) -> None:
    row = from_wire(to_wire(row_of_checkpoint(checkpoint)))
    assert row["Id"] == "stream#T"
    assert checkpoint_of_row("T", row) == checkpoint


def test_without_a_row_nothing_was_read() -> None:
    assert checkpoint_of_row("T", None) == Checkpoint("T")


@pytest.mark.parametrize(
    "damage",
    [
        {"Shards": None},
        {"Passed": ["x"]},
        {"Passed": [3]},
        {"ReadUntil": "soon"},
        {"Shards": {"a": 1}},
    ],
)
def test_a_damaged_row_is_told(damage: dict[str, Any]) -> None:
    with pytest.raises(DamagedState, match="stream#T"):
        checkpoint_of_row("T", {**row_of_checkpoint(FULL), **damage})


def test_events_may_be_lost_after_a_day_or_where_nothing_is_known() -> None:
    assert Checkpoint("T").has_lost(AT)
    assert not FULL.has_lost(AT + KEPT_FOR)
    assert FULL.has_lost(AT + KEPT_FOR + timedelta(seconds=1))
