"""Items of tables by the names the ledger knows them by, and which items an object has."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from controller.kinds.language.kind import Kind
from controller.ledger.records import EntityKey, entity_of_item
from controller.model.table import TableDefinition

_NAME = ("metadata", "name")


def key_of_entity(table: TableDefinition, entity: EntityKey) -> dict[str, Any]:
    """Return the key of an item, as its table has it. Raises ValueError for a number that is none."""
    values = (entity.hash_key, entity.range_key)
    return {
        name: int(str(value)) if type_ == "N" else value
        for (name, type_), value in zip(table.key_attributes(), values, strict=False)
    }


def entities_of(
    kind: Kind[Any], key: str, prefix: str, scan: Callable[[str], Iterable[Mapping[str, Any]]]
) -> tuple[EntityKey, ...]:
    """Return the items of the object ``key`` (of its ResourceRef), one per table of its kind.

    Where the name alone does not give the table's key (an Account's number, the environment in an Upstream's key), the items that
    bear the name are looked for with ``scan`` (physical table name -> items); empty if there is none, as after a delete.
    """
    entities: list[EntityKey] = []
    for table in kind.tables:
        physical = table.prefixed(prefix)
        item = _key_by_name(kind, table, key)
        named = (found for found in scan(physical.name) if kind.identify(found) == key)
        entities += [entity_of_item(physical, found) for found in ([item] if item else named)]
    return tuple(entities)


def _key_by_name(kind: Kind[Any], table: TableDefinition, key: str) -> dict[str, Any] | None:
    """Return the key of a table's item if the object's name says all of it; None otherwise."""
    owner, _, name = key.rpartition("/")
    item: dict[str, Any] = {}
    for attribute, _type in table.key_attributes():
        if kind.yaml_places.get((attribute,)) == _NAME:
            item[attribute] = name if owner and table.range_key else key
        elif attribute == "Kind":
            item[attribute] = kind.name
        elif owner and table.range_key:
            item[attribute] = owner
        else:
            return None
    if kind.identify(item) != key:
        return None
    try:
        written = kind.project(key, _Unknown())[table.name]
    except (TypeError, AttributeError, LookupError, ValueError):
        return item
    # The kind itself may give the item another key, made of more than the name.
    return item if table.key_of(written) == item else None


class _Unknown(dict[str, Any]):
    """A spec of which nothing is known."""

    def __missing__(self, attribute: str) -> str:
        return ""


def item_named(text: str, tables: Iterable[TableDefinition], prefix: str) -> EntityKey | None:
    """Return the item of one of these tables that a text names as lists do: ``InfraConfigServices/Search``; None for any other text."""
    name, _, key = text.partition("/")
    for table in tables:
        if key and table.prefixed(prefix).name == name:
            return EntityKey(name, *(key.split("/", 1) if table.range_key else [key]))
    return None
