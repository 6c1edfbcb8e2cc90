"""A whole installation in memory: tables, ledger, heads, a clock that only moves when told, and workers that plan and apply."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from controller.aws.items import Item, to_wire
from controller.catalog import kind_tables
from controller.engine.commit.lease import Claim, LeaseKeeper, Leases
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.config.apply import CommitResult, commit_changes
from controller.events import Emit, discard_event
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import META, record_hash, record_of_wire
from controller.model.ledger_record import Actor, Head, LedgerRecord
from controller.model.observed import ObservedState
from controller.model.plan import Change
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import DiffOptions, diff
from controller.planning.order import in_order
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.item_form import dump_plain
from controller.targets.tables import Tables
from tests.support.clock import Clock
from tests.support.in_memory_tables import InMemoryTables, TablesInHand
from tests.support.toy_kinds import BY_NAME, TOY_KINDS

PREFIX = "test-"
INSTALLATION = "inst-1"
START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""A Tuesday morning."""
TABLES = {table.name: table for table in kind_tables(TOY_KINDS)}


class LedgerInMemory:
    """The history of items, from the records in the store."""

    def __init__(self, store: TablesInHand) -> None:
        """Take the store."""
        self._store = store

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> list[LedgerRecord]:
        """Return the records of one item, newest first."""
        wanted = (table, hash_key, range_key)
        return [
            record
            for record in reversed(records_in(self._store))
            if (record.entity_type, record.entity_key, record.entity_range) == wanted
        ]


def records_in(store: TablesInHand) -> list[LedgerRecord]:
    """Return all records, by sequence."""
    rows = (record_of_wire(to_wire(row)) for row in store.items(PREFIX + LEDGER_TABLE.name))
    return sorted(rows, key=lambda record: record.sequence)


@dataclass
class Estate:
    """``desired`` is what the source says just now."""

    store: TablesInHand = field(
        default_factory=lambda: InMemoryTables(
            table.prefixed(PREFIX) for table in (*TABLES.values(), STATE_TABLE, LEDGER_TABLE)
        )
    )
    clock: Clock = field(default_factory=lambda: Clock(START))
    desired: dict[ResourceRef, Projection] = field(default_factory=dict)
    installation: str = INSTALLATION
    _transactions: Any = field(default_factory=lambda: count(1))

    def wants(self, *projections: Projection) -> None:
        """Make these the desired state."""
        self.desired = {one.ref: one for one in projections}

    @property
    def target(self) -> Tables:
        """The target as this installation sees it."""
        return Tables(
            self.store,
            TOY_KINDS,
            installation=self.installation,
            prefix=PREFIX,
            history=LedgerInMemory(self.store),
        )

    def observes(self) -> ObservedState:
        """Look at the tables."""
        return self.target.observe()

    def plans(self, *, adopt: bool = False) -> tuple[Change, ...]:
        """Return the changes that are due, in order."""
        origins = {ref: Origin(f"fleet/{ref.key}.yaml", 3) for ref in self.desired}
        options = DiffOptions(
            target="tables", now=self.clock.now, kinds=BY_NAME, adopt=adopt, origins=origins
        )
        return in_order(diff(self.desired, self.observes(), options).changes)

    @property
    def leases(self) -> Leases:
        """Who owns what."""
        return self.storage.leases

    def worker(self, name: str = "worker-a") -> "Worker":
        """Return a worker that owns nothing yet."""
        return Worker(self, name)

    @property
    def storage(self) -> Storage:
        """What writes are made with."""
        return Storage(
            store=self.store,
            installation=self.installation,
            prefix=PREFIX,
            tables=TABLES,
            table_arn=lambda table: (
                f"arn:aws:dynamodb:eu-west-1:000000000000:table/{PREFIX}{table}"
            ),
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def request(self) -> ApplyRequest:
        """Return what the records of one run say; each has a transaction id of its own."""
        number = next(self._transactions)
        return ApplyRequest(
            actor=Actor("ada@example.com", "9f1e0aa", "envctl", "cli"),
            transaction=f"run-{number}",
            revision="9f1e0aa",
            plan_digest="7c41e9",
        )

    def item(self, table: str, **key: Any) -> Item | None:
        """Return an item as it is."""
        return self.store.get(PREFIX + table, key)

    def records(self) -> list[LedgerRecord]:
        """Return the ledger, by sequence."""
        return records_in(self.store)

    def meddles(self, table: str, **item: Any) -> None:
        """Write an item as somebody else would."""
        self.store.put(PREFIX + table, item)

    def converges(self, worker: str = "worker-b") -> CommitResult:
        """Let a fresh worker take over, plan and apply."""
        return self.worker(worker).takes(take_over=True).applies()

    def check_ledger(self) -> None:
        """Assert that the chain has no gap and no double and ends at the head, and that items are what it says."""
        records = self.records()
        assert [record.sequence for record in records] == list(range(1, len(records) + 1))
        last = ""
        for record in records:
            assert record.previous_hash == last
            assert record_hash(record) == record.hash
            last = record.hash
        head = self.leases.read("config")
        assert head is not None
        assert (head.sequence, head.last_hash) == (len(records), last)
        self._check_replay(records)

    def _check_replay(self, records: Sequence[LedgerRecord]) -> None:
        newest = {(r.entity_type, r.entity_key, r.entity_range): r for r in records}
        told = Counter(
            (table, dump_plain(record.new_value))
            for (table, *_), record in newest.items()
            if record.new_value is not None
        )
        held = Counter(
            (table, dump_plain({name: item[name] for name in item if name not in META}))
            for table in self.store.definitions
            for item in self.store.items(table)
        )
        assert not told - held


@dataclass
class Worker:
    """Somebody who owns a scope for a while."""

    estate: Estate
    name: str
    head: Head | None = None
    emit: Emit = discard_event

    def takes(self, scope: str = "config", **claim: Any) -> "Worker":
        """Become the owner of a scope."""
        self.head = self.estate.leases.take(scope, Claim(self.name, **claim))
        return self

    def applies(
        self, changes: Iterable[Change] | None = None, storage: Storage | None = None
    ) -> CommitResult:
        """Apply changes: those due, if none are given."""
        assert self.head is not None
        writer = ScopeWriter(
            storage or self.estate.storage,
            self.estate.request(),
            LeaseKeeper(self.head, (storage or self.estate.storage).leases),
            self.emit,
        )
        result = commit_changes(tuple(self.estate.plans() if changes is None else changes), writer)
        self.head = writer.lease.head
        return result
