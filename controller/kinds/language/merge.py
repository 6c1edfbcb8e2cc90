"""Laying one partial spec over another."""

from collections.abc import Mapping
from typing import Any


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one partial spec over another: maps merge, lists and scalars replace, null clears."""
    merged = dict(under)
    for name, value in over.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            below = merged.get(name)
            merged[name] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def merge_derived(item: Any, derived: Any) -> Any:
    """Lay derived attributes over an item's own. Neither is changed.

    Maps merge; a map with whole numbers for keys speaks of the members of a list at those places; anything else
    replaces.
    """
    if isinstance(derived, dict):
        if isinstance(item, dict):
            return {
                **item,
                **{key: merge_derived(item.get(key), one) for key, one in derived.items()},
            }
        if isinstance(item, list):
            return [merge_derived(one, derived.get(place, {})) for place, one in enumerate(item)]
    return item if derived == {} and item is not None else derived
