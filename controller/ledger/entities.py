"""Which items an object has, named as the ledger names them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from controller.kinds.language.kind import Kind
from controller.ledger.record_items import entity_id
from controller.model.table import TableDefinition


class EntityKey(NamedTuple):
    """One item of one table: physical table name, and the key's values as text."""

    table: str
    hash_key: str
    range_key: str | None = None

    def __str__(self) -> str:
        """Print as the entity index has it: ``ConfigEnvironments/c50``."""
        return entity_id(*self)


def entity_of_item(table: TableDefinition, item: Mapping[str, Any]) -> EntityKey:
    """Return the name of an item of a table, whose definition carries the physical name. Raises KeyError without a key."""
    return EntityKey(table.name, *map(str, table.key_of(item).values()))


def entities_of(
    kind: Kind[Any],
    key: str,
    prefix: str,
    scan: Callable[[str], Iterable[Mapping[str, Any]]],
) -> tuple[EntityKey, ...]:
    """Return the items of the object ``key`` (of its ResourceRef), one per table of its kind.

    Where the name alone does not give the table's key (an Account's number, the environment in an Upstream's key), the items that
    bear the name are looked for with ``scan`` (physical table name -> items); empty if there is none, as after a delete.
    """
    tables = {table.name: table.prefixed(prefix) for table in kind.tables}
    try:
        items = kind.project(key, {})
        return tuple(entity_of_item(tables[name], item) for name, item in sorted(items.items()))
    except KeyError:
        return tuple(
            entity_of_item(table, item)
            for table in tables.values()
            for item in scan(table.name)
            if kind.identify(item) == key
        )
