"""A plan of the config scope is refused where one revision lifts a barrier and does what it held: that takes two commits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from controller.decisions.lifting import BY_REVISION, LiftedAndActed, lifted_and_acted
from controller.engine.desired.accepted import AcceptedReader, accepted_after
from controller.kinds.language.kind import Kind
from controller.model.accepted import LiveOptions
from controller.model.observed import ObservedState, ScopeState
from controller.model.plan import Change, NoteCategory, ScopePlan, Violation
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.guards import violation_digest
from controller.planning.scope_plan import Barrier

_HINT: Final = (
    "make two commits, one that only lifts it and one that does the rest;"
    " where there are two, apply the first by itself: envctl apply --ref COMMIT"
)
_READ: Final = frozenset({"Environment", "EnvironmentType", "Calendar"})
"""Kinds that say what holds changes of environments."""


def refuse_lifting(
    made: ScopePlan,
    schedules: Iterable[Barrier],
    observed: ObservedState,
    desired: Mapping[ResourceRef, Projection],
    kinds: Mapping[str, Kind[Any]],
    now: datetime,
) -> ScopePlan:
    """Return a plan of the config scope with a violation, that nothing approves, for each barrier its revision lifts and passes.

    ``schedules`` are the barriers that keep schedules of environments; what those hold is in no change of the plan.
    """
    drifted = frozenset(
        change.ref
        for change in made.changes
        if (found := observed.objects.get(change.ref)) is not None
        and (found.mark is None or found.mark.digest != found.digest)
    )
    lifted = [barrier for barrier in schedules if barrier.lifted]
    made = _with_schedules(made, lifted, drifted)
    both = _of_environments(made, observed, desired, kinds, drifted, now)
    return _refused(made, [_violation(made.scope, *passed) for passed in both])


def _refused(made: ScopePlan, violations: Sequence[Violation]) -> ScopePlan:
    if not violations:
        return made
    return replace(made, state=ScopeState.REFUSED, violations=(*made.violations, *violations))


def _with_schedules(
    made: ScopePlan, lifted: Sequence[Barrier], drifted: AbstractSet[ResourceRef]
) -> ScopePlan:
    """Refuse what lifts the protection of schedules, where it also brings the schedules that are held by it."""
    types = tuple(
        change
        for change in made.changes
        if change.ref.kind == "EnvironmentType"
        and change.cause in BY_REVISION
        and change.ref not in drifted
    )
    if not (types and lifted):
        return made
    held = sorted(ref for barrier in lifted for ref in barrier.refs)
    # No run comes after one that is refused.
    notes = tuple(
        note
        for note in made.notes
        if note.category is not NoteCategory.BLOCKED or note.ref not in held
    )
    made = replace(made, notes=notes, left_to_next_run=max(0, made.left_to_next_run - len(held)))
    return _refused(made, [_violation(made.scope, lifted[0].guard, lifted[0].because, types, held)])


def _of_environments(
    made: ScopePlan,
    observed: ObservedState,
    desired: Mapping[ResourceRef, Projection],
    kinds: Mapping[str, Kind[Any]],
    drifted: AbstractSet[ResourceRef],
    now: datetime,
) -> Iterator[LiftedAndActed]:
    objects = {ref: found for ref, found in observed.objects.items() if ref.kind in _READ}
    before = replace(observed, objects=objects)
    after = accepted_after(
        before, replace(made, changes=tuple(c for c in made.changes if c.ref.kind in _READ))
    )
    reader = AcceptedReader(kinds, LiveOptions())

    def needed(ref: ResourceRef) -> tuple[ResourceRef, ...]:
        return desired[ref].depends_on if ref in desired else ()

    states = reader.read(before, now), reader.read(after, now)
    return lifted_and_acted(*states, made.changes, needed, drifted, now)


def _violation(
    scope: str,
    guard: str,
    because: str,
    changes: Sequence[Change],
    held: Iterable[ResourceRef] = (),
) -> Violation:
    return Violation(
        guard=guard,
        scope=scope,
        message=f"one revision lifts what holds a change and makes the change: {because}",
        digest=violation_digest(guard, scope, changes),
        counted=(*(change.ref for change in changes), *held),
        hint=_HINT,
        overridable=False,
    )
