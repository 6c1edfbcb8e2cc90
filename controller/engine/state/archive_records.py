"""Old records moved from the audit table to segments: written, read back, counted by the row, and only then taken out of the table.

It needs no scope's lease: what is moved is written by nobody any more. Killed anywhere it is ended by the next run.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from controller.aws.items import WireItem, item_bytes
from controller.aws.transactions import (
    Committed,
    DeleteWrite,
    in_parts,
)
from controller.engine.installation.installation import Installation
from controller.engine.state.open_records import OPEN_PREFIX, open_records_of_row
from controller.errors import Conflict, DamagedState, Throttled, WrongUsage
from controller.events import Emit, RecordsArchived, RecordsCleared, discard_event
from controller.ledger.archived.archive import KNOWN_FOR_S, ArchivedTo, write_of_row
from controller.ledger.archived.segments import (
    MOST_BYTES,
    MOST_RECORDS,
    Segment,
    check_links,
    contents_of,
    dump_contents,
    line_of,
    pack_lines,
    read_contents,
    read_entries,
    segment_of,
)
from controller.ledger.records import iso_ms

WAIT_S: Final = 1.5 * KNOWN_FOR_S
"""Between the row and the first delete: by then every reader knows of the segments."""
_NOTHING: Final = ArchivedTo(0, "", "")
_CONDITION: Final = "attribute_not_exists(#id) OR (#hash = :hash AND #at < :before)"
_NAMES: Final = {"#id": "AuditID", "#hash": "Hash", "#at": "ISOTimestamp"}


class OldRecords(NamedTuple):
    """What there is to be moved of one scope: ``records`` up to the one with the sequence ``to``, and those in segments that are still in the table.

    ``since`` and ``until`` are moments as records have them. ``held_by`` is the id of a record that announced something
    without an end: it and what follows stay.
    """

    scope: str
    records: int
    to: int
    since: str
    until: str
    left: int
    held_by: str = ""


def moves_before(installation: Installation, now: datetime) -> datetime:
    """Return the moment before which records are moved: whole months (UTC) are. Raises WrongUsage if the settings say to keep all."""
    keep_days = installation.master.settings.ledger.keep_days
    if keep_days is None:
        raise WrongUsage(
            "the settings say nowhere how long records stay in the table",
            fix="add ledger: {keepDays: 365}; without it none is moved",
        )
    ended = (now - timedelta(days=keep_days)).astimezone(UTC)
    return ended.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def find_old_records(
    installation: Installation, scopes: Iterable[str], before: datetime
) -> tuple[OldRecords, ...]:
    """Return what is to be moved of scopes that have something to be moved. Reads lines alone; raises as any read."""
    installation.archive.forget()
    found = (_old_records(installation, scope, iso_ms(before)) for scope in scopes)
    return tuple(old for old in found if old.records or old.left or old.held_by)


def _old_records(installation: Installation, scope: str, before: str) -> OldRecords:
    head = installation.leases.read(scope)
    last = head.sequence if head is not None else 0
    archived = installation.archive.reached().get(scope, _NOTHING)
    master, left, held_by = installation.master, 0, ""
    row = master.store.get(master.state_table, {"Id": OPEN_PREFIX + scope})
    still_open = frozenset(open_records_of_row(row) if row else ())
    since = until = ""
    to = archived.sequence
    for line in installation.ledger.lines.after(scope, 0):
        # The newest stays: by it a lost head is noticed, and made again.
        if line.iso_timestamp >= before or line.sequence >= last:
            break
        if line.sequence <= archived.sequence:
            left += 1
            continue
        if line.audit_id in still_open:
            held_by = line.audit_id
            break
        since, until, to = since or line.iso_timestamp, line.iso_timestamp, line.sequence
    return OldRecords(scope, to - archived.sequence, to, since, until, left, held_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordArchiver:
    """Moves records of months before ``before``, which is aware. What raises leaves what was moved by then as it is."""

    installation: Installation
    before: datetime
    emit: Emit = discard_event

    def move(self, old: Sequence[OldRecords]) -> None:
        """Move what was found: first all of it to segments, then out of the table.

        Raises DamagedState for a chain that is not whole or a segment that is not what was written, Conflict if another run moves
        the same, Interrupted, and as any call.
        """
        process = self.installation.master.process
        for found in old:
            self._write_segments(found)
        if old:
            process.interruption.pause(process.sleep, WAIT_S)
        for found in old:
            cleared = self._clear(found.scope)
            if cleared:
                self.emit(RecordsCleared(found.scope, cleared))

    def _write_segments(self, old: OldRecords) -> None:
        archive, process = self.installation.archive, self.installation.master.process
        at = archive.reached().get(old.scope, _NOTHING)
        for records in self._parts(old, at.sequence):
            process.interruption.check()
            check_links(records, at.sequence, at.hash, self.installation.ledger.blobs)
            segment = segment_of(records)
            self._store(segment, records)
            last = records[-1]
            to = ArchivedTo(segment.last, last["Hash"]["S"], last["ISOTimestamp"]["S"])
            self._count(old.scope, at, to)
            self.emit(RecordsArchived(old.scope, len(records), segment.last, segment.key))
            at = to

    def _parts(self, old: OldRecords, after: int) -> Iterator[list[WireItem]]:
        """Yield the records to be moved, as many at a time as a segment holds."""
        part, size = list[WireItem](), 0
        for page in self.installation.ledger.pages(old.scope, after):
            for entry in page:
                if entry.sequence > old.to:
                    break
                # What is missing is no record: it is refused where links are checked.
                record = entry.record or {}
                if len(part) == MOST_RECORDS or size >= MOST_BYTES:
                    yield part
                    part, size = [], 0
                part.append(record)
                size += len(line_of(record))
            else:
                continue
            break
        if part:
            yield part

    def _store(self, segment: Segment, records: Sequence[WireItem]) -> None:
        """Write a segment, and read it back. Raises DamagedState if it is not what was to be written."""
        place, packed = self.installation.archive.place(segment), pack_lines(map(line_of, records))
        stored = self._put(segment.key, packed)
        read = [entry.record for entry in read_entries(segment, stored, place)]
        contents = contents_of(self.installation.id, records, stored)
        said = self._put(segment.contents_key, dump_contents(contents))
        if read != _read(records) or read_contents(segment, said, place) != contents:
            raise DamagedState(
                f"ledger: {place} is not what was to be written",
                fix="look who else writes there; nothing was taken out of the table",
            )

    def _put(self, key: str, content: bytes) -> bytes:
        """Write an object unless there is one, as a run that was killed may have left it; return what is there then."""
        archive = self.installation.archive
        with suppress(Conflict):
            archive.store.put(key, content)
        return archive.stored(key)

    def _count(self, scope: str, at: ArchivedTo, to: ArchivedTo) -> None:
        """Have the row count a segment, if it stands where the segment begins. Raises Conflict if it does not."""
        master = self.installation.master
        found = {} if at is _NOTHING else {scope: at.value}
        write = write_of_row(master.state_table, scope, found, to)
        archive = self.installation.archive
        try:
            master.store.write(write)
        except Conflict as error:
            archive.forget()
            # Perhaps our own first try, whose answer was lost.
            if archive.reached().get(scope) != to:
                raise Conflict(
                    f"ledger: another run moves records of scope {scope}",
                    fix="nothing: what it leaves is moved by the next run",
                ) from error
        archive.forget()

    def _clear(self, scope: str) -> int:
        """Take out of the table what a scope's segments hold, oldest first; return how many records."""
        archive, process = self.installation.archive, self.installation.master.process
        to, before = archive.reached().get(scope, _NOTHING).sequence, iso_ms(self.before)
        ids: dict[int, set[str]] = {}
        for line in self.installation.ledger.lines.after(scope, 0):
            if line.sequence > to or line.iso_timestamp >= before:
                break
            ids.setdefault(line.sequence, set()).add(line.audit_id)
        cleared = 0
        for segment in archive.segments(scope):
            if ids.keys().isdisjoint(range(segment.first, segment.last + 1)):
                continue
            entries = archive.entries(segment)
            records = [entry.record for entry in entries if entry.record is not None]
            before_it = archive.contents(segment).previous_hash
            check_links(records, segment.first - 1, before_it, self.installation.ledger.blobs)
            # What is not the archived record is none of ours to delete: verification tells of it.
            held = [
                record
                for entry, record in zip(entries, records, strict=True)
                if entry.audit_id in ids.get(entry.sequence, ())
            ]
            for part in in_parts(held, item_bytes):
                process.interruption.check()
                self._delete(part, before)
                cleared += len(part)
        return cleared

    def _delete(self, records: Sequence[WireItem], before: str) -> None:
        """Delete records that are in the table as they are here, and older; those that are not there need no delete."""
        store, table = self.installation.master.store, self.installation.ledger.table
        writes = [
            DeleteWrite(
                table,
                {"AuditID": record["AuditID"]},
                _CONDITION,
                _NAMES,
                {":hash": record["Hash"], ":before": {"S": before}},
            )
            for record in records
        ]
        answer = store.transact(writes, secrets.token_hex(16))
        if isinstance(answer, Committed):
            return
        for record, reason in zip(records, answer.reasons, strict=True):
            if reason is not None and reason.code == "ConditionalCheckFailed":
                raise DamagedState(
                    f"ledger: record #{record['Sequence']['N']} of scope {record['Scope']['S']} in the table is not the one in its segment",
                    fix="envctl audit verify tells what is wrong; nothing more was taken out of the table",
                )
        raise Throttled(
            "ledger: other transactions keep records busy that are to be taken out of the table",
            fix="nothing, it is tried again later",
        )


def _read(records: Sequence[WireItem]) -> list[WireItem | None]:
    """Return records as they are read back: each in its canonical form."""
    segment = segment_of(records)
    entries = read_entries(segment, pack_lines(map(line_of, records)), "these records")
    return [entry.record for entry in entries]
