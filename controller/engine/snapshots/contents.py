"""What a snapshot holds, as the tables would be read: its items, its objects with their marks, its overrides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from controller.aws.items import Item, from_wire
from controller.engine.installation.installation import Installation
from controller.engine.state.override_rows import override_rows_in, overrides_of_row
from controller.errors import DamagedState, WrongUsage
from controller.kinds.language.kind import Kinds
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import ObservedState, ScopeState
from controller.model.override import Override
from controller.snapshots.manifest import Manifest, TableFile
from controller.snapshots.read import read_table
from controller.snapshots.store import SnapshotStore
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.tables import Tables


@dataclass(frozen=True, slots=True)
class SnapshotItems:
    """Tables of a snapshot, the master's or those of one account, read like tables of DynamoDB, by their physical names of then."""

    store: SnapshotStore
    manifest: Manifest
    tables: tuple[TableFile, ...]

    def scan(self, table: str, segments: int = 1) -> Iterator[Item]:
        """Yield every item of a table; none of a table that there was not yet. Raises as ``read_table``."""
        for file in self.tables:
            if self.manifest.prefix + file.name == table:
                yield from map(from_wire, read_table(self.store, self.manifest, file))


class NoHistory:
    """The ledger is not asked about a snapshot: what had no mark then is nobody's."""

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterable[LedgerRecord]:
        """Return nothing."""
        return ()


def observed_in(store: SnapshotStore, manifest: Manifest, kinds: Kinds) -> ObservedState:
    """Return the objects of a snapshot as a look at the tables would have given them.

    All are held in memory. Raises DamagedState for a file that is not as it was written, and as reading the store.
    """
    seen = Tables(
        SnapshotItems(store, manifest, manifest.tables),
        kinds.values(),
        installation=manifest.installation,
        prefix=manifest.prefix,
        history=NoHistory(),
    ).observe()
    if seen.state is not ScopeState.OK:
        said = seen.reason.message.removeprefix(f"snapshot {manifest.id}: ")
        raise DamagedState(f"snapshot {manifest.id}: {said}", detail=seen.reason.below)
    return seen


def overrides_in(store: SnapshotStore, manifest: Manifest) -> tuple[Override, ...]:
    """Return the overrides a snapshot holds, ended ones too. Raises as ``read_table``, DamagedState for a damaged row."""
    items = SnapshotItems(store, manifest, manifest.tables)
    rows = items.scan(manifest.prefix + STATE_TABLE.name)
    return tuple(made for row in override_rows_in(rows) for made in overrides_of_row(row))


def check_home(manifest: Manifest, installation: Installation, account: str) -> None:
    """Return if a snapshot is one of this installation. Raises WrongUsage for a foreign one, saying whose it is."""
    if manifest.account != account:
        raise WrongUsage(
            f"snapshot {manifest.id}: it is of account {manifest.account}, and this is account {account}",
            fix="use the settings of the installation it was taken of",
        )
    if manifest.installation != installation.id:
        raise WrongUsage(
            f"snapshot {manifest.id}: it is of another installation of this account ({manifest.installation})",
            fix="use the settings of the installation it was taken of: its region and resourcePrefix",
        )
