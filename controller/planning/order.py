"""The order in which changes are applied: nothing before what it needs, nothing gone before what needs it."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef

NO_RANKS: Final[Mapping[str, int]] = {}


def in_order(changes: Iterable[Change], ranks: Mapping[str, int] = NO_RANKS) -> tuple[Change, ...]:
    """Return the changes in dependency order; the order they come in does not matter.

    What is created or updated follows what it depends on; what leaves precedes what it depends on. Ties go by rank of
    the kind (``ranks``; leaving objects in reverse), kind, key, target, action. In a cycle the first by that order
    goes first.
    """
    ordered = sorted(changes, key=lambda change: _tie(change, ranks))
    followers, waits = _edges(ordered)
    if not any(waits):
        return tuple(ordered)
    ready = [index for index, count in enumerate(waits) if not count]
    heapq.heapify(ready)
    done = [False] * len(ordered)
    result: list[Change] = []
    first_waiting = 0
    while len(result) < len(ordered):
        if ready:
            index = heapq.heappop(ready)
        else:
            while done[first_waiting]:
                first_waiting += 1
            index = first_waiting
        if done[index]:
            continue
        done[index] = True
        result.append(ordered[index])
        for follower in followers[index]:
            waits[follower] -= 1
            if not waits[follower] and not done[follower]:
                heapq.heappush(ready, follower)
    return tuple(result)


def leaves(change: Change) -> bool:
    """Tell whether a change is a step of an object's leaving: a delete, or the mark that comes before."""
    return change.action == "delete" or change.cause is Cause.PRUNED


def _tie(change: Change, ranks: Mapping[str, int]) -> tuple[bool, int, str, str, str, str]:
    rank = ranks.get(change.ref.kind, 0)
    leaving = leaves(change)
    return leaving, -rank if leaving else rank, *change.ref, change.target, change.action


def _edges(ordered: Sequence[Change]) -> tuple[list[list[int]], list[int]]:
    """Return, by index, what must follow each change, and how many each one waits for."""
    places: dict[ResourceRef, list[int]] = {}
    for index, change in enumerate(ordered):
        places.setdefault(change.ref, []).append(index)
    followers: list[list[int]] = [[] for _ in ordered]
    waits = [0] * len(ordered)
    for index, change in enumerate(ordered):
        for ref in change.depends_on:
            for needed in places.get(ref, ()):
                if needed == index:
                    continue
                first, then = needed, index
                if leaves(change) or leaves(ordered[needed]):
                    first, then = index, needed
                followers[first].append(then)
                waits[then] += 1
    return followers, waits
