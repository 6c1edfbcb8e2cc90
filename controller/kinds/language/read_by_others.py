"""What other programs read of an item, in one form: adopting an object must leave it as it is, or needs a word of its own.

Sources of the forms that are one: numbers that the old product stored as text, nulls beside absent attributes, lists of
restrictions that are the word all in any case.
"""

from collections.abc import Mapping
from typing import Any, Final

from controller.model.table import Items, TableDefinition

Json = Any

_MOST_DIGITS: Final = 18
_NOT_READ: Final = frozenset({"SchemaVersion"})


def as_read(value: Json) -> Json:
    """Return a value in the one form: whole numbers for text that says them, no nulls, and no ``SchemaVersion``."""
    if isinstance(value, Mapping):
        return {
            name: as_read(member)
            for name, member in value.items()
            if member is not None and name not in _NOT_READ
        }
    if isinstance(value, list):
        return [as_read(member) for member in value]
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) <= _MOST_DIGITS
    ):
        return int(value)
    return value


def item_as_read(items: Items, table: TableDefinition) -> Json:
    """Return all of an object's item of a table in the one form; empty for none."""
    return as_read(items.get(table.name, {}))


def value_as_read(items: Items, table: TableDefinition) -> Mapping[str, Json]:
    """Return the ``Value`` of an object's item of a table in the one form; empty for none, and for what is no map."""
    value = item_as_read(items, table).get("Value")
    return value if isinstance(value, Mapping) else {}
