"""Items that exist before us get a record each, so that the ledger can be replayed from its beginning."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from controller.aws.items import Item, to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.commit.transaction import record_bytes
from controller.errors import Conflict
from controller.events import Emit, discard_event
from controller.ledger.large_images import ImagesTooLarge
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import audit_id, image_digest, iso_ms
from controller.model.ledger_record import ItemWrite, LedgerRecord
from controller.model.observed import CONFIG_SCOPE
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.marks import MANAGED, mark_of

BASELINE_ROW = "baseline"
MAX_RECORDS = 99
"""DynamoDB takes 100 writes in a transaction: these and the head."""
MAX_BYTES = 3_500_000
_LOOK_AHEAD = 100


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many items were recorded, and which are too large for a record."""

    recorded: int
    too_large: tuple[str, ...] = ()


def record_baseline(
    tables: Sequence[TableDefinition],
    storage: Storage,
    request: ApplyRequest,
    claim: Claim,
    emit: Emit = discard_event,
) -> Baseline | None:
    """Record every item of those tables that were never gone through before; None if there is no such table.

    What is ours needs none: its create is in the ledger. Raises ScopeBusy, StaleEpoch, and as any call.
    """
    state = storage.physical(STATE_TABLE.name)
    row = storage.store.get(state, {"Id": BASELINE_ROW}) or {}
    known = set(row.get("Tables", ()))
    new = [table for table in tables if table.name not in known]
    if not new:
        return None
    recorded, too_large = 0, list[str]()
    with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request, emit) as writer:
        for table in new:
            found = _unrecorded(_found(table, storage), table, storage)
            for batch in _batches(found, writer, too_large):
                try:
                    recorded += len(writer.append(batch))
                except Conflict as error:
                    raise Conflict(
                        "ledger: some of the items were recorded by somebody else meanwhile",
                        fix="run envctl bootstrap again; it goes on where it stopped",
                    ) from error
        names = sorted(known | {table.name for table in new})
        done = {"Id": BASELINE_ROW, "Tables": names, "At": iso_ms(storage.clock())}
        storage.store.write(PutWrite(state, to_wire(done)))
    return Baseline(recorded, tuple(too_large))


def _batches(
    items: Iterable[ItemWrite], writer: ScopeWriter, too_large: list[str]
) -> Iterator[tuple[LedgerRecord, ...]]:
    """Yield the records of items, a transaction's worth at a time; what no record can hold is named in ``too_large``."""
    batch: list[ItemWrite] = []
    size = 0
    for item in items:
        at = writer.storage.clock()
        try:
            estimate = record_bytes(item, writer.storage, writer.request, at)
        except ImagesTooLarge:
            too_large.append(str(item.ref))
            continue
        if batch and (len(batch) == MAX_RECORDS or size + estimate > MAX_BYTES):
            yield writer.records_of(batch, at, "baseline")
            batch, size = [], 0
        batch.append(item)
        size += estimate
    if batch:
        yield writer.records_of(batch, writer.storage.clock(), "baseline")


def _found(table: TableDefinition, storage: Storage) -> Iterator[ItemWrite]:
    for item in storage.store.scan(storage.physical(table.name), 1):
        mark = mark_of(item.get(MANAGED))
        if mark is None or mark.by != storage.installation:
            yield _as_found(table, item)


def _as_found(table: TableDefinition, item: Item) -> ItemWrite:
    key = table.key_of(item)
    name = "/".join(map(str, key.values()))
    return ItemWrite(
        table.name,
        key,
        None,
        item,
        ResourceRef(table.name, name),
        "baseline",
        "",
        UNKNOWN_AUTHORSHIP,
    )


def _unrecorded(
    items: Iterator[ItemWrite], table: TableDefinition, storage: Storage
) -> Iterator[ItemWrite]:
    """Leave out what an earlier, interrupted run recorded."""
    physical, ledger = storage.physical(table.name), storage.physical(LEDGER_TABLE.name)
    while batch := list(islice(items, _LOOK_AHEAD)):
        ids = [
            audit_id(physical, item.key, "baseline", "", image_digest(item.after)) for item in batch
        ]
        keys = [{"AuditID": record_id} for record_id in ids]
        found = {row["AuditID"] for row in storage.store.batch_get(ledger, keys)}
        yield from (
            item for item, record_id in zip(batch, ids, strict=True) if record_id not in found
        )
