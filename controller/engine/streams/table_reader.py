"""The stream of one config table read into the ledger: a record for each change by others, written with how far it was read."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from controller.aws.items import to_wire
from controller.aws.streams import PositionLost, StreamEvent, TableStream, find_stream
from controller.aws.tables import batch_get_wire
from controller.aws.transactions import PutWrite, UpdateWrite, Write, in_parts
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.streams.checkpoint import (
    CHECKPOINT_PREFIX,
    Checkpoint,
    Position,
    checkpoint_of_row,
    row_of_checkpoint,
)
from controller.engine.streams.drain import Drained, StreamDrain
from controller.errors import DamagedState, EnvctlError, ScopeFromTheFuture
from controller.ledger.large_images import BlobStore, ImagesTooLarge
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.outside_record import StreamSource, outside_record
from controller.ledger.queries import LedgerReader
from controller.ledger.records import MOST_RECORDS, record_wire
from controller.ledger.stream_changes import (
    STREAM_PREFIX,
    OwnRecord,
    Passed,
    Recognised,
    StreamChange,
    Verdict,
    change_of,
    recognise,
)
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

MOST_TOGETHER: Final = 90
"""Changes recognised, and if need be written, together: a transaction takes 100 writes, of which two are the checkpoint and the head."""
MAX_BYTES: Final = 3_000_000
SAVED_EVERY: Final = timedelta(minutes=5)
"""How far a stream was read is written down so often where nothing came."""
_ASKED: Final = ("AuditID", "Scope", "Sequence", "EventID")
_HISTORY: Final = 500
_RECORD_BYTES: Final = 4096
"""What a record holds beside its images, generously."""
Tell = Callable[[LedgerRecord], None]
"""Hears of each record of a change by others, once it is written."""


@dataclass(frozen=True, slots=True)
class StreamAccess:
    """What the streams of an installation are read with."""

    dynamodb: "DynamoDBClient"
    streams: "DynamoDBStreamsClient"
    ledger: LedgerReader


@dataclass(slots=True)
class StreamRead:
    """What one reading of a stream came to."""

    events: int = 0
    ours: int = 0
    outside: int = 0
    """Changes by others that were recorded, those found by comparing included."""
    has_gap: bool = False
    """Whether it was to be compared, as events may have been lost."""


@dataclass(slots=True)
class TableReader:
    """Reads one stream, while its scope is ours. ``table`` has its logical name."""

    table: TableDefinition
    access: StreamAccess
    writer: ScopeWriter
    tell: Tell
    empty_pages: int
    _checkpoint: Checkpoint | None = field(default=None, init=False)
    _drain: StreamDrain | None = field(default=None, init=False)
    _saved_at: datetime | None = field(default=None, init=False)
    _done: StreamRead = field(default_factory=StreamRead, init=False)

    @property
    def physical(self) -> TableDefinition:
        """The table under the name it goes by in DynamoDB."""
        return self.table.prefixed(self.writer.storage.prefix)

    @property
    def source(self) -> StreamSource:
        """What records say of where they come from."""
        storage, name = self.writer.storage, self.table.name
        arn = storage.table_arn(name)
        return StreamSource(name, arn, STREAM_PREFIX + name, storage.redact)

    @property
    def checkpoint(self) -> Checkpoint:
        """How far the stream was read, from its row if that was not read yet. Raises DamagedState, and as any read."""
        if self._checkpoint is None:
            storage, name = self.writer.storage, self.table.name
            key = {"Id": CHECKPOINT_PREFIX + name}
            row = storage.store.get(storage.physical(STATE_TABLE.name), key)
            self._checkpoint = checkpoint_of_row(name, row)
        return self._checkpoint

    def read(self, compare: Callable[["TableReader", datetime | None], int]) -> StreamRead:
        """Read what there is, write what others changed.

        Where events may have been lost ``compare`` is called, with the moment up to which all was read: it writes what the
        ledger and the table differ by, and says how much that is. Raises StreamOff, StaleEpoch, and as any read or write; the
        next reading begins with what was written.
        """
        self._done = StreamRead()
        try:
            self._read(compare)
        except EnvctlError:
            self._checkpoint = self._drain = None
            raise
        return self._done

    def _read(self, compare: Callable[["TableReader", datetime | None], int]) -> None:
        checkpoint, began = self.checkpoint, self.writer.storage.clock()
        self.writer.lease.confirm()
        is_lost, until = checkpoint.has_lost(began), checkpoint.read_until
        # One that was switched off is read to its end once the table has another.
        current = find_stream(self.access.dynamodb, self.physical.name)
        if current != checkpoint.stream:
            if checkpoint.stream:
                # What the table's former stream still holds: it is kept for a day too.
                self._read_on(checkpoint.stream)
            is_lost = True
            checkpoint.stream, checkpoint.positions = current, {}
        is_lost |= not self._read_on(current)
        if is_lost:
            self._done.has_gap = True
            self._done.outside += compare(self, until)
        checkpoint.read_until = began
        if is_lost or self._saved_at is None or began - self._saved_at >= SAVED_EVERY:
            self.write((), ())

    def read_on(self) -> None:
        """Read what came meanwhile. Raises as ``read``."""
        self._read_on(self.checkpoint.stream)

    def _read_on(self, stream: str) -> bool:
        """Read a stream to its end; return False if events of it were lost. It is then read from its beginning."""
        if self._drain is None or self._drain.stream.arn != stream:
            found = TableStream(self.access.streams, stream)
            self._drain = StreamDrain(found, self.empty_pages)
        try:
            self._take_all(self._drain)
        except PositionLost:
            self._drain, self.checkpoint.positions = None, {}
            # The events passed once are passed again.
            self.checkpoint.passed = Passed()
            again = StreamDrain(TableStream(self.access.streams, stream), self.empty_pages)
            with suppress(PositionLost):
                self._take_all(again)
            return False
        return True

    def _take_all(self, drain: StreamDrain) -> None:
        positions = self.checkpoint.positions
        for drained in drain.pages(positions):
            self._take(drained)
        for shard in positions.keys() - drain.shards:
            del positions[shard]

    def _take(self, drained: Drained) -> None:
        """Record what others changed, and mark our records of deletes; both with how far the shard is read then."""
        self._done.events += len(drained.events)
        positions, is_saved = self.checkpoint.positions, not drained.events
        changes = self._changes(drained.events)
        batches = list(
            in_parts(changes, lambda it: it.at_most_bytes + _RECORD_BYTES, MOST_TOGETHER, MAX_BYTES)
        )
        for batch in batches:
            found = self._recognised(batch)
            # Only now: how far items were passed and how far the shard is read are written together, or not at all.
            is_last = batch is batches[-1]
            read_until = Position(batch[-1].event.sequence)
            positions[drained.shard] = drained.position if is_last else read_until
            is_saved = self._write_found(found)
        positions[drained.shard] = drained.position
        if not is_saved:
            self.write((), ())

    def _changes(self, events: Sequence[StreamEvent]) -> list[StreamChange]:
        table = self.physical
        try:
            read = (change_of(event, table) for event in events)
            return [change for change in read if change is not None]
        except KeyError as error:
            raise DamagedState(
                f"streams: table {table.name} has items without its key {error}",
                fix="envctl bootstrap says how the table is not as defined",
            ) from error

    def _recognised(self, changes: Sequence[StreamChange]) -> list[Recognised]:
        claimed = self._rows([change.audit_id for change in changes])
        own = {
            audit_id: OwnRecord(sequence, event_id)
            for audit_id, (scope, sequence, event_id) in claimed.items()
            if not scope.startswith(STREAM_PREFIX)
        }
        strange = [change.event.event_id for change in changes if change.audit_id not in own]
        recorded = self._rows(strange)
        passed = self.checkpoint.passed
        newest = self._newest() if strange else MOST_RECORDS
        found = recognise(changes, own, recorded.keys(), passed, self._sequence_before, newest)
        self._done.ours += sum(seen.verdict is Verdict.OURS for seen in found)
        return found

    def _newest(self) -> int:
        """Return how far our records have come; as far as can be where that is not known."""
        try:
            head = self.writer.storage.leases.read(CONFIG_SCOPE)
        except (DamagedState, ScopeFromTheFuture):
            return MOST_RECORDS
        return MOST_RECORDS if head is None else head.sequence

    def _rows(self, audit_ids: Sequence[str]) -> dict[str, tuple[str, int, str]]:
        """Return scope, sequence and claiming event of the records there are, by audit id."""
        ledger = self.writer.storage.physical(LEDGER_TABLE.name)
        keys = [{"AuditID": audit_id} for audit_id in dict.fromkeys(audit_ids)]
        rows = batch_get_wire(self.access.dynamodb, ledger, keys, attributes=_ASKED)
        return {
            row["AuditID"]["S"]: (
                row.get("Scope", {}).get("S", ""),
                int(row.get("Sequence", {}).get("N", 0)),
                row.get("EventID", {}).get("S", ""),
            )
            for row in rows
        }

    def _sequence_before(self, change: StreamChange) -> int:
        """Return the highest sequence of our records that left what an event, or one by others before it, found; 0 for none."""
        history = list(islice(self.access.ledger.of_item(*change.item), _HISTORY))
        ours = [record for record in history if not record.scope.startswith(STREAM_PREFIX)]
        others = [record for record in history if record.scope.startswith(STREAM_PREFIX)]
        # Where a stream is read again what came after the event may be on record, too.
        known = (record.sequence for record in others if record.audit_id == change.event.event_id)
        end = next(known, MOST_RECORDS)
        found = {change.before, *(record.before for record in others if record.sequence <= end)}
        found.discard("")
        passed = (record.sequence for record in ours if (record.after or record.before) in found)
        return max(passed, default=0)

    def _write_found(self, found: Sequence[Recognised]) -> bool:
        """Write what there is to be written; tell whether there was anything."""
        outside = [seen.change for seen in found if seen.verdict is Verdict.OUTSIDE]
        claims = [self._claim(seen.change) for seen in found if seen.claims]
        if not outside and not claims:
            return False
        self.write([outside_record(change, self.source) for change in outside], claims)
        self._done.outside += len(outside)
        return True

    def write(self, records: Sequence[LedgerRecord], writes: Sequence[Write]) -> None:
        """Write records and more, and how far the stream is read, in one transaction. Raises as any write."""
        storage = self.writer.storage
        row = row_of_checkpoint(self.checkpoint)
        saved = PutWrite(storage.physical(STATE_TABLE.name), to_wire(row))
        held = [holdable(record, storage.blobs) for record in records]
        written = self.writer.append(held, (*writes, saved))
        self._saved_at = storage.clock()
        for record in written:
            self.tell(record)

    def _claim(self, change: StreamChange) -> UpdateWrite:
        return UpdateWrite(
            self.writer.storage.physical(LEDGER_TABLE.name),
            {"AuditID": {"S": change.audit_id}},
            "attribute_exists(AuditID) AND (attribute_not_exists(EventID) OR EventID = :event)",
            values={":event": {"S": change.event.event_id}},
            update="SET EventID = :event",
        )


def holdable(record: LedgerRecord, blobs: BlobStore | None) -> LedgerRecord:
    """Return a record as it is, or without its images where no record can hold them: what others write holds up no stream."""
    try:
        record_wire(record, blobs)
    except ImagesTooLarge:
        said = {
            "Omitted": "too large for a record; with snapshots.bucket in the settings such images are kept there"
        }
        has_old, has_new = record.old_value is not None, record.new_value is not None
        return replace(
            record,
            old_value=said if has_old else None,
            new_value=said if has_new else None,
            old_meta={},
            new_meta={},
        )
    return record
