"""Old records of all scopes: what there is to be moved, moved, and how far the ledger is."""

from datetime import datetime

from controller.engine.installation.installation import Installation
from controller.engine.queries.audit import written_scopes
from controller.engine.state.archive_records import (
    OldRecords,
    RecordArchiver,
    find_old_records,
    moves_before,
)
from controller.events import Emit, discard_event


def old_records(installation: Installation, now: datetime) -> tuple[OldRecords, ...]:
    """Return what is to be moved, scope by scope. Raises WrongUsage if the settings say to keep all, and as any read."""
    before = moves_before(installation, now)
    return find_old_records(installation, written_scopes(installation.master), before)


def archive_old_records(
    installation: Installation, now: datetime, emit: Emit = discard_event
) -> tuple[OldRecords, ...]:
    """Move what is old enough; return what was moved. Raises as finding and as moving it."""
    old = old_records(installation, now)
    mover = RecordArchiver(
        installation=installation, before=moves_before(installation, now), emit=emit
    )
    mover.move(old)
    return old
