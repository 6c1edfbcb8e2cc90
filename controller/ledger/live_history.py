"""What the records of live objects say of whose they are."""

from collections.abc import Iterable

from controller.model.ledger_record import LedgerRecord


def made_by_us(newest_first: Iterable[LedgerRecord]) -> bool:
    """Tell whether a live object is ours by its records: we made, adopted or changed it, and did not delete it since.

    What was only intended, or failed, tells nothing.
    """
    for record in newest_first:
        if record.phase == "succeeded":
            return record.change_type != "Deleted"
    return False


def deleted_by_us(newest_first: Iterable[LedgerRecord], scope: str) -> bool:
    """Tell whether the last thing the ledger knows of an item is that we deleted it."""
    for record in newest_first:
        return record.scope == scope and record.phase == "done" and record.change_type == "Deleted"
    return False
