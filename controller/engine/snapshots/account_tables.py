"""Tables of accounts taken into a snapshot as they are there: copies of the master's, which a restore never puts back."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from controller.aws.errors import TableMissing
from controller.aws.tables import MAX_SEGMENTS, scan_lines
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import Unobserved
from controller.errors import EnvctlError
from controller.model.live import LiveScope
from controller.model.table import TableDefinition
from controller.ports import LiveReads
from controller.snapshots.manifest import AccountTables, TableFile
from controller.snapshots.store import SnapshotStore
from controller.snapshots.write import ArrayWriter
from controller.targets.replica_parts.replicated import what_is_copied

Pages = Iterable[Sequence[bytes]]
_OFF: Final = "off"


class WayIn(NamedTuple):
    """One account and region, and AWS as its role may read it, or why nothing is read there."""

    scope: LiveScope
    reads: LiveReads | Unobserved


def ways_in(accounts: LiveAccounts, now: datetime) -> tuple[WayIn, ...]:
    """Return every account and region that the tables name, but the master's own and those with ``mode: off``.

    Raises as reading the config tables; what is wrong with one account is its way in.
    """
    installation = accounts.installation
    accepted = accounts.accepted(installation.tables.observe(), now)
    own = installation.master.aws.own_account()
    setups = [
        setup
        for setup in accounts.scopes(accepted)
        if setup.scope.account != own and setup.mode != _OFF
    ]
    return tuple(
        WayIn(setup.scope, reads)
        for setup, reads in zip(setups, accounts.reads(accepted, setups), strict=True)
    )


class _UnreadError(Exception):
    """An account did not give a table: what is wrong is its own, and ends no snapshot."""

    def __init__(self, error: EnvctlError) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class AccountScan:
    """Takes tables of accounts into a snapshot, each as it is scanned: nothing is rolled forward, and little memory is taken.

    ``paced`` lets pages through as fast as the order says; ``tell`` is told how many items each had; ``written`` gets every key.
    """

    store: SnapshotStore
    snapshot: str
    paced: Callable[[Pages], Pages]
    tell: Callable[[int], None]
    written: list[str]

    def take(self, way: WayIn) -> AccountTables:
        """Take the copied tables that an account has. Raises as writing the store; what cannot be read is said in the result."""
        scope, files, wrong = way.scope, list[TableFile](), ""
        if isinstance(way.reads, Unobserved):
            wrong = way.reads.error.message
        else:
            try:
                for table in what_is_copied(way.reads).tables.values():
                    file = self._table(way.reads, table)
                    files += [file] if file is not None else []
            except _UnreadError as unread:
                wrong = unread.error.message
        return AccountTables(
            scope=scope.name,
            account=scope.account,
            region=scope.region,
            tables=tuple(files),
            wrong=wrong,
        )

    def _table(self, reads: LiveReads, table: TableDefinition) -> TableFile | None:
        """Write one table; None where the account has none."""
        folder = f"accounts/{reads.scope.account}/{reads.scope.region}/"
        key = f"{self.snapshot}/{folder}{table.name}.json.gz"
        self.written.append(key)
        try:
            with self.store.writing(key) as output:
                writer = ArrayWriter(output)
                for page in self.paced(_pages(reads, table)):
                    writer.add(page)
                    self.tell(len(page))
                writer.finish()
        except _UnreadError as unread:
            if isinstance(unread.error, TableMissing):
                return None
            raise
        return writer.described(table, folder)


def _pages(reads: LiveReads, table: TableDefinition) -> Iterator[Sequence[bytes]]:
    physical = reads.options.resource_prefix + table.name
    try:
        yield from scan_lines(reads.client("dynamodb"), physical, MAX_SEGMENTS)
    except EnvctlError as error:
        raise _UnreadError(error) from error
