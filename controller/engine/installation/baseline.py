"""Items that exist before us get a record each, so that the ledger can be replayed from its beginning."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from controller.aws.items import Item, to_wire
from controller.aws.transactions import Cancelled, PutWrite, Write
from controller.engine.commit.lease import Claim, Leases, epoch_ms
from controller.engine.commit.send import Sender, head_has_moved
from controller.engine.commit.transaction import (
    ApplyContext,
    Transaction,
    head_update,
    record_bytes,
    record_puts,
)
from controller.errors import Conflict, StaleEpoch
from controller.ledger.images import audit_id, image_digest
from controller.ledger.large_images import ImagesTooLarge
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import build_records, iso_ms
from controller.model.head import Head
from controller.model.item_write import ItemWrite
from controller.model.observed import CONFIG_SCOPE
from controller.model.origin import UNKNOWN_AUTHORSHIP
from controller.model.ref import ResourceRef
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
    installation: str,
    context: ApplyContext,
    leases: Leases,
    claim: Claim,
) -> Baseline | None:
    """Record every item of those tables that were never gone through before; None if there is no such table.

    What is ours needs none: its create is in the ledger. Raises ScopeBusy, StaleEpoch, and as any call.
    """
    state = context.physical(STATE_TABLE.name)
    row = context.store.get(state, {"Id": BASELINE_ROW}) or {}
    known = set(row.get("Tables", ()))
    new = [table for table in tables if table.name not in known]
    if not new:
        return None
    head = leases.take(CONFIG_SCOPE, claim)
    run = _Run(context, head)
    for table in new:
        run.record(_unrecorded(_found(table, installation, context), table, context))
    names = sorted(known | {table.name for table in new})
    done = {"Id": BASELINE_ROW, "Tables": names, "At": iso_ms(context.clock())}
    context.store.write(PutWrite(state, to_wire(done)))
    leases.release(run.head)
    return Baseline(run.recorded, tuple(run.too_large))


class _Run:
    def __init__(self, context: ApplyContext, head: Head) -> None:
        self.head = head
        self.recorded = 0
        self.too_large: list[str] = []
        self._context = context
        self._sender = Sender(context)

    def record(self, writes: Iterable[ItemWrite]) -> None:
        batch: list[ItemWrite] = []
        size = 0
        for write in writes:
            try:
                estimate = record_bytes(write, self._context, self._context.clock())
            except ImagesTooLarge:
                self.too_large.append(str(write.ref))
                continue
            if batch and (len(batch) == MAX_RECORDS or size + estimate > MAX_BYTES):
                self._send(batch)
                batch, size = [], 0
            batch.append(write)
            size += estimate
        if batch:
            self._send(batch)

    def _send(self, batch: Sequence[ItemWrite]) -> None:
        context = self._context
        at = context.clock()
        records = build_records(
            batch,
            head=self.head,
            actor=context.actor,
            plan_digest="",
            transaction_id=context.transaction_id,
            at=at,
            table_name=context.physical,
            table_arn=context.table_arn,
            redact=context.redact,
            phase="baseline",
        )
        after = replace(
            self.head,
            sequence=records[-1].sequence,
            last_hash=records[-1].hash,
            lease_until=epoch_ms(at) + int(context.lease_s * 1000),
        )
        writes: tuple[Write, ...] = (
            *record_puts(records, context),
            head_update(self.head, after, context.physical(STATE_TABLE.name)),
        )
        answer = self._sender.send(
            Transaction((), records, writes, after, context.new_token(), owners=())
        )
        if isinstance(answer, Cancelled):
            if head_has_moved(answer):
                raise StaleEpoch(
                    f"scope {self.head.scope}: another worker took it while what exists was being recorded",
                    fix="run envctl bootstrap again; it goes on where it stopped",
                )
            raise Conflict(
                "ledger: some of the items were recorded by somebody else meanwhile",
                fix="run envctl bootstrap again; it goes on where it stopped",
            )
        self.head = after
        self.recorded += len(records)


def _found(table: TableDefinition, installation: str, context: ApplyContext) -> Iterator[ItemWrite]:
    for item in context.store.scan(context.physical(table.name), 1):
        mark = mark_of(item.get(MANAGED))
        if mark is None or mark.by != installation:
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
    writes: Iterator[ItemWrite], table: TableDefinition, context: ApplyContext
) -> Iterator[ItemWrite]:
    """Leave out what an earlier, interrupted run recorded."""
    physical, ledger = context.physical(table.name), context.physical(LEDGER_TABLE.name)
    while batch := list(islice(writes, _LOOK_AHEAD)):
        ids = [
            audit_id(physical, write.key, "baseline", "", image_digest(write.after))
            for write in batch
        ]
        found = {
            row["AuditID"] for row in context.store.batch_get(ledger, [{"AuditID": i} for i in ids])
        }
        yield from (write for write, i in zip(batch, ids, strict=True) if i not in found)
