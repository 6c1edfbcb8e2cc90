"""Items found in the tables become observations: grouped to objects, their marks read, their digests taken. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from controller.kinds.language.kind import Kind
from controller.model.extra import owned_paths
from controller.model.observed import Mark, Observation, Ownership
from controller.model.ref import ResourceRef
from controller.model.table import TableDefinition
from controller.planning.shared import comparable
from controller.targets.table_items.marks import AUDIT, MANAGED, is_ours, mark_id, mark_of
from controller.targets.table_items.plain_json import dump_plain, load_plain

Item = dict[str, Any]
_NO_EXTRA: Mapping[str, Any] = {}


class ItemKey(NamedTuple):
    """One item of one table: logical table name, hash key, and range key where there is one."""

    table: str
    hash_key: Any
    range_key: Any = None


@dataclass(frozen=True, slots=True)
class Found:
    """An object as found. ``doubtful`` are its items without a usable mark: only the ledger knows whose they are."""

    observation: Observation
    doubtful: tuple[ItemKey, ...] = ()


class Reader:
    """Turns items of the tables of some kinds into observations.

    ``kinds`` share tables with each other and with no other kind; an item of a table that several kinds share says in
    its attribute ``Kind`` which one it belongs to.
    """

    def __init__(self, kinds: Iterable[Kind[Any]], installation: str, prefix: str) -> None:
        """Take the kinds, and what marks of ours must be made of."""
        self._installation = installation
        self._prefix = prefix
        self._kinds = {kind.name: kind for kind in kinds}
        self.tables = {table.name: table for kind in self._kinds.values() for table in kind.tables}
        self._only = next(iter(self._kinds.values())) if len(self._kinds) == 1 else None

    def read(self, items: Iterable[tuple[str, Item]]) -> Iterator[Found]:
        """Yield each object of a whole set of ``(logical table, item)``, once. The items are taken apart on the way.

        Two items of one table that go by one name (an Account's name is not its key) stay two objects: the one
        without our mark gets its key behind the name.
        """
        if self._only is not None and len(self.tables) == 1:
            yield from self._singles(self._only, items)
            return
        grouped: dict[ResourceRef, dict[str, Item]] = {}
        for table, item in items:
            grouped.setdefault(self._ref(table, item), {})[table] = item
        for ref, held in grouped.items():
            yield self._found(ref, held)

    def _singles(self, kind: Kind[Any], items: Iterable[tuple[str, Item]]) -> Iterator[Found]:
        name, identify = kind.name, kind.identify
        seen: dict[str, Found] = {}
        for table, item in items:
            key = identify(item)
            found = self._found(ResourceRef(name, key), {table: item})
            if key in seen:
                found, other = _told_apart(seen[key], found, self.tables[table])
                seen[other.observation.ref.key] = other
            seen[key] = found
        yield from seen.values()

    def _found(self, ref: ResourceRef, held: dict[str, Item]) -> Found:
        """Judge one object's items. All must bear our mark, and the same one, for the object to be ours untouched."""
        meta: dict[str, Item] = {}
        marks: list[Mark] = []
        doubtful: list[ItemKey] = []
        foreign = broken = False
        for table in sorted(held) if len(held) > 1 else held:
            item = held[table]
            own = {name: item.pop(name) for name in (AUDIT, MANAGED) if name in item}
            meta[table] = own
            definition = self.tables[table]
            mark = mark_of(own[MANAGED]) if MANAGED in own else None
            if mark is None:
                doubtful.append(_item_key(definition, item))
                broken = broken or MANAGED in own
                continue
            marks.append(mark)
            expected = mark_id(self._installation, self._prefix + table, definition.key_of(item))
            foreign = foreign or not is_ours(mark, self._installation, expected)
        if foreign:
            ownership, doubtful = Ownership.FOREIGN, []
        elif not marks:
            # Somebody put a mark on it that is not in our form: not ours to take for unmanaged.
            ownership = Ownership.FOREIGN if broken else Ownership.UNMANAGED
        elif doubtful or any(mark.digest != marks[0].digest for mark in marks):
            ownership, doubtful = Ownership.LOST_MARK, []
        else:
            ownership = Ownership.OURS
        mark = marks[0] if marks else None
        return Found(self._observation(ref, held, meta, mark, ownership), tuple(doubtful))

    def _observation(
        self,
        ref: ResourceRef,
        held: dict[str, Item],
        meta: dict[str, Item],
        mark: Mark | None,
        ownership: Ownership,
    ) -> Observation:
        attributes = dump_plain(held)
        extra = mark.extra if mark else _NO_EXTRA
        kind = self._kinds.get(ref.kind)
        compared = attributes
        if kind is not None and kind.shared:
            compared = dump_plain(comparable(held, kind.shared, owned_paths(extra)))
        content = compared + b"\n" + (dump_plain(extra) if extra else b"{}")
        return Observation(
            ref,
            attributes,
            hashlib.sha256(content).hexdigest(),
            mark,
            ownership,
            dump_plain(meta),
        )

    def _ref(self, table: str, item: Item) -> ResourceRef:
        if self._only is not None:
            return ResourceRef(self._only.name, self._only.identify(item))
        name = item.get("Kind")
        kind = self._kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            key = _item_key(self.tables[table], item)
            return ResourceRef(str(name), f"{key.hash_key}/{key.range_key}")
        return ResourceRef(kind.name, kind.identify(item))


def _item_key(definition: TableDefinition, item: Mapping[str, Any]) -> ItemKey:
    return ItemKey(definition.name, *definition.key_of(item).values())


def _told_apart(one: Found, other: Found, definition: TableDefinition) -> tuple[Found, Found]:
    """Return first who keeps the name both go by: ours before others, then by key."""

    def rank(found: Found) -> tuple[bool, bytes]:
        return found.observation.ownership is not Ownership.OURS, found.observation.attributes

    keeps, yields = sorted((one, other), key=rank)
    item = load_plain(yields.observation.attributes)[definition.name]
    key = ",".join(map(str, definition.key_of(item).values()))
    ref = yields.observation.ref
    renamed = replace(yields.observation, ref=ResourceRef(ref.kind, f"{ref.key} ({key})"))
    return keeps, replace(yields, observation=renamed)
