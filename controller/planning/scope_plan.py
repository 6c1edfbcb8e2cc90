"""One scope from desired and observed to a plan, its changes in order and held back where they must be; many scopes to one plan.

Locks, freezes, protected actions and things missing hold
single changes back while the rest goes on.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, NamedTuple

from controller.model.canonical import parse_canonical
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState, is_protected
from controller.model.plan import (
    Action,
    Approval,
    Cause,
    Change,
    Note,
    NoteCategory,
    Plan,
    ScopePlan,
    Violation,
)
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.approvals import approve
from controller.planning.diff import NO_REFS, DiffOptions, DiffResult, diff
from controller.planning.edits import known_paths, with_file_edits
from controller.planning.guards import (
    GuardFacts,
    GuardSettings,
    find_violations,
    plan_digest,
    violation_digest,
)
from controller.planning.leaving import is_applied_retired, leaves, left_with_retired
from controller.planning.order import Graph, in_order
from controller.planning.wording import as_applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Something that holds changes of some objects back. An empty set or tuple means any.

    ``guard`` names it in approvals (``freeze@3f9c1a77d0e2b415``); ``because`` is what the reader is told.
    """

    guard: str
    because: str
    refs: AbstractSet[ResourceRef] = NO_REFS
    targets: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    causes: tuple[Cause, ...] = ()
    overridable: bool = True
    lifted: bool = False
    """Only what was applied last says so: the next run is free of it."""

    def blocks(self, change: Change) -> bool:
        """Tell whether the change is one of those held back."""
        return (
            (not self.refs or change.ref in self.refs)
            and (not self.targets or change.target in self.targets)
            and (not self.actions or change.action in self.actions)
            and (not self.causes or change.cause in self.causes)
        )


class Unblocked(NamedTuple):
    """What goes on, what is said of the rest, and the barriers that an approval lifted."""

    changes: tuple[Change, ...]
    notes: tuple[Note, ...] = ()
    lifted: tuple[Violation, ...] = ()
    left_to_next_run: int = 0


def block_changes(
    scope: str,
    changes: Sequence[Change],
    barriers: Iterable[Barrier] = (),
    withheld: AbstractSet[ResourceRef] = NO_REFS,
    approvals: Sequence[Approval] | None = (),
) -> Unblocked:
    """Take out what a barrier holds, and what cannot go on without it.

    A create held back (or an object ``withheld`` from existing) holds what refers to it; a change held back holds the
    leaving of what it still refers to. ``approvals`` lift barriers from exactly the changes they were given for.
    """
    lifted: list[Violation] = []
    holding: list[_Holding] = []
    for barrier in barriers:
        counted = {index: change for index, change in enumerate(changes) if barrier.blocks(change)}
        if not counted:
            continue
        violation = Violation(
            guard=barrier.guard,
            scope=scope,
            message=barrier.because,
            digest=violation_digest(barrier.guard, scope, counted.values()),
            counted=tuple(change.ref for change in counted.values()),
            overridable=barrier.overridable,
        )
        (judged,) = approve((violation,), approvals)
        if judged.overridden:
            lifted.append(judged)
        else:
            holding.append(_Holding(barrier, judged, frozenset(counted)))
    reasons, left_to_next_run = _reasons(holding)
    if reasons or withheld:
        _spread(changes, reasons, withheld)
    return Unblocked(
        tuple(change for index, change in enumerate(changes) if index not in reasons),
        tuple(
            sorted(
                Note(NoteCategory.BLOCKED, changes[index].ref, why)
                for index, why in reasons.items()
            )
        ),
        tuple(lifted),
        left_to_next_run,
    )


class _Holding(NamedTuple):
    """A barrier that nobody lifted, and the places of the changes it holds."""

    barrier: Barrier
    judged: Violation
    places: frozenset[int]

    @property
    def way_out(self) -> str:
        """Return what approves it; empty where nothing does."""
        return self.judged.token if self.judged.overridable else ""


def _reasons(holding: Sequence[_Holding]) -> tuple[dict[int, str], int]:
    """Return why each change is held, by its place, and how many of them the next run makes.

    What nothing approves is told first; an approval of a change is only told where it would let it go on.
    """
    reasons: dict[int, str] = {}
    left_to_next_run = 0
    for_good = frozenset[int]().union(*(held.places for held in holding if not held.way_out))
    for held in sorted(holding, key=lambda held: (held.barrier.lifted, bool(held.way_out))):
        because = held.barrier.because
        if held.barrier.lifted:
            because = as_applied(because)
            left_to_next_run += len(held.places - reasons.keys())
        for place in held.places:
            way_out = "" if place in for_good else f"; to go on: --approve {held.way_out}"
            reasons.setdefault(place, f"{because}{way_out}")
    return reasons, left_to_next_run


def _spread(
    changes: Sequence[Change], reasons: dict[int, str], withheld: AbstractSet[ResourceRef]
) -> None:
    """Block what cannot go on without what is blocked, or withheld, already."""
    graph = Graph(changes)
    waiting: dict[ResourceRef, list[int]] = {}
    for place, change in enumerate(changes):
        for ref in change.depends_on if not leaves(change) else ():
            waiting.setdefault(ref, []).append(place)
    creates = {place for place, change in enumerate(changes) if change.action == "create"}
    missing = [*sorted(withheld), *(changes[place].ref for place in reasons if place in creates)]
    stuck = list(reasons)
    while missing or stuck:
        if missing:
            ref = missing.pop()
            found = waiting.get(ref, [])
            why = f"waits for {ref}, which does not exist yet"
        else:
            place = stuck.pop()
            found = [
                follower
                for follower in graph.followers.get(place, ())
                if leaves(changes[follower]) and place not in creates
            ]
            why = f"{changes[place].ref} still refers to it"
        for blocked in found:
            if blocked not in reasons:
                reasons[blocked] = why
                stuck.append(blocked)
                if blocked in creates:
                    missing.append(changes[blocked].ref)


BLOCKING: Final = frozenset(
    {NoteCategory.BLOCKED, NoteCategory.FOREIGN, NoteCategory.UNMANAGED, NoteCategory.SUSPENDED}
)
"""Categories of notes on objects that are not changed for a reason of their own."""


def to_be_made(scope: ScopePlan) -> tuple[Change, ...]:
    """Return the changes of a scope that may be made: all where nothing refuses it, none where it is only observed or not known.

    Where a guard refuses a live scope it holds the edits, and what it counts. What nobody asks for goes on: what the clock
    switches, and what is healed, as far as it relies on nothing that is held.
    """
    if scope.state is ScopeState.OK:
        return scope.changes
    if scope.state is not ScopeState.REFUSED or scope.scope == CONFIG_SCOPE:
        return ()
    refusing = (violation for violation in scope.violations if not violation.overridden)
    counted = {ref for violation in refusing for ref in violation.counted}
    going = [
        change
        for change in scope.changes
        if change.cause is Cause.SCHEDULED
        or (change.cause is Cause.DRIFTED and change.ref not in counted)
    ]
    held = {change.ref for change in scope.changes} - {change.ref for change in going}
    while relying := {change.ref for change in going if not held.isdisjoint(change.depends_on)}:
        going = [change for change in going if change.ref not in relying]
        held |= relying
    return tuple(going)


def blocks(scope: ScopePlan, ref: ResourceRef) -> tuple[Violation | Note, ...]:
    """Return everything that keeps ``ref`` from becoming what it should be in this scope; empty if nothing does.

    A violation that nobody approved stops its whole scope, but for what ``to_be_made`` lets go on: those that count the
    object come first, then the others, then notes on the object itself.
    """
    refusing = [violation for violation in scope.violations if not violation.overridden]
    own = [violation for violation in refusing if ref in violation.counted]
    others = [violation for violation in refusing if ref not in violation.counted]
    going = to_be_made(scope)
    held = any(change.ref == ref and change not in going for change in scope.changes)
    notes = [note for note in scope.notes if note.ref == ref and note.category in BLOCKING]
    return (*own, *(others if held else ()), *notes)


_KNOWN = (ScopeState.OK, ScopeState.OBSERVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOptions:
    """How one scope is planned.

    ``approvals`` are of violations and barriers; None where what approves them cannot be known. ``leaves`` is as in PlanOptions.
    """

    diff: DiffOptions
    limits: GuardSettings = field(default_factory=GuardSettings)
    approvals: Sequence[Approval] | None = ()
    barriers: Sequence[Barrier] = ()
    source_paths: AbstractSet[str] | None = None
    leaves: str = ""


def plan_scope(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState, options: ScopeOptions
) -> ScopePlan:
    """Plan one scope of one target. In a scope that is not known nothing is planned, and its reason is kept.

    A desired state of nothing against objects of ours is a mistake, not a wish.
    """
    if observed.state not in _KNOWN:
        return ScopePlan(observed.scope, observed.state, reason=observed.reason)
    result = diff(desired, observed, options.diff)
    retired = left_with_retired(desired, result.retired) if result.retired else {}
    early = {
        ref: owner
        for ref, owner in retired.items()
        if ref in observed.objects and not is_applied_retired(owner, observed)
    }
    leaving = {ref: owner for ref, owner in retired.items() if ref not in early}
    if leaving:  # most often nothing is, and once is enough
        because = {ref: f"{owner} is retired" for ref, owner in leaving.items()}
        staying = {ref: projection for ref, projection in desired.items() if ref not in leaving}
        result = diff(staying, observed, replace(options.diff, leaving_because=because))
    notes = tuple(
        Note(NoteCategory.LEAVING, ref, f"leaves in the run after the one that retires {owner}")
        for ref, owner in early.items()
    )
    made = finish(
        observed,
        (result._replace(notes=(*result.notes, *notes)),),
        options,
        desired_count=len(desired),
        protected={ref for ref in leaving if is_protected(parse_canonical(desired[ref].extra))},
    )
    return replace(made, left_to_next_run=made.left_to_next_run + len(early))


def finish(
    observed: ObservedState,
    results: Iterable[DiffResult],
    options: ScopeOptions,
    *,
    desired_count: int | None = None,
    protected: AbstractSet[ResourceRef] = NO_REFS,
) -> ScopePlan:
    """Make a plan of what the targets of one known scope differ in: held back, in order, guarded.

    ``desired_count`` of 0 is taken for an empty source; None where that is nothing unusual. ``protected`` are objects that
    are so as they are to be.
    """
    results = tuple(results)
    # Ordered first, so that what is said of a change held back does not depend on the order they came in.
    ordered = in_order(change for result in results for change in result.changes)
    withheld = frozenset().union(*(result.withheld for result in results))
    unblocked = Unblocked(ordered)
    if options.barriers or withheld:
        unblocked = block_changes(
            observed.scope, ordered, options.barriers, withheld, options.approvals
        )
    changes = unblocked.changes
    if options.source_paths is not None:
        known = partial(known_paths, observed)
        changes = with_file_edits(changes, options.source_paths, known)
    facts = GuardFacts(
        observed=observed,
        limits=options.limits,
        kinds=options.diff.kinds,
        desired_count=desired_count,
        source_paths=options.source_paths,
        protected=protected,
        leaves=options.leaves,
    )
    found = find_violations(changes, facts)
    violations = (*unblocked.lifted, *(approve(found, options.approvals) if found else ()))
    refused = any(not violation.overridden for violation in violations)
    notes = (*unblocked.notes, *(note for result in results for note in result.notes))
    return ScopePlan(
        scope=observed.scope,
        state=ScopeState.REFUSED if refused else observed.state,
        changes=changes,
        violations=violations,
        notes=tuple(sorted(notes)),
        reason=observed.reason,
        observed_count=facts.counts,
        left_to_next_run=unblocked.left_to_next_run,
    )


def plan(scopes: Iterable[ScopePlan], *, revision: str, label: str) -> Plan:
    """Put scopes together, ``config`` first, the others by name."""
    ordered = tuple(sorted(scopes, key=lambda scope: (scope.scope != CONFIG_SCOPE, scope.scope)))
    return Plan(revision=revision, label=label, scopes=ordered, digest=plan_digest(ordered))
