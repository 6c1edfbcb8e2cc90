"""What records say of whose an object is, where its mark does not tell."""

from collections.abc import Iterable

from controller.model.ledger_record import LedgerRecord


def is_ours_by_history(newest_first: Iterable[LedgerRecord], scope: str | None = None) -> bool:
    """Tell whether an object is ours by its records: we made, adopted or changed it, and it has not been deleted since.

    ``scope`` is that of our records, where others write of the same object; None if all are ours. What was only intended, or
    failed, tells nothing. Changes by others are passed over, as taking the mark off is one; a delete, or a create by others,
    is not.
    """
    for record in newest_first:
        if record.phase in {"intended", "failed"}:
            continue
        if record.phase in {"done", "succeeded"} and scope in {None, record.scope}:
            return record.change_type != "Deleted"
        if record.change_type != "Updated":
            return False
    return False


def deleted_by_us(newest_first: Iterable[LedgerRecord], scope: str) -> bool:
    """Tell whether the last thing the ledger knows of an item is that we deleted it."""
    for record in newest_first:
        return record.scope == scope and record.phase == "done" and record.change_type == "Deleted"
    return False
