"""What a DynamoDB table of ours looks like: name, keys, indexes, what it must be protected by; and how objects lie in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Literal, NamedTuple, TypedDict

Projection = Literal["ALL", "KEYS_ONLY"] | tuple[str, ...]
"""What an index holds: everything, only keys, or keys and the named attributes."""


class KeyAttribute(NamedTuple):
    """One attribute of a key: its name and DynamoDB's type letter (``S`` text, ``N`` number)."""

    name: str
    type: Literal["S", "N"] = "S"


class _Keyed:
    __slots__ = ()
    hash_key: KeyAttribute
    range_key: KeyAttribute | None

    def key_attributes(self) -> tuple[KeyAttribute, ...]:
        """Return the hash key and, where there is one, the range key."""
        return (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)


@dataclass(frozen=True, slots=True)
class Index(_Keyed):
    """A global secondary index."""

    name: str
    hash_key: KeyAttribute
    range_key: KeyAttribute | None = None
    projection: Projection = "ALL"


@dataclass(frozen=True, slots=True)
class TableDefinition(_Keyed):
    """A table as it shall be. ``name`` is the logical name until ``prefixed`` has made it the physical one.

    Billing is always on demand. ``stream`` means new and old images. Index names are unique.
    """

    name: str
    hash_key: KeyAttribute
    range_key: KeyAttribute | None = None
    indexes: tuple[Index, ...] = ()
    stream: bool = True
    point_in_time_recovery: bool = True
    deletion_protection: bool = True

    def key_of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of an item that identifies it. Raises KeyError if a key attribute is missing."""
        return {name: item[name] for name, _ in self.key_attributes()}

    def attributes(self) -> Iterator[KeyAttribute]:
        """Yield each attribute that is part of a key of the table or of an index, once, by name.

        Raises ValueError if two keys give the same attribute different types, which DynamoDB refuses.
        """
        types: dict[str, KeyAttribute] = {}
        keys = (index.key_attributes() for index in self.indexes)
        for attribute in chain(self.key_attributes(), *keys):
            if types.setdefault(attribute.name, attribute) != attribute:
                raise ValueError(
                    f"table {self.name}: key attribute {attribute.name} is both text and number"
                )
        yield from (types[name] for name in sorted(types))

    def prefixed(self, prefix: str) -> "TableDefinition":
        """Return the definition under its physical name: the prefix, which carries its own separator, then the name."""
        return replace(self, name=prefix + self.name)


SCHEMA_VERSION = "SchemaVersion"
Items = dict[str, dict[str, Any]]
"""Logical table name -> the item's attributes, keys included, without ``Audit`` and ``Managed``."""


class Storage(TypedDict):
    """What a kind says of how its objects are stored; see ``Kind``."""

    tables: tuple[TableDefinition, ...]
    project: Callable[[str, dict[str, Any]], Items]
    recover: Callable[[Items], tuple[str, dict[str, Any]]]
    identify: Callable[[Mapping[str, Any]], str]
    yaml_places: Mapping[tuple[str, ...], tuple[str | int, ...]]


def one_item(
    table: TableDefinition,
    *,
    schema_version: int | None = None,
    kind: str = "",
    top: tuple[str, ...] = (),
    derived: Iterable[tuple[str, tuple[str, ...]]] = (),
    zero_is_none: tuple[str, ...] = (),
) -> Storage:
    """Store each object as ``{<key>: name, <top…>, "Value": {"SchemaVersion": n, …}}``, the shape most tables share.

    ``kind`` is that of the item where several share the table. ``top`` are attributes beside ``Value`` instead of inside it.
    ``derived`` are attributes of ``Value`` that are no part of the spec, with the place in the document they follow from.
    ``zero_is_none`` are those where 0 stands for no value.
    """
    key = (table.range_key or table.hash_key).name
    places: dict[tuple[str, ...], tuple[str | int, ...]] = {
        ("Value", attribute): place for attribute, place in derived
    }

    def project(name: str, spec: dict[str, Any]) -> Items:
        value = dict(spec)
        item: dict[str, Any] = {"Kind": kind} if kind else {}
        item[key] = name
        item |= {attribute: value.pop(attribute) for attribute in top if attribute in value}
        if schema_version is not None:
            value[SCHEMA_VERSION] = schema_version
        return {table.name: {**item, "Value": value}}

    def recover(items: Items) -> tuple[str, dict[str, Any]]:
        item = items[table.name]
        value = {attribute: item[attribute] for attribute in top if attribute in item}
        value.update(item.get("Value") or {})
        for attribute in (SCHEMA_VERSION, *(steps[-1] for steps in places)):
            value.pop(attribute, None)
        for attribute in zero_is_none:
            if value.get(attribute) == 0:
                del value[attribute]
        return str(item[key]), value

    return Storage(
        tables=(table,),
        project=project,
        recover=recover,
        identify=lambda item: str(item[key]),
        yaml_places={(key,): ("metadata", "name"), **places},
    )
