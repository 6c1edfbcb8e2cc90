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
    if not isinstance(derived, dict) or not isinstance(item, dict | list):
        return derived
    merged: Any = item.copy()
    for key, value in derived.items():
        if isinstance(value, dict):
            below = item.get(key) if isinstance(item, dict) else item[key]
            merged[key] = merge_derived(below, value)
        else:
            merged[key] = value
    return merged
