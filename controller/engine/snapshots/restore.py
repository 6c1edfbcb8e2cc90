"""A restore: a plan whose source is a snapshot, the overrides that hold what it puts back, and both carried out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.config.observe import OVERRIDES, ObservedConfig, observe_config
from controller.engine.config.planner import Planner
from controller.engine.desired.accepted import accepted_after
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.held import HoldAsked, holding_overrides, is_held
from controller.engine.reconcile.combined_plan import CombinedPlan, ReconcileRequest, refusal_of
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.engine.snapshots.contents import check_home, overrides_in
from controller.engine.snapshots.source import SnapshotSource
from controller.engine.state.override_commit import (
    Ending,
    end_overrides,
    make_overrides,
    record_row,
)
from controller.engine.state.rows import GENESIS_PREFIX, row_of_override
from controller.errors import InvalidDesiredState, SourceUnavailable, WrongUsage
from controller.events import Emit, discard_event
from controller.model.ledger_record import ItemWrite
from controller.model.observed import CONFIG_SCOPE, ObservedState, Ownership
from controller.model.override import Override
from controller.model.plan import Change, PlanOptions
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.planning.overrides import is_of_tag
from controller.snapshots.manifest import Manifest
from controller.targets.table_items.definitions import STATE_TABLE

GENESIS: Final = "genesis"
"""Cause of the record that says which snapshot the tables of a new installation were made of."""


@dataclass(frozen=True, slots=True)
class PreparedRestore:
    """A restore that was planned and not begun.

    ``held`` are overrides that are written before the first change, ``back`` those of the snapshot that hold still and are not
    there, ``superseded`` those of earlier restores that end.
    """

    planned: CombinedPlan
    held: tuple[Override, ...]
    back: tuple[Override, ...]
    superseded: tuple[Override, ...]
    is_genesis: bool

    @property
    def writes(self) -> bool:
        """Tell whether anything is written before the first change: never for what a guard refuses."""
        of_config = bool(_config_changes(self.planned))
        return of_config or (bool(self.back) and refusal_of(self.planned) is None)

    @property
    def waits_for_a_word(self) -> bool:
        """Tell whether carrying it out writes anything: somebody is to be asked."""
        return self.planned.acts or self.writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Restorer:
    """Puts back what a snapshot holds. ``own`` plans the settings' own source; None where they name none."""

    accounts: LiveAccounts
    source: SnapshotSource
    planner: Planner
    own: Planner | None
    clock: Callable[[], datetime]
    until: datetime | None = None
    """When what is put back ends to hold; None: when Git changes the document."""
    reason: str = ""
    emit: Emit = discard_event

    def prepare(self, request: ReconcileRequest) -> PreparedRestore:
        """Plan the restore; nothing is written.

        Raises as planning; WrongUsage for the snapshot of another installation where this one has objects of its own, and where
        the settings' own source cannot be read and no end is given.
        """
        is_genesis = self._is_genesis()
        seen = observe_config(self.accounts.installation)
        planned = self._reconciler().plan(request)
        observed = planned.observed
        changes = _config_changes(planned)
        held = self._held(planned, observed, changes, request.requester.name)
        known = {made.id for made in seen.overrides}
        changed = {change.ref for change in changes}
        fresh = tuple(made for made in held if made.id not in known)
        wanted = {made.id for made in held}
        superseded = tuple(
            made
            for made in seen.overrides
            if is_held(made) and made.ref in changed and made.id not in wanted
        )
        return PreparedRestore(planned, fresh, self._back(known), superseded, is_genesis)

    def carry_out(self, prepared: PreparedRestore, request: ReconcileRequest) -> Reconciled:
        """Write the overrides, then do what was planned. Raises as both, before the first change."""
        storage = self.accounts.installation.storage()
        if prepared.writes:
            apply = ApplyRequest(
                actor=request.requester.as_applier(self.source.name),
                transaction=new_run_id(self.clock()),
                revision=self.source.name,
            )
            if prepared.is_genesis:
                record_row(storage, self._genesis(), apply, request.claim, self.emit)
            made = (*prepared.held, *prepared.back)
            if made:
                make_overrides(storage, made, apply, request.claim, self.emit)
            why = f"{self.source.name} was restored over it"
            endings = [Ending(override, why) for override in prepared.superseded]
            end_overrides(storage, endings, apply, request.claim, self.emit)
        return self._reconciler(prepared.back).apply(prepared.planned, request)

    def _reconciler(self, back: Sequence[Override] = ()) -> Reconciler:
        """Return what plans the snapshot; overrides that were put ``back`` since are not held against it."""
        known = {made.id for made in back}

        def observe(installation: Installation) -> ObservedConfig:
            seen = observe_config(installation)
            # What an earlier restore holds is not held against this one: it says anew what is to be.
            gone = [made for made in seen.overrides if is_held(made) or made.id in known]
            return _without(seen, gone)

        return Reconciler(
            planner=self.planner,
            live=self.accounts,
            clock=self.clock,
            own_source=False,
            observe=observe,
            emit=self.emit,
        )

    def _is_genesis(self) -> bool:
        """Tell whether the snapshot is of another installation, which only one that has nothing of its own takes."""
        installation, manifest = self.accounts.installation, self.source.manifest
        if manifest.installation == installation.id:
            return False
        tables = installation.tables.observe()
        ours = {Ownership.OURS, Ownership.LOST_MARK}
        if any(found.ownership in ours for found in tables.objects.values()):
            check_home(manifest, installation, installation.master.aws.assert_identity(""))
        return True

    def _held(
        self,
        planned: CombinedPlan,
        observed: ObservedConfig,
        changes: tuple[Change, ...],
        actor: str,
    ) -> tuple[Override, ...]:
        if not changes or self.own is None or planned.config is None:
            return ()
        own = self._own_revision()
        asked = HoldAsked(
            source=self.source.name,
            actor=actor,
            reason=self.reason or f"restored from {self.source.name}",
            since=self.clock(),
            until=self.until,
        )
        kinds = self.accounts.installation.master.kinds
        revision = planned.config.revision
        wanted = {**revision.loaded.resources, **revision.beneath}
        held = holding_overrides(changes, wanted, own, kinds, asked)
        if own is None or not held:
            return held
        loose = self._not_held(planned, observed, own, held)
        return holding_overrides(changes, wanted, own, kinds, asked, loose) if loose else held

    def _own_revision(self) -> LoadedRevision | None:
        assert self.own is not None, "asked for where there is one"
        try:
            revision = self.own.load()
            revision.desired  # noqa: B018 - raises what is wrong with it
        except (SourceUnavailable, InvalidDesiredState) as error:
            if self.until is None:
                raise WrongUsage(
                    "the settings' own source cannot be read, so nothing can be held against what it says",
                    detail=f"  {error.message}",
                    fix="add --until TIME: what is put back holds until then; or mend the source first",
                ) from error
            return None
        return revision

    def _not_held(
        self,
        planned: CombinedPlan,
        observed: ObservedConfig,
        own: LoadedRevision,
        held: tuple[Override, ...],
    ) -> frozenset[ResourceRef]:
        """Return the objects that the own source would still change with these overrides: they are held whole."""
        assert self.own is not None, "asked for where there is one"
        assert planned.config is not None, "it has changes"
        after = [
            accepted_after(state, scope)
            for state in observed.scopes
            for scope in planned.config.plan.scopes
            if state.scope == scope.scope == CONFIG_SCOPE
        ]
        rows = [row_of_override(made) for made in (*observed.overrides, *held)]
        scopes = tuple(replace(state, facts={**state.facts, OVERRIDES: rows}) for state in after)
        then = replace(observed, scopes=scopes)
        refs = {made.ref for made in held}
        try:
            run = self.own.plan(own, then, PlanOptions(now=self.clock()))
        except (InvalidDesiredState, WrongUsage):
            # A value of before that does not fit what Git has by now.
            return frozenset(refs)
        return frozenset(change.ref for change in run.plan.changes if change.ref in refs)

    def _back(self, known: set[str]) -> tuple[Override, ...]:
        """Return the snapshot's overrides that a whole restore puts back: those whose time is not up, and that are not there."""
        if not self.source.selection.is_all:
            return ()
        now = self.clock()
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


def _without(seen: ObservedConfig, overrides: list[Override]) -> ObservedConfig:
    gone = {row_of_override(made)["Id"] for made in overrides}

    def cleared(state: ObservedState) -> ObservedState:
        rows = [row for row in state.facts.get(OVERRIDES, ()) if row["Id"] not in gone]
        return replace(state, facts={**state.facts, OVERRIDES: rows})

    return replace(seen, scopes=tuple(map(cleared, seen.scopes))) if gone else seen


def _config_changes(planned: CombinedPlan) -> tuple[Change, ...]:
    if planned.config is None:
        return ()
    return tuple(
        change
        for scope in planned.config.plan.enforced
        if scope.scope == CONFIG_SCOPE
        for change in scope.changes
    )
