"""How changes are put into transactions: in order, as many as DynamoDB takes, those of one object never apart. Pure."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

MAX_ITEM_WRITES = 49
"""DynamoDB takes 100 writes in a transaction: 49 items, a record for each, and the head."""
MAX_BYTES = 4 * 1024 * 1024 - 64 * 1024
"""DynamoDB takes 4 MB; some is left for expressions, whose counting is not documented to the byte."""


class Load(NamedTuple):
    """What one change puts into a transaction: items, estimated bytes (records included), and which items."""

    writes: int
    bytes: int
    keys: frozenset[Hashable] = frozenset()


def prefix_length(loads: Iterable[Load], max_changes: int = MAX_ITEM_WRITES) -> int:
    """Return how many changes, from the first on, go into one transaction; at least one if there is any.

    No more of ``loads`` is consumed than is needed to tell. DynamoDB refuses two writes of one item in a transaction:
    the second begins a new one.
    """
    writes = size = count = 0
    keys: set[Hashable] = set()
    for load in loads:
        writes += load.writes
        size += load.bytes
        full = writes > MAX_ITEM_WRITES or size > MAX_BYTES or not keys.isdisjoint(load.keys)
        if count and (full or count >= max_changes):
            return count
        keys |= load.keys
        count += 1
    return count
