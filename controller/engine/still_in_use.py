"""What may not leave yet because an item that is not ours names it. What the YAML names is checked with the YAML."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.kinds.language.kind import Kind, Leaving
from controller.model.observed import ObservedState
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import departing
from controller.planning.holding import Barrier
from controller.targets.table_items.found_references import still_naming


def still_in_use(
    desired: Mapping[ResourceRef, Projection],
    observed: ObservedState,
    kinds: Mapping[str, Kind[Any]],
) -> Iterator[Barrier]:
    """Hold the leaving of what somebody's virtual host sends requests to (domain rule: not while one names it)."""
    marked = {name for name, kind in kinds.items() if kind.leaving is Leaving.MARK_THEN_DELETE}
    leaving = [ref for ref in departing(desired, observed) if ref.kind in marked]
    for ref, by in still_naming(observed, leaving, kinds).items():
        because = f"{by}, which is not in the YAML, still names it"
        yield Barrier(guard="stillNamed", because=because, refs=frozenset({ref}))
