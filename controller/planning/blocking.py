"""What stands in the way of single changes, while the rest goes on: locks, freezes, protected actions, things missing."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from controller.model.plan import Action, Cause, Change, Note, NoteCategory, Violation
from controller.model.ref import ResourceRef
from controller.planning.approval import approve, violation_digest
from controller.planning.diff_options import NO_REFS
from controller.planning.order import Graph, leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Something that holds changes of some objects back. An empty set or tuple means any.

    ``guard`` names it in approvals (``freeze@3f9c1a``); ``because`` is what the reader is told.
    """

    guard: str
    because: str
    refs: AbstractSet[ResourceRef] = NO_REFS
    targets: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    causes: tuple[Cause, ...] = ()
    overridable: bool = True

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


def block_changes(
    scope: str,
    changes: Sequence[Change],
    barriers: Iterable[Barrier] = (),
    withheld: AbstractSet[ResourceRef] = NO_REFS,
    tokens: Sequence[str] = (),
) -> Unblocked:
    """Take out what a barrier holds, and what cannot go on without it.

    A create held back (or an object ``withheld`` from existing) holds what refers to it; a change held back holds the
    leaving of what it still refers to. ``tokens`` lift barriers from exactly the changes they were given for.
    """
    reasons: dict[int, str] = {}
    lifted: list[Violation] = []
    for barrier in barriers:
        counted = {index: change for index, change in enumerate(changes) if barrier.blocks(change)}
        if not counted:
            continue
        judged = _judged(scope, barrier, tuple(counted.values()), tokens)
        if judged.overridden:
            lifted.append(judged)
            continue
        way_out = f"; to go on: --override {judged.token}" if judged.overridable else ""
        for index in counted:
            reasons.setdefault(index, f"{barrier.because}{way_out}")
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
    )


def _judged(
    scope: str, barrier: Barrier, counted: Sequence[Change], tokens: Sequence[str]
) -> Violation:
    violation = Violation(
        guard=barrier.guard,
        scope=scope,
        message=barrier.because,
        digest=violation_digest(barrier.guard, scope, counted),
        counted=tuple(change.ref for change in counted),
        overridable=barrier.overridable,
    )
    (judged,) = approve((violation,), tokens)
    return judged


def _spread(
    changes: Sequence[Change], reasons: dict[int, str], withheld: AbstractSet[ResourceRef]
) -> None:
    """Block what cannot go on without what is blocked, or withheld, already."""
    graph = Graph(changes)
    waiting: dict[ResourceRef, list[int]] = {}
    for place, change in enumerate(changes):
        for ref in change.depends_on if not leaves(change) else ():
            waiting.setdefault(ref, []).append(place)
    missing = [*sorted(withheld), *(changes[i].ref for i in reasons if _creates(changes[i]))]
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
                if leaves(changes[follower]) and not _creates(changes[place])
            ]
            why = f"{changes[place].ref} still refers to it"
        for blocked in found:
            if blocked not in reasons:
                reasons[blocked] = why
                stuck.append(blocked)
                if _creates(changes[blocked]):
                    missing.append(changes[blocked].ref)


def _creates(change: Change) -> bool:
    return change.action == "create"
