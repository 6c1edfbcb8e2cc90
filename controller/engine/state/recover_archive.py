"""How far a scope's chain stands in segments, where the row that says so is lost or damaged: told, and made again from the segments."""

from controller.engine.installation.installation import Installation
from controller.errors import Conflict, DamagedState, ScopeBusy
from controller.ledger.archived.archive import (
    ARCHIVES_ROW,
    Archive,
    ArchivedTo,
    archived_of_row,
    write_of_row,
)
from controller.ledger.archived.segments import check_links
from controller.ledger.chain import Finding, FindingKind, Verification


def lost_row(archive: Archive, found: Verification) -> tuple[Finding, ...]:
    """Return a finding if a scope's first records are missing, and segments hold records of it that the row does not count.

    Raises as listing the store.
    """
    starts_late = any(one.kind is FindingKind.GAP and one.sequence == 1 for one in found.findings)
    if not starts_late or found.scope in archive.reached() or not archive.has_store:
        return ()
    segments = archive.in_store(found.scope)
    if not segments:
        return ()
    last = segments[-1].last
    what = f"row {ARCHIVES_ROW['Id']} of EnvctlState says nothing of its segments, which go on to #{last:,}"
    fix = f"envctl audit recover {found.scope} makes it again; find who took it away (CloudTrail: UpdateItem, DeleteItem)"
    return (Finding(1, last, FindingKind.SEGMENT, found.scope, what, fix),)


def recover_archived(installation: Installation, scope: str) -> ArchivedTo | None:
    """Write again up to where a scope's segments go; None if that is in order, or there are none.

    Raises DamagedState for segments that are not one chain from the first record on, ScopeBusy if somebody writes the row, and as
    any call.
    """
    master, archive = installation.master, installation.archive
    row = master.store.get(master.state_table, ARCHIVES_ROW) or {}
    try:
        if scope in archived_of_row({scope: row[scope]} if scope in row else {}):
            return None
    except DamagedState:
        pass
    segments = archive.in_store(scope) if archive.has_store else ()
    to = ArchivedTo(0, "", "")
    for segment in segments:
        records = [entry.record or {} for entry in archive.entries(segment)]
        check_links(records, to.sequence, to.hash, installation.ledger.blobs)
        last = records[-1]
        to = ArchivedTo(segment.last, last["Hash"]["S"], last["ISOTimestamp"]["S"])
    if not segments:
        return None
    write = write_of_row(master.state_table, scope, row, to)
    try:
        master.store.write(write)
    except Conflict as error:
        raise ScopeBusy(
            f"scope {scope}: somebody wrote row {ARCHIVES_ROW['Id']} meanwhile", fix="run it again"
        ) from error
    archive.forget()
    return to
