"""First installation, and the same again at any time: tables, the installation's id, the head, a record of what was there before."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from controller.aws.items import to_wire
from controller.aws.table_setup import Patience, SetupResult, set_up_table
from controller.aws.table_state import Difference
from controller.aws.transactions import PutWrite
from controller.engine.commit.lease import Claim
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.installation.baseline import Baseline, record_baseline
from controller.errors import Conflict
from controller.kinds.language.kind import Kind
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import iso_ms
from controller.ledger.redaction import redactor
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.targets.table_items.definitions import STATE_TABLE, kind_tables
from controller.targets.table_items.store import ItemStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INSTALLATION_ROW = "installation"
MAX_THREADS = 4
"""Tables set up side by side; AWS creates them in about ten seconds each."""


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
    with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="bootstrap") as pool:
        return tuple(
            pool.map(
                lambda table: set_up_table(client, table, upgrade=upgrade, patience=patience),
                definitions,
            )
        )


def read_installation(store: ItemStore, prefix: str) -> str | None:
    """Return the id of the installation these tables belong to; None before the first bootstrap. Raises as any read."""
    row = store.get(prefix + STATE_TABLE.name, {"Id": INSTALLATION_ROW})
    return None if row is None else str(row["Installation"])


def _new_id() -> str:
    return uuid4().hex


def bootstrap(
    tables: tuple[SetupResult, ...],
    kinds: Collection[Kind[Any]],
    storage: Storage,
    request: ApplyRequest,
    claim: Claim,
    new_id: Callable[[], str] = _new_id,
) -> BootstrapReport:
    """Give set-up tables their installation id and head, and the ledger a baseline record of every item that is not ours.

    ``storage.installation`` and ``storage.redact`` are not looked at: the id is what this finds or makes. May be repeated at any time, also after a
    crash half-way; then it goes on. Raises ScopeBusy if another worker owns the config scope and something is to be
    recorded, StaleEpoch if it takes the scope meanwhile, and as any call.
    """
    installation, is_new = _installation(storage, new_id)
    storage.leases.ensure(CONFIG_SCOPE)
    redact = redactor(kinds, installation)
    storage = replace(storage, installation=installation, redact=redact)
    found = record_baseline(kind_tables(kinds), storage, request, claim)
    return BootstrapReport(tables, installation, is_new, found)


def _installation(storage: Storage, new_id: Callable[[], str]) -> tuple[str, bool]:
    known = read_installation(storage.store, storage.prefix)
    if known is not None:
        return known, False
    made = new_id()
    row: Mapping[str, Any] = {
        "Id": INSTALLATION_ROW,
        "Installation": made,
        "CreatedAt": iso_ms(storage.clock()),
    }
    try:
        storage.store.write(
            PutWrite(storage.physical(STATE_TABLE.name), to_wire(row), "attribute_not_exists(Id)")
        )
    except Conflict:
        # Another bootstrap was faster, or the answer to our own first try was lost: what is there counts.
        found = read_installation(storage.store, storage.prefix)
        assert found is not None
        return found, found == made
    return made, True
