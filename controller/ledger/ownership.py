"""What records say of whose an object is, where its mark does not tell."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from controller.ledger.records import DIGEST
from controller.model.ledger_record import LedgerRecord

_NOT_ENDED_WELL: Final = frozenset({"intended", "failed"})


def is_ours_by_history(
    newest_first: Iterable[LedgerRecord], scope: str | None = None, *, marked: bool = False
) -> bool:
    """Tell whether an object is ours by its records: we made, adopted or changed it, and it has not been deleted since.

    ``scope`` is that of our records, where others write of the same object; None if all are ours. What was only intended, or
    failed, tells nothing; but of what is ``marked`` as ours, that we were to make it tells that we did. Changes by others are passed over, as taking the mark off is one; a delete, or a create by others,
    is not.
    """
    for record in newest_first:
        if record.phase in _NOT_ENDED_WELL:
            if marked and record.change_type == "Created" and scope in {None, record.scope}:
                return True
            continue
        if record.phase in {"done", "succeeded"} and scope in {None, record.scope}:
            return record.change_type != "Deleted"
        if record.change_type != "Updated":
            return False
    return False


def is_there_by_us(newest_first: Iterable[LedgerRecord], scope: str) -> bool:
    """Tell whether the last that we did with an item leaves it there, whatever others did since.

    ``scope`` is that of our records. That others deleted it does not make it gone for us: it is drift.
    """
    for record in newest_first:
        if record.scope == scope and record.phase == "done":
            return record.change_type != "Deleted"
    return False


def unfinished(newest_first: Iterable[LedgerRecord]) -> LedgerRecord | None:
    """Return the last record of an object of which all records are ours, if it is of a change that was not ended well."""
    newest: LedgerRecord | None = None
    for record in newest_first:
        if newest is not None and record.iso_timestamp != newest.iso_timestamp:
            break
        # Of one moment the chain tells which came last.
        if newest is None or record.sequence > newest.sequence:
            newest = record
    return newest if newest is not None and newest.phase in _NOT_ENDED_WELL else None


def is_towards(record: LedgerRecord, after: Mapping[str, Any]) -> bool:
    """Tell whether a change leads to where the record of a single object was to lead; there may be more to it."""
    meant = record.new_value if DIGEST in record.new_meta else None
    return meant is not None and meant.items() <= after.items()


def deleted_by_us(newest_first: Iterable[LedgerRecord], scope: str) -> bool:
    """Tell whether the last thing the ledger knows of an item is that we deleted it."""
    for record in newest_first:
        return record.scope == scope and record.phase == "done" and record.change_type == "Deleted"
    return False
