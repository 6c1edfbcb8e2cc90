"""Creates on record as failed, of which the object is there as intended: what is found done is recorded so."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from controller.engine.live.journal import settle
from controller.engine.live.observe import Part
from controller.errors import DamagedState
from controller.ledger.ownership import unfinished
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import Ownership
from controller.model.ref import ResourceRef
from controller.ports import History


def failed_and_found_done(part: Part, history: History) -> Iterator[LedgerRecord]:
    """Yield the newest records of one target's objects that carry our mark, where they say that making them failed.

    One question to the ledger an object; raises as asking it. A damaged record tells nothing.
    """
    for ref, found in part.observed.objects.items():
        if found.ownership is not Ownership.OURS:
            continue
        with suppress(DamagedState):
            newest = failed_create(ref, history)
            if newest is not None and settle(newest, {ref: found}).phase == "succeeded":
                yield newest


def failed_create(ref: ResourceRef, history: History) -> LedgerRecord | None:
    """Return the newest record of an object if it says that making it failed. Raises as asking the ledger."""
    newest = unfinished(history.of_item(ref.kind, ref.key, None))
    says_so = newest is not None and (newest.change_type, newest.phase) == ("Created", "failed")
    return newest if says_so else None


def as_announced(failed: LedgerRecord) -> LedgerRecord:
    """Return the record that a failed one ended, as far as another end of it asks for it."""
    return replace(failed, audit_id=failed.intended, phase="intended", intended="")
