"""The order in which changes are applied: nothing before what it needs, nothing gone before what needs it."""

import heapq
from collections.abc import Iterable, Sequence

from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef

Edges = dict[int, list[int]]
"""Places in a list of changes -> places of others."""


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes in dependency order; the order they come in does not matter.

    What is created or updated follows what it depends on; what leaves follows what refers to it, be that updated or
    leaving too. Leaving never waits for what stays, so that the two rules cannot contradict. Ties go by rank of the
    kind (``ranks``; leaving objects in reverse), kind, key, target, action. In a cycle the first by that order goes
    first.
    """
    ordered = sorted(changes, key=_tie)
    followers, needed = _edges(ordered)
    if not needed:
        return tuple(ordered)
    waits = {index: len(before) for index, before in needed.items()}
    ready = [index for index in range(len(ordered)) if index not in waits]
    done = [False] * len(ordered)
    result: list[Change] = []
    while len(result) < len(ordered):
        index = heapq.heappop(ready) if ready else _first_of_a_cycle(needed, done)
        done[index] = True
        result.append(ordered[index])
        for follower in followers.get(index, ()):
            waits[follower] -= 1
            if not waits[follower] and not done[follower]:
                heapq.heappush(ready, follower)
    return tuple(result)


def _first_of_a_cycle(needed: Edges, done: Sequence[bool]) -> int:
    """Return where to break a cycle. Every change not done waits for another, so going back ends in a cycle."""
    trail: list[int] = []
    index = done.index(False)
    while index not in trail:
        trail.append(index)
        index = min(before for before in needed[index] if not done[before])
    return min(trail[trail.index(index) :])


def leaves(change: Change) -> bool:
    """Tell whether a change is a step of an object's leaving: a delete, or the mark that comes before."""
    return change.action == "delete" or change.cause is Cause.PRUNED


def _tie(change: Change) -> tuple[bool, str, str, str, str]:
    return leaves(change), *change.ref, change.target, change.action


def _edges(ordered: Sequence[Change]) -> tuple[Edges, Edges]:
    """Return what must follow each change, and what each one must follow; nothing for those that are free."""
    places: dict[ResourceRef, list[int]] = {}
    for index, change in enumerate(ordered):
        places.setdefault(change.ref, []).append(index)
    followers: Edges = {}
    needed: Edges = {}
    for index, change in enumerate(ordered):
        for ref in change.depends_on:
            for other in places.get(ref, ()):
                gone = leaves(ordered[other])
                if other == index or (leaves(change) and not gone):
                    continue
                first, then = (index, other) if gone else (other, index)
                followers.setdefault(first, []).append(then)
                needed.setdefault(then, []).append(first)
    return followers, needed
