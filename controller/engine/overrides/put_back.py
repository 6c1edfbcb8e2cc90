"""Desired state of another source than the settings' own, put into the tables and held there: planned, then carried out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from controller.engine.commit.storage import ApplyRequest, new_run_id
from controller.engine.config.observe import OVERRIDES, ObservedConfig, observe_config
from controller.engine.config.planner import Planner
from controller.engine.desired.accepted import accepted_after
from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.held import HoldAsked, alike, holding_overrides
from controller.engine.reconcile.combined_plan import CombinedPlan, ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciled, Reconciler
from controller.engine.state.override_commit import Ending, end_overrides, make_overrides
from controller.engine.state.override_rows import row_id, rows_of_overrides
from controller.errors import InvalidDesiredState, SourceUnavailable, WrongUsage
from controller.events import Emit, discard_event
from controller.model.observed import CONFIG_SCOPE, ObservedState
from controller.model.override import Override
from controller.model.plan import Change, PlanOptions
from controller.model.ref import ResourceRef
from controller.planning.overrides import is_held
from controller.ports import DesiredSource

Observe = Callable[[Installation], ObservedConfig]
"""Looks at the tables and the controller's own rows."""


@dataclass(frozen=True, slots=True)
class PreparedPutBack:
    """What was planned and not begun.

    ``held`` are parts of one override that is written before the first change, ``superseded`` those of earlier runs of this kind
    that end.
    """

    planned: CombinedPlan
    held: tuple[Override, ...]
    superseded: tuple[Override, ...]

    @property
    def writes(self) -> bool:
        """Tell whether anything is written before the first change: never for what a guard refuses."""
        return bool(_config_changes(self.planned))

    @property
    def waits_for_a_word(self) -> bool:
        """Tell whether carrying it out writes anything: somebody is to be asked."""
        return self.planned.acts or self.writes


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """Puts back what a source has, a snapshot or the ledger. ``own`` plans the settings' own source; None where they name none.

    ``reason`` is why, for everybody who meets the overrides.
    """

    accounts: LiveAccounts
    source: DesiredSource
    planner: Planner
    own: Planner | None
    clock: Callable[[], datetime]
    reason: str
    until: datetime | None = None
    """When what is put back ends to hold; None: when Git changes the document."""
    emit: Emit = discard_event

    @classmethod
    def of(
        cls,
        accounts: LiveAccounts,
        source: DesiredSource,
        own: Planner | None,
        *,
        reason: str,
        until: datetime | None,
        emit: Emit,
    ) -> Self:
        """Return what puts back a source into an installation, planned by its settings and its clock."""
        master = accounts.installation.master
        return cls(
            accounts=accounts,
            source=source,
            planner=Planner(lambda: source, master.settings, master.kinds),
            own=own,
            clock=master.process.clock,
            reason=reason,
            until=until,
            emit=emit,
        )

    def prepare(self, seen: ObservedConfig, request: ReconcileRequest) -> PreparedPutBack:
        """Plan it against what was seen; nothing is written.

        Raises as planning, and WrongUsage where the settings' own source cannot be read and no end is given.
        """
        planned = self._reconciler(lambda _installation: seen).plan(request)
        changes = _config_changes(planned)
        held = self._held(planned, planned.observed, changes, request.requester.name)
        earlier = [made for made in seen.overrides if is_held(made)]
        changed = {change.ref for change in changes}
        # What was begun and not ended holds already what is asked for again.
        known, wanted = set(map(alike, earlier)), set(map(alike, held))
        fresh = tuple(made for made in held if alike(made) not in known)
        superseded = tuple(
            made for made in earlier if made.ref in changed and alike(made) not in wanted
        )
        return PreparedPutBack(planned, fresh, superseded)

    def order(self, request: ReconcileRequest) -> ApplyRequest:
        """Return who writes overrides and rows beside the changes, and what of."""
        return ApplyRequest(
            actor=request.requester.as_applier(self.source.name),
            transaction=new_run_id(self.clock()),
            revision=self.source.name,
        )

    def carry_out(
        self,
        prepared: PreparedPutBack,
        request: ReconcileRequest,
        also: Sequence[Override] = (),
    ) -> Reconciled:
        """Write the overrides, ``also`` further ones, then do what was planned. Raises as both, before the first change."""
        storage = self.accounts.installation.storage()
        if prepared.writes:
            order = self.order(request)
            made = (*prepared.held, *also)
            if made:
                make_overrides(storage, made, order, request.claim, self.emit)
            why = f"{self.source.name} was put back over it"
            endings = [Ending(override, why) for override in prepared.superseded]
            end_overrides(storage, endings, order, request.claim, self.emit)
        return self._reconciler(observe_config, also).apply(prepared.planned, request)

    def _reconciler(self, look: Observe, back: Sequence[Override] = ()) -> Reconciler:
        """Return what plans the source; overrides that were put ``back`` since are not held against it."""
        known = {made.id for made in back}

        def observe(installation: Installation) -> ObservedConfig:
            seen = look(installation)
            # What an earlier run holds is not held against this one: it says anew what is to be.
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
            reason=self.reason,
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
        rows = rows_of_overrides((*observed.overrides, *held))
        scopes = tuple(replace(state, facts={**state.facts, OVERRIDES: rows}) for state in after)
        then = replace(observed, scopes=scopes)
        refs = {made.ref for made in held}
        try:
            run = self.own.plan(own, then, PlanOptions(now=self.clock()))
        except (InvalidDesiredState, WrongUsage):
            # A value of before that does not fit what Git has by now.
            return frozenset(refs)
        return frozenset(change.ref for change in run.plan.changes if change.ref in refs)


def _without(seen: ObservedConfig, overrides: list[Override]) -> ObservedConfig:
    gone = {row_id(made.id) for made in overrides}

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
