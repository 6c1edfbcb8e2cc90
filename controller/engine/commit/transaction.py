"""One transaction: item writes, a ledger record for each, and the head that both depend on. Built here, sent elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from controller.aws.items import MAX_ITEM_BYTES, WireItem, item_bytes, to_wire, wire_json
from controller.aws.transactions import DeleteWrite, PutWrite, UpdateWrite, Write
from controller.engine.commit.batching import Load
from controller.engine.commit.lease import LEASE_S, epoch_ms, head_id
from controller.errors import RefusedByAws
from controller.ledger.large_images import LARGE_BYTES, BlobStore, ImagesTooLarge
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.record_items import record_wire
from controller.ledger.records import Redact, build_records
from controller.model.head import Head
from controller.model.item_write import ItemWrite
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.plan import Change
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.plain_json import dump_plain
from controller.targets.table_items.store import ItemStore
from controller.targets.table_items.writes import Stamp, guarded, item_writes

_RECORD_BYTES = 3 * 1024
"""What a record holds beside its images, generously."""
_SMALL_BYTES = 16 * 1024
"""Up to here an estimate that is too high does not matter, and counting exactly would take a quarter of the time."""
_RECORD_IS_NEW = "attribute_not_exists(AuditID)"
_HEAD_NAMES = {
    "#epoch": "Epoch",
    "#owner": "Owner",
    "#sequence": "Sequence",
    "#hash": "LastHash",
    "#lease": "LeaseUntil",
}


def _new_token() -> str:
    return uuid4().hex


def _keep_all(_table: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return attributes


@dataclass(frozen=True, slots=True)
class ApplyContext:
    """Everything one apply needs beside its changes.

    ``tables`` are by logical name, ``user`` and ``transaction_id`` go into every item's ``Audit``, ``actor`` and ``plan_digest`` into
    every record. ``clock`` gives aware time; ``sleep`` takes seconds.
    """

    store: ItemStore
    tables: Mapping[str, TableDefinition]
    installation: str
    prefix: str
    revision: str
    plan_digest: str
    user: str
    actor: Actor
    transaction_id: str
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    table_arn: Callable[[str], str]
    """Logical table name -> ARN."""
    redact: Redact = _keep_all
    """Takes sensitive values out of what records keep."""
    blobs: BlobStore | None = None
    """Keeps images that are too large for a record."""
    new_token: Callable[[], str] = _new_token
    lease_s: float = LEASE_S

    def physical(self, table: str) -> str:
        """Return the name a logical table goes by in DynamoDB."""
        return self.prefix + table

    def stamp(self, at: datetime) -> Stamp:
        """Return what items written at a moment are signed with."""
        return Stamp(
            self.installation, self.prefix, self.revision, self.user, self.transaction_id, at
        )


class CannotBeWritten(RefusedByAws):
    """DynamoDB could not hold what a change asks for; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change ready to be sent. ``index`` is its place among the changes of the run."""

    index: int
    change: Change
    items: tuple[ItemWrite, ...]
    writes: tuple[PutWrite | DeleteWrite, ...]
    load: Load


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is sent: for n item writes n records and one head update, in this order. ``head`` is the head afterwards."""

    entries: tuple[Entry, ...]
    records: tuple[LedgerRecord, ...]
    writes: tuple[Write, ...]
    head: Head
    token: str
    owners: tuple[Entry, ...] = field(repr=False)
    """For each item write, and likewise each record, the entry it belongs to."""

    def records_of(self, entry: Entry) -> tuple[LedgerRecord, ...]:
        """Return the records of one change."""
        return tuple(
            record
            for record, owner in zip(self.records, self.owners, strict=True)
            if owner is entry
        )


def build_entry(index: int, change: Change, context: ApplyContext, at: datetime) -> Entry:
    """Turn a change into conditional writes. Raises CannotBeWritten."""
    try:
        items = item_writes(change, context.stamp(at), context.tables)
        writes = tuple(guarded(item, context.physical(item.table)) for item in items)
    except (TypeError, ValueError, KeyError) as error:
        raise CannotBeWritten(
            f"{change.ref}: DynamoDB cannot hold it: {error}",
            fix=f"correct the value in {change.origin or 'its document'}",
        ) from error
    size = sum(
        _bytes_of(change, item, write, context, at)
        for item, write in zip(items, writes, strict=True)
    )
    keys = frozenset((item.table, *item.key.values()) for item in items)
    return Entry(index, change, items, writes, Load(len(items), size, keys))


def build_transaction(
    entries: Sequence[Entry], head: Head, context: ApplyContext, at: datetime
) -> Transaction:
    """Join entries, their records and the head's update into one transaction that follows ``head``."""
    records = _records([item for entry in entries for item in entry.items], head, context, at)
    after = replace(
        head,
        sequence=records[-1].sequence,
        last_hash=records[-1].hash,
        lease_until=epoch_ms(at + timedelta(seconds=context.lease_s)),
    )
    return Transaction(
        entries=tuple(entries),
        records=records,
        writes=(
            *(write for entry in entries for write in entry.writes),
            *record_puts(records, context),
            head_update(head, after, context.physical(STATE_TABLE.name)),
        ),
        head=after,
        token=context.new_token(),
        owners=tuple(entry for entry in entries for _ in entry.items),
    )


def record_puts(records: Sequence[LedgerRecord], context: ApplyContext) -> tuple[PutWrite, ...]:
    """Return the writes that add records to the ledger, each refused if it is there.

    Images too large for a record are put into the context's store now. Raises ImagesTooLarge if there is none.
    """
    table = context.physical(LEDGER_TABLE.name)
    return tuple(
        PutWrite(table, record_wire(record, context.blobs), _RECORD_IS_NEW) for record in records
    )


def head_update(before: Head, after: Head, table: str) -> UpdateWrite:
    """Return the write that moves a head, if it is still ours and where we left it."""
    values: dict[str, Any] = {
        ":epoch": before.epoch,
        ":owner": before.owner,
        ":sequence": before.sequence,
        ":next": after.sequence,
        ":hash": after.last_hash,
        ":lease": after.lease_until,
    }
    return UpdateWrite(
        table,
        {"Id": {"S": head_id(before.scope)}},
        "SET #sequence = :next, #hash = :hash, #lease = :lease",
        condition="#epoch = :epoch AND #owner = :owner AND #sequence = :sequence",
        names=_HEAD_NAMES,
        values=to_wire(values),
    )


def _records(
    items: Sequence[ItemWrite], head: Head, context: ApplyContext, at: datetime
) -> tuple[LedgerRecord, ...]:
    return build_records(
        items,
        head=head,
        actor=context.actor,
        plan_digest=context.plan_digest,
        transaction_id=context.transaction_id,
        at=at,
        table_name=context.physical,
        table_arn=context.table_arn,
        redact=context.redact,
    )


def _bytes_of(
    change: Change,
    item: ItemWrite,
    write: PutWrite | DeleteWrite,
    context: ApplyContext,
    at: datetime,
) -> int:
    """Estimate what an item and its record put into a transaction. Raises CannotBeWritten if DynamoDB cannot hold one of them."""
    written = _size(write.item) if isinstance(write, PutWrite) else 0
    if written > MAX_ITEM_BYTES:
        where = f" in {change.origin}" if change.origin else ""
        raise CannotBeWritten(
            f"{change.ref}: its item in {item.table} would have {written:,} bytes; DynamoDB holds {MAX_ITEM_BYTES:,}",
            fix=f"split the object, or take out what is large{where}",
        )
    try:
        return written + record_bytes(item, context, at)
    except ImagesTooLarge as error:
        raise CannotBeWritten(f"{change.ref}: {error}") from error


def _size(wire: WireItem) -> int:
    """Return the bytes DynamoDB counts for an item; for a small one no more than that it has fewer than this."""
    at_most = len(wire_json(wire))
    return at_most if at_most <= _SMALL_BYTES else item_bytes(wire)


def record_bytes(item: ItemWrite, context: ApplyContext, at: datetime) -> int:
    """Estimate the bytes of an item's record. Raises ImagesTooLarge if no record can hold it, and nothing else keeps its images."""
    # DynamoDB counts at most twice the bytes of plain JSON, whose shortest members are "1,".
    images = 2 * sum(len(dump_plain(image)) for image in (item.before, item.after) if image)
    if images <= _SMALL_BYTES:
        return images + _RECORD_BYTES
    images = sum(item_bytes(to_wire(image)) for image in (item.before, item.after) if image)
    if images <= LARGE_BYTES // 2:
        return images + _RECORD_BYTES
    # What is compressed, or kept elsewhere, is known only when it is done: on a trial head, as images do not depend on it.
    (record,) = _records([item], Head("", 0, "", 0, 0, ""), context, at)
    return item_bytes(record_wire(record, context.blobs))
