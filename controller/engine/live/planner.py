"""Live scopes from a look to a plan, many side by side; what is wrong with one never stops another."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from controller.decisions.barriers import Belongings, live_barriers
from controller.engine.live.found_done import failed_and_found_done
from controller.engine.live.observe import (
    Observer,
    Part,
    ScopeSetup,
    ScopeView,
    Unobserved,
    unseen,
)
from controller.errors import EnvctlError, NotAppliedYet
from controller.ledger.ownership import deleted_by_us, is_towards, unfinished
from controller.model.canonical import parse_canonical
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import Cause, Change, Note, NoteCategory, PlanOptions, ScopePlan
from controller.model.ref import Reason, ResourceRef
from controller.planning.authors import with_live_author
from controller.planning.diff import DiffOptions, DiffResult, departing, diff
from controller.planning.drift_history import DriftHistory, Storm
from controller.planning.overrides import suspended_in_accounts
from controller.planning.scope_plan import Barrier, ScopeOptions, finish, to_be_made
from controller.planning.wording import what_text
from controller.ports import LiveTarget, Projected, Shaping
from controller.settings import Mode, Settings

ENVIRONMENTS: Final = "ConfigEnvironments"
"""Category of notes on what a guard would refuse if the target were enforced."""

_NO_SHAPING: Final = Shaping()


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlanOptions(PlanOptions):
    """How live scopes are planned. ``histories`` of drift, and how many ``looks`` were written before this one, are by scope.

    ``deep`` looks closely, which takes many more calls. ``only`` names objects to plan for, None for all; ``targets``
    names targets, empty for all.
    """

    deep: bool = False
    targets: Sequence[str] = ()
    only: frozenset[ResourceRef] | None = None
    histories: Mapping[str, DriftHistory] = field(default_factory=dict)
    looks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LiveScopePlan:
    """One scope: what would be done (``ok`` or ``refused``), what is only observed, what is not known, and how it was seen.

    ``plans`` are of one scope and so of one name; each has a state of its own.
    """

    setup: ScopeSetup
    plans: tuple[ScopePlan, ...]
    view: ScopeView
    storms: tuple[Storm, ...] = ()
    denied: bool = False
    unfinished: frozenset[ResourceRef] = frozenset()
    """Objects that may be as a change of ours left them that did not end well: to put them back is no flip."""
    found_done: tuple[LedgerRecord, ...] = ()
    """Of a closer look: what the ledger says could not be made, and is there as it was to be."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of all its plans."""
        return tuple(note for plan in self.plans for note in plan.notes)

    @property
    def to_do(self) -> tuple[Change, ...]:
        """The changes that may be made, of all its plans."""
        return tuple(change for plan in self.plans for change in to_be_made(plan))


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlanner(Observer):
    """Plans live scopes from an accepted state."""

    settings: Settings
    targets: Sequence[LiveTarget]
    broken: Mapping[str, EnvctlError] = field(default_factory=dict)
    """Why accounts, by number, cannot be reached."""

    def plan_one(self, setup: ScopeSetup, asked: LivePlanOptions) -> LiveScopePlan:
        """Plan one scope. What cannot be read is its state, not an error."""
        if setup.scope.account in self.broken:
            why = unseen(self.broken[setup.scope.account], setup)
            return _Scope(self, ScopeView(setup, unknown={"": why}), asked).planned()
        wanted = [
            (target, mode)
            for target in self.targets
            if (mode := self.settings.targets.of(target.name, setup.mode)) != "off"
            and (not asked.targets or target.name in asked.targets)
        ]
        if not wanted:
            return LiveScopePlan(setup, (), ScopeView(setup))
        view = self.view(setup, wanted, asked.now, deep=asked.deep)
        return _Scope(self, view, asked).planned()


@dataclass(frozen=True, slots=True)
class _Scope:
    """The plan of one view."""

    planner: LivePlanner
    view: ScopeView
    asked: LivePlanOptions
    storms: list[Storm] = field(default_factory=list)
    unfinished: set[ResourceRef] = field(default_factory=set)

    def planned(self) -> LiveScopePlan:
        view = self.view
        plans = [self._of_mode(mode) for mode in ("enforce", "observe")]
        plans += [self._unseen(why, name) for name, why in sorted(view.unknown.items())]
        history, enforced = self.planner.history, (p for p in view.parts if p.mode == "enforce")
        found = [failed_and_found_done(part, history) for part in enforced if self.asked.deep]
        return LiveScopePlan(
            view.setup,
            tuple(plan for plan in plans if plan is not None),
            view,
            tuple(self.storms),
            denied=any(why.denied for why in view.unknown.values()),
            unfinished=frozenset(self.unfinished),
            found_done=tuple(chain.from_iterable(found)),
        )

    def _unseen(self, why: Unobserved, target: str) -> ScopePlan:
        error, reason = why.error, why.reason
        # What does not say from where it comes is by a target itself, and begins with its name.
        if target and error.part not in ("", target):
            reason = Reason(f"target {target}: {error.message}", detail=error.detail, fix=error.fix)
        return ScopePlan(
            self.view.setup.scope.name,
            why.state,
            reason=reason,
            awaits_run=isinstance(error, NotAppliedYet),
        )

    def _of_mode(self, mode: Mode) -> ScopePlan | None:
        parts = [part for part in self.view.parts if part.mode == mode]
        if not parts:
            return None
        state = ScopeState.OK if mode == "enforce" else ScopeState.OBSERVE
        text = "; ".join(f"targets.{part.target.name}: observe" for part in parts)
        if self.view.setup.mode == "observe":
            text = f"Account/{self.view.setup.scope.account_name} has mode: observe"
        observed = ObservedState(
            self.view.setup.scope.name,
            state,
            {ref: found for part in parts for ref, found in part.observed.objects.items()},
            Reason() if mode == "enforce" else Reason(text),
        )
        options = ScopeOptions(
            diff=DiffOptions(target="", now=self.asked.now),
            limits=self.planner.settings.guards,
            # Where nothing is done, nothing has to be approved.
            approvals=self.asked.approvals if mode == "enforce" else None,
            barriers=(*self._barriers(parts), *(b for p in parts for b in p.projected.barriers)),
        )
        made = finish(observed, [self._compared(part) for part in parts], options)
        notes = [note for part in parts for note in part.projected.notes]
        made = replace(made, notes=tuple(sorted({*made.notes, *notes})))
        return _only_observed(made) if mode == "observe" else made

    def _compared(self, part: Part) -> DiffResult:
        """Compare what a target wants with what it found, without what it leaves, and in its own words."""
        left, only = part.projected.left, self.asked.only
        projections, objects = part.projected.projections, part.observed.objects
        counted = (projections.keys() | objects.keys() if only is None else only) - left
        wanted = {ref: projections[ref] for ref in projections if ref in counted}
        found = {ref: objects[ref] for ref in objects if ref in counted}
        observed = replace(part.observed, objects=found)
        overrides, is_ours = self.planner.accepted.overrides, self.planner.is_ours
        held = suspended_in_accounts(overrides) if overrides else frozenset[ResourceRef]()
        if held and part.projected.waits_for_environment:
            held |= {
                ref
                for ref, name in part.projected.environments.items()
                if ResourceRef("Environment", name) in held
            }
        options = DiffOptions(
            target=part.target.name,
            now=self.asked.now,
            adopt=self.asked.adopt,
            suspended=held,
            unrecorded=frozenset(
                # Those that carry our mark.
                ref
                for ref in departing(wanted, observed)
                if not is_ours(ref, marked=True)
            ),
            removed_outside=frozenset(filter(is_ours, wanted.keys() - found.keys())),
            edited_as=self.asked.edited_as,
            origins=part.projected.origins,
        )
        result = diff(wanted, observed, options)
        shaped = tuple(self._shaped(change, part.projected) for change in result.changes)
        missing = left - objects.keys()
        if not any(change.cause is Cause.DRIFTED for change in shaped):
            return DiffResult(shaped, result.notes, result.withheld | missing)
        changes = [self._continued(change) for change in shaped]
        calm, notes = self._without_storms(changes, part)
        return DiffResult(calm, (*result.notes, *notes), result.withheld | missing)

    def _shaped(self, change: Change, projected: Projected) -> Change:
        """Return a change with what its target knows of it.

        Of one whose environment is overridden it is said: no line of the YAML may account for it.
        """
        shaping = projected.shapings.get(change.ref, _NO_SHAPING)
        because = change.because if shaping.because is None else shaping.because
        environment = ResourceRef("Environment", projected.environments.get(change.ref, ""))
        overrides = self.planner.accepted.overrides if projected.waits_for_environment else ()
        told = ", ".join(what_text(o) for o in overrides if o.ref == environment)
        if told:
            said = (because, f"{environment.key} is overridden: {told}")
            because = "; ".join(filter(None, said))
        return with_live_author(
            change,
            environment,
            self.planner.accepted,
            action=shaping.action or change.action,
            origin=change.origin or projected.origins.get(change.ref),
            cause=shaping.cause or change.cause,
            because=because,
            effects=shaping.effects or change.effects,
            depends_on=tuple(dict.fromkeys((*change.depends_on, *shaping.depends_on))),
        )

    def _continued(self, change: Change) -> Change:
        """Return a change that goes on with what a run of ours left half done as what it was begun as: nobody else did it."""
        if change.cause is not Cause.DRIFTED or change.after is None:
            return change
        history = self.planner.history.of_item(change.ref.kind, change.ref.key, None)
        begun = unfinished(history)
        if begun is None:
            return change
        self.unfinished.add(change.ref)
        leads_on = is_towards(begun, parse_canonical(change.after))
        if not leads_on or begun.cause not in frozenset(Cause):
            return change
        text = "goes on with what an earlier run began and did not end"
        return replace(change, cause=Cause(begun.cause), because=text)

    def _without_storms(
        self, changes: Sequence[Change], part: Part
    ) -> tuple[tuple[Change, ...], tuple[Note, ...]]:
        history = self.asked.histories.get(self.view.setup.scope.name, DriftHistory())
        found = history.storms(
            changes,
            self.asked.now,
            ours="envctl",
            # Who else writes objects, as far as the target found out: Kind/key -> name.
            theirs={
                ResourceRef.parse(ref): str(name)
                for ref, name in part.observed.facts.get("writers", {}).items()
            },
        )
        self.storms.extend(found)
        stormy = {storm.ref for storm in found}
        return (
            tuple(change for change in changes if change.ref not in stormy),
            tuple(Note(NoteCategory.BLOCKED, storm.ref, storm.text) for storm in found),
        )

    def _barriers(self, parts: Sequence[Part]) -> Iterator[Barrier]:
        waiting = tuple(p.target.name for p in parts if p.projected.waits_for_environment)
        if not waiting:
            return

        def departed(environment: str) -> bool:
            table = self.planner.settings.resource_prefix + ENVIRONMENTS
            of_item = self.planner.history.of_item(table, environment, None)
            return deleted_by_us(of_item, CONFIG_SCOPE)

        belongings = Belongings(
            {ref: name for part in parts for ref, name in part.projected.environments.items()},
            waiting,
            tuple(p.target.name for p in parts if p.projected.deletes_end_instances),
            frozenset().union(*(part.projected.emptied for part in parts)),
        )
        yield from live_barriers(self.planner.accepted, belongings, self.asked.now, departed)


def _only_observed(made: ScopePlan) -> ScopePlan:
    """Return the plan of what is only looked at: nothing of it can be refused, as nothing of it is done."""
    notes = [
        Note(NoteCategory.GUARD, ref, f"would be refused by {violation.guard}: {violation.message}")
        for violation in made.violations
        if not violation.overridden
        for ref in violation.counted[:1]
    ]
    return replace(
        made,
        state=ScopeState.OBSERVE,
        violations=(),
        notes=tuple(sorted({*made.notes, *notes})),
    )
