"""Rows of overrides that are not as we write them: read as the ledger has them, else as leaving their object as it is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from controller.engine.state.override_rows import (
    OVERRIDE_PREFIX,
    Row,
    overrides_of_row,
    row_of_override,
)
from controller.errors import DamagedState
from controller.ledger.queries import LedgerReader
from controller.model.override import Override
from controller.model.ref import ResourceRef

UNKNOWN: Final = "unknown"
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

Recorded = Callable[[str], Row | None]
"""Gives the row of an override's id as it was recorded; None if the ledger does not have it."""


def recorded_in(ledger: LedgerReader, state_table: str) -> Recorded:
    """Return what asks the ledger for the row as it was made. It raises as any read."""

    def recorded(override_id: str) -> Row | None:
        try:
            newest = next(ledger.of_item(state_table, OVERRIDE_PREFIX + override_id, None), None)
        except DamagedState:
            # What was recorded is damaged too.
            return None
        return None if newest is None else newest.new_value

    return recorded


def readable_rows(rows: Iterable[Row], recorded: Recorded) -> Iterator[Row]:
    """Yield rows of overrides as they are to be read.

    A damaged one is as the ledger has it. Where that has none, what can be told of it still holds back: its object is left as it
    is. Where not even its object can be told, it is an id alone, which nothing reads. Raises as ``recorded``.
    """
    for row in rows:
        try:
            overrides_of_row(row)
        except DamagedState as error:
            yield _stand_in(row, error, recorded)
        else:
            yield row


def _stand_in(row: Row, error: DamagedState, recorded: Recorded) -> Row:
    override_id = str(row["Id"]).removeprefix(OVERRIDE_PREFIX)
    known = recorded(override_id)
    if known is not None and known.get("Id") == row["Id"]:
        try:
            overrides_of_row(known)
        except DamagedState:
            pass
        else:
            return known
    try:
        ref = ResourceRef.parse(row["Ref"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return {"Id": row["Id"]}
    return row_of_override(
        Override(override_id, ref, reason=error.message, actor=UNKNOWN, since=_LONG_AGO)
    )


def sorted_out(
    rows: Iterable[Row],
) -> tuple[tuple[Override, ...], Mapping[str, DamagedState]]:
    """Return the overrides that rows hold, and why others cannot be read, by id."""
    overrides: list[Override] = []
    damaged: dict[str, DamagedState] = {}
    for row in rows:
        try:
            overrides += overrides_of_row(row)
        except DamagedState as error:
            damaged[str(row.get("Id")).removeprefix(OVERRIDE_PREFIX)] = error
    return tuple(overrides), damaged


def unread(override_id: str, why: DamagedState) -> Override:
    """Return what stands for a row of which nothing but its id can be told."""
    ref = ResourceRef("Override", override_id)
    return Override(override_id, ref, reason=why.message, actor=UNKNOWN, since=_LONG_AGO)
