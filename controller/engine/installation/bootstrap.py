"""First installation, and the same again at any time: tables, the installation's id, the head, a record of what was there before."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from controller.aws.items import to_wire
from controller.aws.table_setup import Difference, Patience, SetupResult, set_up_table
from controller.aws.transactions import PutWrite
from controller.catalog import kind_tables
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage, new_run_id
from controller.engine.commit.transaction import record_bytes, records_of
from controller.engine.installation.installation import (
    INSTALLATION_KEY,
    Installation,
    Master,
    id_in,
    installation_lost,
)
from controller.errors import Conflict
from controller.kinds.language.kind import Kind
from controller.ledger.large_images import ImagesTooLarge
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.older_records import OLDER_ROW, OWN
from controller.ledger.records import audit_id, image_digest, iso_ms
from controller.ledger.redaction import redactor
from controller.model.ledger_record import ItemWrite, LedgerRecord, Requester
from controller.model.observed import CONFIG_SCOPE
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.item_form import MANAGED, mark_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BASELINE_ROW = "baseline"
MAX_RECORDS = 99
"""DynamoDB takes 100 writes in a transaction: these and the head."""
MAX_BYTES = 3_500_000
_LOOK_AHEAD = 100
MAX_THREADS = 4
"""Tables set up side by side; AWS creates them in about ten seconds each."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many items were recorded, and which are too large for a record."""

    recorded: int
    too_large: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BootstrapReport:
    """What was found and done. ``baseline`` is None where everything had been recorded before."""

    tables: tuple[SetupResult, ...]
    installation: str
    installation_is_new: bool
    baseline: Baseline | None

    @property
    def created(self) -> tuple[str, ...]:
        """The tables made by this run."""
        return tuple(table.table for table in self.tables if table.created)

    @property
    def applied(self) -> tuple[Difference, ...]:
        """The differences mended by this run."""
        return tuple(difference for table in self.tables for difference in table.applied)

    @property
    def remaining(self) -> tuple[Difference, ...]:
        """The differences that are left: until ``--upgrade``, or for good where DynamoDB cannot change them."""
        return tuple(difference for table in self.tables for difference in table.remaining)

    @property
    def changed(self) -> bool:
        """Tell whether this run changed anything at all."""
        recorded = self.baseline is not None and self.baseline.recorded > 0
        return bool(self.created or self.applied or self.installation_is_new or recorded)


def all_tables(kinds: Iterable[Kind[Any]], prefix: str) -> tuple[TableDefinition, ...]:
    """Return every table the controller needs, under its physical name."""
    tables = (*kind_tables(kinds), LEDGER_TABLE, STATE_TABLE)
    return tuple(table.prefixed(prefix) for table in tables)


def set_up_tables(
    client: "DynamoDBClient",
    definitions: Sequence[TableDefinition],
    *,
    upgrade: bool = False,
    patience: Patience | None = None,
) -> tuple[SetupResult, ...]:
    """Create what is missing; find how the rest differs, and mend it on ``upgrade``. Raises as ``set_up_table``."""
    make = partial(set_up_table, client, upgrade=upgrade, patience=patience)
    with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="bootstrap") as pool:
        return tuple(pool.map(make, definitions))


def set_up(master: Master, requester: Requester, *, upgrade: bool = False) -> BootstrapReport:
    """Create what is missing, compare what is there, mend it on ``upgrade``. Raises as ``bootstrap``."""
    kinds = master.kinds.values()
    process = master.process
    definitions = all_tables(kinds, master.settings.resource_prefix)
    tables = set_up_tables(master.client, definitions, upgrade=upgrade)
    request = ApplyRequest(actor=requester.as_applier(), transaction=new_run_id(process.clock()))
    storage = Installation("", master).storage()
    return bootstrap(tables, kinds, storage, request, Claim(process.instance))


def bootstrap(
    tables: tuple[SetupResult, ...],
    kinds: Collection[Kind[Any]],
    storage: Storage,
    request: ApplyRequest,
    claim: Claim,
    new_id: Callable[[], str] = lambda: uuid4().hex,
) -> BootstrapReport:
    """Give set-up tables their installation id and head, and the ledger a baseline record of every item that is not ours.

    ``storage.installation`` and ``storage.redact`` are not looked at: the id is what this finds or makes. May be repeated at any time, also after a
    crash half-way; then it goes on. Raises DamagedState if the id was lost, ScopeBusy if another worker owns the config scope and something is to be
    recorded, StaleEpoch if it takes the scope meanwhile, and as any call.
    """
    installation, is_new = _installation(storage, new_id)
    storage.leases.ensure(CONFIG_SCOPE)
    redact = redactor(kinds, installation)
    storage = replace(storage, installation=installation, redact=redact)
    look_for_older_records(storage)
    found = record_baseline(kind_tables(kinds), storage, request, claim)
    return BootstrapReport(tables, installation, is_new, found)


def _installation(storage: Storage, new_id: Callable[[], str]) -> tuple[str, bool]:
    table, made = storage.physical(STATE_TABLE.name), ""
    # Asked before: who bootstraps beside us writes the id first.
    has_records = storage.leases.has_records(CONFIG_SCOPE)
    known = storage.store.get(table, INSTALLATION_KEY)
    if known is None and has_records:
        raise installation_lost(table)
    if known is None:
        made = new_id()
        known = {**INSTALLATION_KEY, "Installation": made, "CreatedAt": iso_ms(storage.clock())}
        try:
            storage.store.write(PutWrite(table, to_wire(known), "attribute_not_exists(Id)"))
        except Conflict:
            # Another bootstrap was faster, or the answer to our own first try was lost: what is there counts.
            known = storage.store.get(table, INSTALLATION_KEY)
            assert known is not None
    found = id_in(known, table)
    return found, found == made


def look_for_older_records(storage: Storage) -> None:
    """Note, once, whether the audit table holds records of another's: questions by object then go through these, too. Raises as any call."""
    state, ledger = storage.physical(STATE_TABLE.name), storage.physical(LEDGER_TABLE.name)
    if storage.store.get(state, OLDER_ROW) is None:
        exist = any(OWN not in row for row in storage.store.scan(ledger))
        storage.store.write(PutWrite(state, to_wire({**OLDER_ROW, "Exist": exist})))


def record_baseline(
    tables: Sequence[TableDefinition],
    storage: Storage,
    request: ApplyRequest,
    claim: Claim,
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
    with ScopeWriter.take(CONFIG_SCOPE, claim, storage, request) as writer:
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
    storage, request = writer.storage, writer.request
    batch: list[ItemWrite] = []
    size = 0
    for item in items:
        at = storage.clock()
        try:
            estimate = record_bytes(item, storage, request, at)
        except ImagesTooLarge:
            too_large.append(str(item.ref))
            continue
        if batch and (len(batch) == MAX_RECORDS or size + estimate > MAX_BYTES):
            yield records_of(batch, CONFIG_SCOPE, storage, request, at, "baseline")
            batch, size = [], 0
        batch.append(item)
        size += estimate
    if batch:
        yield records_of(batch, CONFIG_SCOPE, storage, request, storage.clock(), "baseline")


def _found(table: TableDefinition, storage: Storage) -> Iterator[ItemWrite]:
    for item in storage.store.scan(storage.physical(table.name)):
        mark = mark_of(item.get(MANAGED))
        if mark is None or mark.by != storage.installation:
            key = table.key_of(item)
            ref = ResourceRef(table.name, "/".join(map(str, key.values())))
            yield ItemWrite(table.name, key, None, item, ref, "baseline", "", UNKNOWN_AUTHORSHIP)


def _unrecorded(
    items: Iterator[ItemWrite], table: TableDefinition, storage: Storage
) -> Iterator[ItemWrite]:
    """Leave out what an earlier, interrupted run recorded."""
    physical, ledger = storage.physical(table.name), storage.physical(LEDGER_TABLE.name)
    while batch := list(islice(items, _LOOK_AHEAD)):
        by_id = {
            audit_id(physical, item.key, "baseline", "", image_digest(item.after)): item
            for item in batch
        }
        keys = [{"AuditID": record_id} for record_id in by_id]
        for row in storage.store.batch_get(ledger, keys):
            by_id.pop(row["AuditID"])
        yield from by_id.values()
