"""A restore: what a snapshot has otherwise, put back, with the snapshot's overrides and, for a new installation, its heads."""

from dataclasses import dataclass
from typing import Final

from controller.engine.config.observe import observe_config
from controller.engine.overrides.put_back import PreparedPutBack, PutBack
from controller.engine.reconcile.combined_plan import ReconcileRequest, refusal_of
from controller.engine.reconcile.reconciler import Reconciled
from controller.engine.snapshots.contents import check_home, overrides_in
from controller.engine.snapshots.source import SnapshotSource
from controller.engine.state.override_commit import record_row
from controller.engine.state.override_rows import GENESIS_PREFIX
from controller.model.ledger_record import ItemWrite
from controller.model.observed import Ownership
from controller.model.override import Override
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.planning.overrides import is_held, is_of_tag
from controller.snapshots.manifest import Manifest
from controller.targets.table_items.definitions import STATE_TABLE

GENESIS: Final = "genesis"
"""Cause of the record that says which snapshot the tables of a new installation were made of."""


@dataclass(frozen=True, slots=True)
class PreparedRestore(PreparedPutBack):
    """A restore that was planned and not begun.

    ``back`` are the overrides of the snapshot that hold still and are not there.
    """

    back: tuple[Override, ...]
    is_genesis: bool
    copies_left: tuple[str, ...] = ()
    """Accounts and regions whose tables the snapshot has: copies, which follow the config tables and are not put back."""

    @property
    def writes(self) -> bool:
        """Tell whether anything is written before the first change: never for what a guard refuses."""
        of_config = super(PreparedRestore, self).writes
        return of_config or (bool(self.back) and refusal_of(self.planned) is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorer:
    """Puts back what a snapshot holds."""

    run: PutBack
    source: SnapshotSource

    def prepare(self, request: ReconcileRequest) -> PreparedRestore:
        """Plan the restore; nothing is written.

        Raises as ``PutBack.prepare``, and WrongUsage for the snapshot of another installation where this one has objects of its own.
        """
        is_genesis = self._is_genesis()
        seen = observe_config(self.run.accounts.installation)
        made = self.run.prepare(seen, request)
        back = self._back({override.id for override in seen.overrides})
        left = tuple(found.scope for found in self.source.manifest.accounts)
        return PreparedRestore(made.planned, made.held, made.superseded, back, is_genesis, left)

    def carry_out(self, prepared: PreparedRestore, request: ReconcileRequest) -> Reconciled:
        """Write the overrides, then do what was planned. Raises as both, before the first change."""
        run = self.run
        if prepared.is_genesis and prepared.writes:
            storage = run.accounts.installation.storage()
            record_row(storage, self._genesis(), run.order(request), request.claim, run.emit)
        return run.carry_out(prepared, request, prepared.back)

    def _is_genesis(self) -> bool:
        """Tell whether the snapshot is of another installation, which only one that has nothing of its own takes."""
        installation, manifest = self.run.accounts.installation, self.source.manifest
        if manifest.installation == installation.id:
            return False
        tables = installation.tables.observe()
        ours = {Ownership.OURS, Ownership.LOST_MARK}
        if any(found.ownership in ours for found in tables.objects.values()):
            check_home(manifest, installation, installation.master.aws.own_account())
        return True

    def _back(self, known: set[str]) -> tuple[Override, ...]:
        """Return the snapshot's overrides that a whole restore puts back: those whose time is not up, and that are not there."""
        if not self.source.selection.is_all:
            return ()
        now = self.run.clock()
        return tuple(
            made
            for made in overrides_in(self.source.store, self.source.manifest)
            if made.id not in known
            and not is_of_tag(made)
            and not is_held(made)
            and (made.until is None or made.until > now)
        )

    def _genesis(self) -> ItemWrite:
        manifest: Manifest = self.source.manifest
        key = {"Id": GENESIS_PREFIX + manifest.id}
        heads = [
            {"Scope": anchor.scope, "Sequence": anchor.sequence, "Hash": anchor.hash}
            for anchor in manifest.anchors
        ]
        row = {
            **key,
            "Snapshot": manifest.id,
            "Installation": manifest.installation,
            "Account": manifest.account,
            "Heads": heads,
        }
        ref = ResourceRef("Snapshot", manifest.id)
        return ItemWrite(STATE_TABLE.name, key, None, row, ref, GENESIS, "", UNKNOWN_AUTHORSHIP)
