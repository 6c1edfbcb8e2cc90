"""How far a table's stream was read: a row of EnvctlState, written with the records of what was read. Pure."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from controller.errors import DamagedState
from controller.ledger.records import iso_ms
from controller.ledger.stream_changes import Passed

CHECKPOINT_PREFIX: Final = "stream#"
"""The key of a checkpoint in EnvctlState is this and the table's logical name."""
KEPT_FOR: Final = timedelta(hours=23)
"""DynamoDB keeps an event for 24 hours; what was last read up to an hour less ago has lost none."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a shard was read: after the event of this sequence number (empty: none yet), or to its end."""

    after: str = ""
    is_finished: bool = False


@dataclass(slots=True)
class Checkpoint:
    """How far the stream of a table was read."""

    table: str
    """Its logical name."""
    stream: str = ""
    """ARN of the stream; empty where none was read yet."""
    positions: dict[str, Position] = field(default_factory=dict)
    """By shard."""
    read_until: datetime | None = None
    """All that happened before was read; None where nothing is known."""
    passed: Passed = field(default_factory=Passed)

    def has_lost(self, now: datetime) -> bool:
        """Tell whether events may be gone that were never read."""
        return self.read_until is None or now - self.read_until > KEPT_FOR


def row_of_checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the row that holds a checkpoint."""
    row: dict[str, Any] = {
        "Id": CHECKPOINT_PREFIX + checkpoint.table,
        "Stream": checkpoint.stream,
        "Shards": {
            shard: {"After": position.after, "Finished": position.is_finished}
            for shard, position in checkpoint.positions.items()
        },
        "Passed": [f"{name} {sequence}" for name, sequence in checkpoint.passed.kept.items()],
        "Dropped": checkpoint.passed.has_dropped,
    }
    if checkpoint.read_until is not None:
        row["ReadUntil"] = iso_ms(checkpoint.read_until)
    return row


def checkpoint_of_row(table: str, row: Mapping[str, Any] | None) -> Checkpoint:
    """Read a checkpoint; one that nothing was read by where there is no row. Raises DamagedState for one that is not as we write it."""
    if row is None:
        return Checkpoint(table)
    try:
        pairs = (entry.split(" ") for entry in row["Passed"])
        kept = OrderedDict((name, int(sequence)) for name, sequence in pairs)
        until = row.get("ReadUntil")
        return Checkpoint(
            table,
            str(row["Stream"]),
            {
                str(shard): Position(str(position["After"]), bool(position["Finished"]))
                for shard, position in row["Shards"].items()
            },
            None if until is None else datetime.fromisoformat(until),
            Passed(kept, bool(row["Dropped"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedState(
            f"streams: row {CHECKPOINT_PREFIX}{table} of EnvctlState is damaged ({type(error).__name__})",
            fix="delete the row: the stream is then read from its beginning, and the table compared with the ledger",
        ) from error
