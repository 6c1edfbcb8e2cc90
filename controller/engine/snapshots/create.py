"""A snapshot taken: the tables scanned, rolled forward to one position of the ledger, written, the manifest last."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controller import __version__
from controller.aws.items import WireItem
from controller.aws.tables import MAX_SEGMENTS, scan_lines
from controller.catalog import kind_tables
from controller.engine.installation.installation import Installation
from controller.engine.snapshots.account_tables import AccountScan, WayIn
from controller.engine.snapshots.roll_forward import RollForward, Settled
from controller.engine.state.override_rows import RECORDED_PREFIXES
from controller.engine.state.rows import statuses_in
from controller.errors import EnvctlError
from controller.events import Emit, SnapshotProgressed, SnapshotTaken, discard_event
from controller.ledger.heads import HEAD_PREFIX, head_of_row
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.ledger_record import Head
from controller.model.observed import CONFIG_SCOPE
from controller.model.table import TableDefinition
from controller.snapshots.manifest import (
    FORMAT,
    MANIFEST,
    Anchor,
    Manifest,
    TableFile,
    dump_manifest,
    new_snapshot_id,
)
from controller.snapshots.store import SnapshotStore
from controller.snapshots.write import Spooled, spool_table, store_table
from controller.targets.table_items.definitions import STATE_TABLE

MEGABYTE: Final = 1_000_000


@dataclass(slots=True)
class Pace:
    """Lets no more bytes a second through than asked; 0 is no limit. ``clock`` is a steady one in seconds."""

    bytes_per_s: float
    sleep: Callable[[float], None]
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _passed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Begin to count now."""
        self._began = self.clock()

    def take(self, count: int) -> None:
        """Wait until so many more bytes may have been read."""
        if self.bytes_per_s:
            self._passed += count
            ahead_s = self._passed / self.bytes_per_s - (self.clock() - self._began)
            if ahead_s > 0:
                self.sleep(ahead_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotOrder:
    """Who takes a snapshot, and of what besides the config tables and the overrides."""

    requester: str
    with_ledger: bool = False
    accounts: tuple[WayIn, ...] = ()
    """Those whose tables are taken, too."""
    megabytes_per_s: float = 0.0
    """How fast tables are read at most; 0 is no limit."""


def create_snapshot(
    installation: Installation,
    store: SnapshotStore,
    order: SnapshotOrder,
    emit: Emit = discard_event,
) -> Manifest:
    """Take a snapshot; return its manifest once it is written. Memory stays flat; the compressed tables pass the disk.

    Raises as reading the tables and the ledger, and as writing the store; what was written by then is taken away again.
    """
    taking = _Taking(installation, store, order, emit)
    with tempfile.TemporaryDirectory(prefix="envctl-snapshot-") as folder:
        return taking.take(Path(folder))


@dataclass(slots=True)
class _Taking:
    installation: Installation
    store: SnapshotStore
    order: SnapshotOrder
    emit: Emit
    _read: int = field(default=0, init=False)

    def take(self, folder: Path) -> Manifest:
        master = self.installation.master
        began = master.process.clock()
        # By then it is known whose credentials these are, too: before anything is written.
        account = master.aws.own_account()
        before = self.installation.leases.read(CONFIG_SCOPE)
        tables = snapshot_tables(self.installation, with_ledger=self.order.with_ledger)
        spooled = [self._spool(table, folder) for table in tables]
        settled = RollForward(
            self.installation,
            {table.name: table.prefixed(master.settings.resource_prefix) for table in tables},
            before.sequence if before is not None else 0,
            master.process.sleep,
        ).settle()
        read_until = master.process.clock()
        snapshot, written = new_snapshot_id(began), list[str]()
        try:
            files = tuple(self._stored(snapshot, spooled, settled, written))
            scan = AccountScan(self.store, snapshot, self._paced, self._tell, written)
            accounts = tuple(map(scan.take, self.order.accounts))
            rows = list(master.store.scan(master.state_table))
            manifest = Manifest(
                format=FORMAT,
                id=snapshot,
                installation=self.installation.id,
                account=account,
                region=master.settings.region,
                prefix=master.settings.resource_prefix,
                controller_version=__version__,
                created_at=began,
                read_until=read_until,
                created_by=self.order.requester,
                revision=_revision(rows),
                position=settled.position,
                unverified=settled.unverified,
                anchors=tuple(_anchors(rows)),
                tables=files,
                accounts=accounts,
            )
            self.store.put(f"{snapshot}/{MANIFEST}", dump_manifest(manifest))
        except EnvctlError as error:
            # Without its manifest it is no snapshot, only bytes that cost something.
            try:
                self.store.delete(written)
            except EnvctlError as left:
                raise error from left
            raise
        seconds = (master.process.clock() - began).total_seconds()
        self.emit(SnapshotTaken(snapshot, manifest.items, manifest.stored_bytes, seconds))
        return manifest

    def _spool(self, table: TableDefinition, folder: Path) -> Spooled:
        master = self.installation.master
        physical = master.settings.resource_prefix + table.name
        keep = _is_recorded if table == STATE_TABLE else _is_any
        pages = scan_lines(master.client, physical, MAX_SEGMENTS, keep)
        return spool_table(table, self._paced(pages), folder, self._tell)

    def _stored(
        self, snapshot: str, spooled: Iterable[Spooled], settled: Settled, written: list[str]
    ) -> Iterator[TableFile]:
        """Put the master's tables into the store, each as it was at the position; ``written`` gets every key."""
        for table in spooled:
            written.append(f"{snapshot}/{table.described.file}")
            changed = settled.changed.get(table.table.name, {})
            yield store_table(self.store, snapshot, table, changed)

    def _paced(self, pages: Iterable[Sequence[bytes]]) -> Iterator[Sequence[bytes]]:
        sleep = self.installation.master.process.sleep
        pace = Pace(self.order.megabytes_per_s * MEGABYTE, sleep)
        for page in pages:
            self.installation.master.process.interruption.check()
            if pace.bytes_per_s:
                pace.take(sum(map(len, page)))
            yield page

    def _tell(self, count: int) -> None:
        self._read += count
        self.emit(SnapshotProgressed("copied", self._read, 0))


def snapshot_tables(
    installation: Installation, *, with_ledger: bool = False
) -> tuple[TableDefinition, ...]:
    """Return the tables of a snapshot under their logical names: those of the kinds, and that of the overrides' rows."""
    tables = (*kind_tables(installation.master.kinds.values()), STATE_TABLE)
    return (*tables, LEDGER_TABLE) if with_ledger else tables


def _is_recorded(item: WireItem) -> bool:
    return bool(item["Id"]["S"].startswith(RECORDED_PREFIXES))


def _is_any(_: WireItem) -> bool:
    return True


def _revision(rows: Iterable[dict[str, object]]) -> str:
    """Return the revision last applied to the config tables; empty where that is not known."""
    found = statuses_in(rows).get(CONFIG_SCOPE)
    return found.revision if found is not None else ""


def _anchors(rows: Iterable[dict[str, object]]) -> Iterator[Anchor]:
    for row in rows:
        scope = str(row["Id"]).removeprefix(HEAD_PREFIX)
        if scope != row["Id"]:
            head: Head = head_of_row(scope, row)
            yield Anchor(scope=scope, sequence=head.sequence, hash=head.last_hash, epoch=head.epoch)
