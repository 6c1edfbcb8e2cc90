"""The order of records: of one scope by sequence, else by time."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final, TypeVar

from controller.ledger.summaries import RecordSummary
from controller.model.ledger_record import LedgerRecord

BY_MOMENT: Final = attrgetter("iso_timestamp", "sequence")
"""Sorts records and their lines by time; those of one moment, which an index holds in no order, by sequence."""
Placed = TypeVar("Placed", LedgerRecord, RecordSummary)


def newest_first(records: Iterable[Placed]) -> list[Placed]:
    """Sort records by time, newest first, but those of one scope by sequence: the clock of a writer may have been wrong."""
    by_time = sorted(records, key=BY_MOMENT, reverse=True)
    of_scopes: dict[str, list[Placed]] = {}
    for record in by_time:
        of_scopes.setdefault(record.scope, []).append(record)
    in_sequence = {
        scope: iter(sorted(found, key=attrgetter("sequence"), reverse=True) if scope else found)
        for scope, found in of_scopes.items()
    }
    return [next(in_sequence[record.scope]) for record in by_time]
