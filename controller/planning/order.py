"""The order of changes: nothing goes before what it needs, nothing is gone before what needs it."""

import heapq
from collections.abc import Iterable, Sequence

from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.planning.leaving import leaves

Edges = dict[int, list[int]]
"""Places in a list of changes -> places of others."""
_FREE: Sequence[int] = ()


class Graph:
    """What must follow each change, and what each one must follow, by their places; nothing for those that are free.

    What is made follows what it depends on; what leaves follows the changes of what depended on it. Leaving never waits for
    what stays, so that the two rules cannot contradict.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        """Compare the changes with each other."""
        self.followers: Edges = {}
        self.needed: Edges = {}
        places: dict[ResourceRef, list[int]] = {}
        for place, change in enumerate(changes):
            places.setdefault(change.ref, []).append(place)
        for place, change in enumerate(changes):
            for ref in change.depends_on:
                for named in places.get(ref, ()):
                    gone = leaves(changes[named])
                    if named == place or (leaves(change) and not gone):
                        continue
                    first, then = (place, named) if gone else (named, place)
                    self.followers.setdefault(first, []).append(then)
                    self.needed.setdefault(then, []).append(first)

    def earlier(self, place: int) -> Sequence[int]:
        """Return the places before this one that it must follow, in order, where changes are in the order they are applied in.

        What comes later (a cycle) is not waited for.
        """
        needed = self.needed.get(place)
        return sorted({first for first in needed if first < place}) if needed else _FREE


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes in dependency order; the order they come in does not matter.

    What is created or updated follows what it depends on; what leaves follows what refers to it, be that updated or
    leaving too (see Graph). Ties go by kind, key, target, action, leaving objects last. In a cycle the first by that
    order goes first.
    """
    ordered = sorted(
        changes, key=lambda change: (leaves(change), *change.ref, change.target, change.action)
    )
    graph = Graph(ordered)
    if not graph.needed:
        return tuple(ordered)
    waits = {index: len(before) for index, before in graph.needed.items()}
    ready = [index for index in range(len(ordered)) if index not in waits]
    done = [False] * len(ordered)
    result: list[Change] = []
    while len(result) < len(ordered):
        index = heapq.heappop(ready) if ready else _first_of_a_cycle(graph.needed, done)
        done[index] = True
        result.append(ordered[index])
        for follower in graph.followers.get(index, ()):
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
