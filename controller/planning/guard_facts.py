"""What the guards have to know besides the changes: what they allow, and the scope as it was found."""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.kind import Kind
from controller.model.observed import ObservedState, Ownership
from controller.planning.leaving import is_leaving


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """How much one plan may do in a scope before a person has to say yes. A share is of the objects of that kind that are ours.

    Shares hold from ``from_objects`` objects up; below, at most ``small_max_deletes`` may go.
    """

    max_delete_share: float = 0.3
    from_objects: int = 10
    small_max_deletes: int = 3
    max_deletes: int = 50
    max_update_share: float = 0.3
    max_instances_launched: int = 20
    max_instances_ended: int = 20
    max_instances_replaced: int = 300
    max_stops_by_edit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFacts:
    """One scope as the guards see it.

    ``desired_count`` is how many objects the source has for this scope; None where having none is nothing unusual
    (a live scope). ``source_paths`` are the files of the source; None where the desired state comes from no files.
    """

    observed: ObservedState
    counts: Mapping[str, int]
    """Objects of ours per kind: what shares are shares of."""
    limits: GuardLimits
    kinds: Mapping[str, Kind[Any]]
    desired_count: int | None = None
    source_paths: AbstractSet[str] | None = None


def count_ours(observed: ObservedState) -> Mapping[str, int]:
    """Count per kind the objects that are ours and staying, those that only lost their mark included.

    Tombstones stay for good: counting them would let a few live services be a small share of many dead ones.
    """
    mine = (Ownership.OURS, Ownership.LOST_MARK)
    return Counter(
        ref.kind
        for ref, found in observed.objects.items()
        if found.ownership in mine and not is_leaving(found)
    )
