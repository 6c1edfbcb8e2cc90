"""One transaction: item writes, ledger records, and the head that all of them depend on. Built here, sent elsewhere."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from controller.aws.items import MAX_ITEM_BYTES, WireItem, item_bytes, to_wire, wire_json
from controller.aws.transactions import DeleteWrite, PutWrite, UpdateWrite, Write
from controller.engine.commit.lease import LEASE_S, epoch_ms
from controller.engine.commit.storage import ApplyRequest, Storage, actor_of
from controller.errors import RefusedByAws
from controller.ledger.heads import HEAD_PREFIX
from controller.ledger.large_images import LARGE_BYTES, ImagesTooLarge
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import build_records, chained, record_wire, written_wire
from controller.model.ledger_record import (
    LEDGER_FORMAT,
    Head,
    ItemWrite,
    LedgerRecord,
    Phase,
)
from controller.model.observed import CONFIG_SCOPE
from controller.model.plan import Change
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.item_form import dump_plain
from controller.targets.table_items.writes import Stamp, guarded, item_writes

MAX_ITEM_WRITES = 49
"""DynamoDB takes 100 writes in a transaction: 49 items, a record for each, and the head."""
MAX_BYTES = 4 * 1024 * 1024 - 64 * 1024
"""DynamoDB takes 4 MB; some is left for expressions, whose counting is not documented to the byte."""
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
    "#at": "LastAt",
    "#lease": "LeaseUntil",
    "#format": "Format",
}
_CONFIG_HEAD = (", #revision = :revision", "", {"#revision": "Revision"})
_LIVE_HEAD = (
    ", #from = :from",
    " AND (attribute_not_exists(#from) OR #from <= :from)",
    {"#from": "PlannedFrom"},
)
"""What a head says besides, by what is set, on what condition, and the names in both."""


class Load(NamedTuple):
    """What one change puts into a transaction: items, estimated bytes (records included), and which items."""

    writes: int
    bytes: int
    keys: frozenset[Hashable] = frozenset()


@dataclass(frozen=True, slots=True)
class PreparedChange:
    """One change ready to be sent. ``index`` is its place among the changes of the run."""

    index: int
    change: Change
    items: tuple[ItemWrite, ...]
    writes: tuple[PutWrite | DeleteWrite, ...]
    load: Load


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is sent: item writes, then records, then the head's update. ``head`` is the head afterwards."""

    records: tuple[LedgerRecord, ...]
    writes: tuple[Write, ...]
    head: Head
    token: str
    changes: tuple[PreparedChange, ...] = ()
    """The changes it consists of, where it does: their items are its item writes, one record each, in this order."""


def prepare(
    index: int, change: Change, storage: Storage, request: ApplyRequest, at: datetime
) -> PreparedChange:
    """Turn a change into conditional writes, signed with the time ``at``. Raises RefusedByAws for what DynamoDB cannot hold."""
    stamp = Stamp(
        storage.installation,
        storage.prefix,
        request.revision,
        request.actor.applied_by,
        request.transaction,
        at,
    )
    try:
        items = item_writes(change, stamp, storage.tables)
        writes = tuple(guarded(item, storage.physical(item.table)) for item in items)
    except (TypeError, ValueError, KeyError) as error:
        raise RefusedByAws(
            f"{change.ref}: DynamoDB cannot hold it: {error}",
            fix=f"correct the value in {change.origin or 'its document'}",
        ) from error
    size = sum(
        _bytes_of(change, item, write, storage, request, at)
        for item, write in zip(items, writes, strict=True)
    )
    keys = frozenset((item.table, *item.key.values()) for item in items)
    return PreparedChange(index, change, items, writes, Load(len(items), size, keys))


def prefix_length(loads: Iterable[Load], max_changes: int = MAX_ITEM_WRITES) -> int:
    """Return how many changes, from the first on, go into one transaction; at least one if there is any.

    No more of ``loads`` is consumed than is needed to tell. DynamoDB refuses two writes of one item in a transaction:
    the second begins a new one.
    """
    writes = size = count = 0
    keys: set[Hashable] = set()
    for load in loads:
        writes += load.writes
        size += load.bytes
        full = writes > MAX_ITEM_WRITES or size > MAX_BYTES or not keys.isdisjoint(load.keys)
        if count and (full or count >= max_changes):
            return count
        keys |= load.keys
        count += 1
    return count


def records_of(
    items: Sequence[ItemWrite],
    scope: str,
    storage: Storage,
    request: ApplyRequest,
    at: datetime,
    phase: Phase = "done",
) -> tuple[LedgerRecord, ...]:
    """Return a record for each item write, not yet chained."""
    return build_records(
        items,
        scope=scope,
        actor_of=lambda write: actor_of(
            request.actor,
            write.authorship,
            storage.principal,
            request.approvals.get(write.ref, ()),
        ),
        plan_digest=request.plan_digest,
        transaction_id=request.transaction,
        at=at,
        table_name=storage.physical,
        table_arn=storage.table_arn,
        redact=storage.redact,
        phase=phase,
    )


def build_transaction(
    records: Sequence[LedgerRecord],
    writes: Sequence[Write],
    before: Head,
    storage: Storage,
    at: datetime,
    changes: Sequence[PreparedChange] = (),
) -> Transaction:
    """Join item writes, records and the head's update into one transaction that follows ``before``.

    Without records the head stays where it is, and the writes depend on it all the same. Images too large for a record are put into the storage's bucket now. Raises ImagesTooLarge if there is none.
    """
    chain = tuple(chained(records, before))
    linked = tuple(record for record, _ in chain)
    after = _after(before, linked, at)
    ledger = storage.physical(LEDGER_TABLE.name)
    puts = (
        PutWrite(ledger, written_wire(wire, storage.blobs), _RECORD_IS_NEW) for _, wire in chain
    )
    more, only_if, names = _CONFIG_HEAD if before.scope == CONFIG_SCOPE else _LIVE_HEAD
    besides = {":revision": after.revision, ":from": after.planned_from}
    # The head is last: that is where its failing condition is looked for.
    head_write = UpdateWrite(
        storage.physical(STATE_TABLE.name),
        {"Id": {"S": HEAD_PREFIX + before.scope}},
        update=f"SET #sequence = :next, #hash = :hash, #at = :at, #lease = :lease, #format = :format{more}",
        # Only if it is still ours and where we left it, and nothing newer has been planned from.
        condition=f"#epoch = :epoch AND #owner = :owner AND #sequence = :sequence{only_if}",
        names={**_HEAD_NAMES, **names},
        values=to_wire(
            {
                ":epoch": before.epoch,
                ":owner": before.owner,
                ":sequence": before.sequence,
                ":next": after.sequence,
                ":hash": after.last_hash,
                ":at": after.last_at,
                ":lease": after.lease_until,
                ":format": after.format,
                **{name: value for name, value in besides.items() if name in more},
            }
        ),
    )
    all_writes = (*writes, *puts, head_write)
    return Transaction(linked, all_writes, after, uuid4().hex, tuple(changes))


def _after(before: Head, linked: Sequence[LedgerRecord], at: datetime) -> Head:
    """Return the head once records are written: with their format, so that no version that knows less writes to the scope from then on."""
    leased = replace(before, lease_until=epoch_ms(at + timedelta(seconds=LEASE_S)))
    if not linked:
        return leased
    last = linked[-1]
    return replace(
        leased,
        sequence=last.sequence,
        last_hash=last.hash,
        last_at=last.iso_timestamp,
        format=LEDGER_FORMAT,
    )


def _bytes_of(
    change: Change,
    item: ItemWrite,
    write: PutWrite | DeleteWrite,
    storage: Storage,
    request: ApplyRequest,
    at: datetime,
) -> int:
    """Estimate what an item, what it is compared with and its record put into a transaction. Raises RefusedByAws if DynamoDB cannot hold one of them."""
    written = _wire_bytes(write.wire) if isinstance(write, PutWrite) else 0
    if written > MAX_ITEM_BYTES:
        where = f" in {change.origin}" if change.origin else ""
        raise RefusedByAws(
            f"{change.ref}: its item in {item.table} would have {written:,} bytes; DynamoDB holds {MAX_ITEM_BYTES:,}",
            fix=f"split the object, or take out what is large{where}",
        )
    try:
        compared = _wire_bytes(write.values) if write.values else 0
        return written + compared + record_bytes(item, storage, request, at)
    except ImagesTooLarge as error:
        raise RefusedByAws(f"{change.ref}: {error}") from error


def _wire_bytes(wire: WireItem) -> int:
    # Of a small item it is enough to know that it has fewer bytes than this.
    at_most = len(wire_json(wire))
    return at_most if at_most <= _SMALL_BYTES else item_bytes(wire)


def record_bytes(item: ItemWrite, storage: Storage, request: ApplyRequest, at: datetime) -> int:
    """Estimate the bytes of an item's record. Raises ImagesTooLarge if no record can hold it, and nothing else keeps its images."""
    # DynamoDB counts at most twice the bytes of plain JSON, whose shortest members are "1,".
    images = 2 * sum(len(dump_plain(image)) for image in (item.before, item.after) if image)
    if images <= _SMALL_BYTES:
        return images + _RECORD_BYTES
    images = sum(item_bytes(to_wire(image)) for image in (item.before, item.after) if image)
    if images <= LARGE_BYTES // 2:
        return images + _RECORD_BYTES
    # What is compressed, or kept elsewhere, is known only when it is done: images depend on nothing else of the record.
    (record,) = records_of([item], "", storage, request, at)
    return item_bytes(record_wire(record, storage.blobs))
