"""How a live scope stands after a run: as the worst of its parts, with what a look counted there. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from controller.engine.live.observe import Part
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
MOST_TEXT: Final = 100_000
"""Characters of names of environments that a scope's row keeps counts for: it is one item of 400 KB at most. Of more none is counted."""
_MOVES: Final = ("launched", "ended", "replaced")
"""Effects of changes that instances show later, by themselves."""

_SWITCHES: Final = {"start": 1, "stop": -1}


class Made(NamedTuple):
    """What was done since a scope was looked at, and until when. ``again``: how some of its targets were seen meanwhile, and what was done since that."""

    outcomes: Sequence[Outcome] = ()
    at: datetime | None = None
    again: LiveScopePlan | None = None
    since: Sequence[Outcome] = ()

    @property
    def newer(self) -> Mapping[str, Part]:
        """How targets were seen meanwhile, by name."""
        parts = () if self.again is None else self.again.view.parts
        return {part.target.name: part for part in parts}


NOTHING_MADE: Final = Made()


def finding_of(
    plan: LiveScopePlan,
    asked: LivePlanOptions,
    made: Made = NOTHING_MADE,
    revision: str = "",
) -> Finding:
    """Say how a scope stands once its plan was followed as far as is ``made``; ``revision`` is the one that was to bring."""
    state = worst(plan)
    failed = [outcome for outcome in made.outcomes if outcome.status not in DONE]
    done = [outcome.change for outcome in made.outcomes if outcome.status in DONE]
    partial = bool(asked.targets) or asked.only is not None
    left, observed = _left(plan, done)
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
        seen=scope_counts_of(plan, asked, made),
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
    scope: LiveScopePlan, asked: LivePlanOptions, made: Made = NOTHING_MADE
) -> ScopeCounts | None:
    """Return what a look counted, with what was made since; None if the scope was not seen.

    Of what was seen meanwhile it is said as it was seen then. Newer images are known of where it looked ``deep``.
    """
    parts, at, deep = scope.view.parts, asked.now, asked.deep
    if not parts:
        return None
    notes = scope.notes if made.again is None else _notes(scope, made.newer)
    counted, members, moved, instances_at = _counted(scope, asked, made)
    copies = counted.copies_behind
    since = [part.projected.behind_since for part in parts if part.projected.behind_since]
    return ScopeCounts(
        at=at,
        instances_on=counted.instances_on,
        instances_off=counted.instances_off,
        to_switch=None if asked.only is not None else counted.to_switch,
        to_start=counted.to_start,
        off_since=at if counted.to_start else None,
        on_the_way=None
        if counted.to_switch is None
        else sum(note.category is NoteCategory.WAITING for note in notes),
        instances_at=instances_at,
        environments=members if sum(map(len, members)) <= MOST_TEXT else {},
        resized=moved or None,
        resized_at=made.at if moved else None,
        copies_behind=copies,
        behind_since=min(since, default=None) if copies else None,
        complete_at=at if copies == 0 else None,
        missing=_remarks(notes, NoteCategory.MISSING),
        rollouts=_remarks(notes, NoteCategory.ROLLOUT),
        short=_remarks(notes, NoteCategory.SHORT),
        images=_remarks(notes, NoteCategory.IMAGE) if deep else (),
        images_at=at if deep else None,
    )


class _Counted(NamedTuple):
    counts: TargetCounts
    members: Mapping[str, tuple[int, int]] = {}
    moved: int = 0
    """How many changes were made since instances were counted that these show later."""
    instances_at: datetime | None = None


def _counted(scope: LiveScopePlan, asked: LivePlanOptions, made: Made) -> _Counted:
    """Return what the targets count together, each by the newest look at it."""
    newer = {} if made.again is None else made.newer
    done = [outcome.change for outcome in made.outcomes if outcome.status in DONE]
    then = [outcome.change for outcome in made.since if outcome.status in DONE]
    left, observed = _left(scope, done)
    counted = _Counted(TargetCounts())
    for part in scope.view.parts:
        if isinstance(part.target, CountingTarget):
            mine = [change for change in left if change.target == part.target.name]
            again = newer.get(part.target.name)
            lately = done if again is None else then
            found = part.target.counts((again or part).observed, mine, lately)
            if any(id(change) in observed for change in mine):
                found = found._replace(to_start=None)
            together = TargetCounts(
                *(a if a is not None else b for a, b in zip(found, counted.counts, strict=True))
            )
            counted = counted._replace(counts=together)
            if found.instances_on is not None:
                look = made.again.view.look if again and made.again else None
                moved = sum(
                    any((change.effects or {}).get(effect) for effect in _MOVES)
                    for change in lately
                )
                members = dict((again or part).projected.members)
                for change in lately:
                    name = part.projected.environments.get(change.ref, "")
                    if name in members and change.action in _SWITCHES:
                        on, all_of_it = members[name]
                        members[name] = (on + _SWITCHES[change.action], all_of_it)
                counted = _Counted(together, members, moved, look.at if look else asked.now)
    return counted


def _notes(scope: LiveScopePlan, newer: Mapping[str, Part]) -> list[Note]:
    """Return what is noted of a scope, of targets that were seen meanwhile what was noted then."""
    before = {
        note
        for part in scope.view.parts
        if part.target.name in newer
        for note in part.projected.notes
    }
    return [
        *(note for note in scope.notes if note not in before),
        *(note for part in newer.values() for note in part.projected.notes),
    ]


def _left(scope: LiveScopePlan, done: Iterable[Change]) -> tuple[list[Change], set[int]]:
    """Return the changes that were planned and not done, and the identities of those that are only observed: they are not due."""
    finished = {(change.target, change.ref) for change in done}
    left = [
        change
        for plan in scope.plans
        for change in plan.changes
        if (change.target, change.ref) not in finished
    ]
    observed = {
        id(change)
        for plan in scope.plans
        if plan.state is ScopeState.OBSERVE
        for change in plan.changes
    }
    return left, observed


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
