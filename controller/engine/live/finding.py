"""How a live scope stands after a run: as the worst of its parts, with what a look counted there. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.state.rows import Finding
from controller.model.observed import Remark, ScopeCounts, ScopeState
from controller.model.plan import DONE, Change, Note, NoteCategory, Outcome
from controller.ports import CountingTarget, TargetCounts

MOST_REMARKS: Final = 20
"""So many different texts of one sort are kept; plan and doctor have them all."""
MOST_NAMES: Final = 3
_WORST: Final = (
    ScopeState.REFUSED,
    ScopeState.UNKNOWN,
    ScopeState.WAITING,
    ScopeState.OK,
    ScopeState.OBSERVE,
)


def finding_of(
    plan: LiveScopePlan,
    asked: LivePlanOptions,
    outcomes: Sequence[Outcome] = (),
    revision: str = "",
) -> Finding:
    """Say how a scope stands once ``outcomes`` have come of its plan; ``revision`` is the one they were to bring."""
    state = worst(plan)
    failed = [outcome for outcome in outcomes if outcome.status not in DONE]
    done = [outcome.change for outcome in outcomes if outcome.status in DONE]
    partial = bool(asked.targets) or asked.only is not None
    observed = _observed(plan)
    left = _left(plan, done)
    due = [change for change in left if id(change) not in observed]
    present = {scope_plan.state for scope_plan in plan.plans}
    known = present <= {ScopeState.OK, ScopeState.OBSERVE} and present != {ScopeState.OBSERVE}
    return Finding(
        scope=plan.setup.scope.name,
        state=state,
        reason="\n".join(dict.fromkeys([*reasons(plan, state), *(f.message for f in failed[:3])])),
        changes=len({(change.target, change.ref) for change in left}),
        blocked=sum(note.category is NoteCategory.BLOCKED for note in plan.notes),
        applied=revision if known and not failed and not partial and not due else "",
        partial=partial,
        looked_at=asked.now,
        looks_before=asked.looks.get(plan.setup.scope.name, 0),
        seen=scope_counts_of(plan, asked.now, deep=asked.deep, done=done),
    )


def worst(plan: LiveScopePlan) -> ScopeState:
    """Return the state that somebody has to know of first."""
    present = {scope_plan.state for scope_plan in plan.plans}
    return next((state for state in _WORST if state in present), ScopeState.OK)


def reasons(plan: LiveScopePlan, state: ScopeState) -> list[str]:
    """Return why a scope is in a state, and what guards refuse there, each once."""
    found: list[str] = [
        scope_plan.reason
        for scope_plan in plan.plans
        if scope_plan.reason and scope_plan.state is state
    ]
    found += [
        violation.message
        for scope_plan in plan.plans
        for violation in scope_plan.violations
        if not violation.overridden
    ]
    return list(dict.fromkeys(found))


def scope_counts_of(
    scope: LiveScopePlan, at: datetime, *, deep: bool = False, done: Sequence[Change] = ()
) -> ScopeCounts | None:
    """Return what a look at ``at`` counted, once ``done`` is done; None if the scope was not seen.

    ``deep`` tells whether it looked closely enough to know of newer images.
    """
    parts = scope.view.parts
    if not parts:
        return None
    notes = scope.notes
    left = _left(scope, done)
    observed = _observed(scope)
    counted = TargetCounts()
    for part in parts:
        if isinstance(part.target, CountingTarget):
            mine = [change for change in left if change.target == part.target.name]
            found = part.target.counts(part.observed, mine, done)
            if any(id(change) in observed for change in mine):
                found = found._replace(to_start=None)
            counted = TargetCounts(
                *(a if a is not None else b for a, b in zip(found, counted, strict=True))
            )
    copies = counted.copies_behind
    since = [part.projected.behind_since for part in parts if part.projected.behind_since]
    return ScopeCounts(
        at=at,
        instances_on=counted.instances_on,
        instances_off=counted.instances_off,
        to_switch=counted.to_switch,
        to_start=counted.to_start,
        off_since=at if counted.to_start else None,
        on_the_way=None
        if counted.to_switch is None
        else sum(note.category is NoteCategory.WAITING for note in notes),
        copies_behind=copies,
        behind_since=min(since, default=None) if copies else None,
        complete_at=at if copies == 0 else None,
        missing=_remarks(notes, NoteCategory.MISSING),
        rollouts=_remarks(notes, NoteCategory.ROLLOUT),
        short=_remarks(notes, NoteCategory.SHORT),
        images=_remarks(notes, NoteCategory.IMAGE) if deep else (),
        images_at=at if deep else None,
    )


def _observed(scope: LiveScopePlan) -> set[int]:
    """Return the identities of changes that are only observed: they are not due."""
    return {
        id(change)
        for plan in scope.plans
        if plan.state is ScopeState.OBSERVE
        for change in plan.changes
    }


def _left(scope: LiveScopePlan, done: Iterable[Change]) -> list[Change]:
    """Return the changes that were planned and not done."""
    finished = {(change.target, change.ref) for change in done}
    return [
        change
        for plan in scope.plans
        for change in plan.changes
        if (change.target, change.ref) not in finished
    ]


def _remarks(notes: Iterable[Note], category: NoteCategory) -> tuple[Remark, ...]:
    names: dict[str, set[str]] = {}
    for note in notes:
        if note.category is category:
            names.setdefault(note.text, set()).add(note.ref.key.rpartition("/")[2])
    most_said = sorted(names.items(), key=lambda said: (-len(said[1]), said[0]))[:MOST_REMARKS]
    return tuple(
        Remark(text, len(objects), tuple(sorted(objects)[:MOST_NAMES]))
        for text, objects in most_said
    )
