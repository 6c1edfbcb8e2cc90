"""Which changes must have succeeded before another may be tried. Pure."""

from collections.abc import Sequence

from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.planning.order import leaves


def prerequisites(changes: Sequence[Change]) -> list[set[int]]:
    """Return, for each change, the indexes of the earlier changes it relies on.

    What is made relies on what it depends on; what leaves, on the changes of what depended on it. ``changes`` are in
    the order they are applied in: what comes later (a cycle) is not waited for.
    """
    places: dict[ResourceRef, list[int]] = {}
    for index, change in enumerate(changes):
        places.setdefault(change.ref, []).append(index)
    relies: list[set[int]] = [set() for _ in changes]
    for index, change in enumerate(changes):
        for ref in change.depends_on:
            for other in places.get(ref, ()):
                first, then = other, index
                if leaves(change) or leaves(changes[other]):
                    first, then = index, other
                if first < then:
                    relies[then].add(first)
    return relies
