"""What a look at a scope counts: instances, copies, what lacks, what is behind. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from controller.engine.live.planner import LiveScopePlan
from controller.model.canonical import parse_canonical
from controller.model.plan import Change, Note
from controller.model.scope_status import Remark, ScopeCounts

INSTANCE: Final = "Instance"
REPLICAS: Final = "replicas"
MOST_REMARKS: Final = 20
"""So many different texts of one sort are kept; plan and doctor have them all."""
MOST_NAMES: Final = 3
_ON: Final = frozenset({"running", "pending"})
_BECOMES: Final = {"start": "running", "stop": "stopped"}


def scope_counts_of(
    scope: LiveScopePlan, at: datetime, *, deep: bool = False, done: Sequence[Change] = ()
) -> ScopeCounts | None:
    """Return what a look at ``at`` counted, once ``done`` is done; None if the scope was not seen.

    ``deep`` tells whether it looked closely enough to know of newer images.
    """
    if not scope.view.parts:
        return None
    finished = {(one.target, one.ref) for one in done}
    left = [
        change
        for plan in scope.plans
        for change in plan.changes
        if (change.target, change.ref) not in finished
    ]
    notes = [note for plan in scope.plans for note in plan.notes]
    on, off = _instances(scope, done)
    copies = _copies_behind(scope, left)
    return ScopeCounts(
        at=at,
        instances_on=on,
        instances_off=off,
        to_switch=None if on is None else sum(one.ref.kind == INSTANCE for one in left),
        on_the_way=None if on is None else sum(note.category == "waiting" for note in notes),
        copies_behind=copies,
        behind_since=_behind_since(scope) if copies else None,
        complete_at=at if copies == 0 else None,
        missing=_remarks(notes, "missing"),
        rollouts=_remarks(notes, "rollout"),
        images=_remarks(notes, "image") if deep else (),
        images_at=at if deep else None,
    )


def _copies_behind(scope: LiveScopePlan, left: Iterable[Change]) -> int | None:
    if not any(part.target.name == REPLICAS for part in scope.view.parts):
        return None
    return sum(change.target == REPLICAS for change in left)


def _behind_since(scope: LiveScopePlan) -> datetime | None:
    since = [part.projected.behind_since for part in scope.view.parts]
    return min((one for one in since if one is not None), default=None)


def _instances(scope: LiveScopePlan, done: Iterable[Change]) -> tuple[int | None, int | None]:
    """Count the instances that are on and off; None where no target looks at instances."""
    parts = [part for part in scope.view.parts if INSTANCE in part.target.kinds]
    if not parts:
        return None, None
    states = {
        ref: str(parse_canonical(found.attributes)["state"])
        for part in parts
        for ref, found in part.observed.objects.items()
        if ref.kind == INSTANCE
    }
    for change in done:
        if change.ref in states and change.action in _BECOMES:
            states[change.ref] = _BECOMES[change.action]
    on = sum(state in _ON for state in states.values())
    return on, len(states) - on


def _remarks(notes: Iterable[Note], category: str) -> tuple[Remark, ...]:
    names: dict[str, set[str]] = {}
    for note in notes:
        if note.category == category:
            names.setdefault(note.text, set()).add(note.ref.key.rpartition("/")[2])
    return tuple(_each(names))[:MOST_REMARKS]


def _each(names: dict[str, set[str]]) -> Iterator[Remark]:
    for text, of in sorted(names.items(), key=lambda one: (-len(one[1]), one[0])):
        yield Remark(text, len(of), tuple(sorted(of)[:MOST_NAMES]))
