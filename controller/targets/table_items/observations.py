"""Items found in the tables become observations: grouped to objects, their marks read, their digests taken. Pure."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from controller.kinds.language.kind import Kind
from controller.model.observed import Mark, Observation, Ownership
from controller.model.ref import ResourceRef
from controller.model.table import TableDefinition
from controller.planning.shared import comparable
from controller.targets.table_items.marks import AUDIT, MANAGED, MarkIds, is_ours, mark_of
from controller.targets.table_items.plain_json import dump_plain, load_plain

Item = dict[str, Any]
_NO_EXTRA: Mapping[str, Any] = {}


class ItemKey(NamedTuple):
    """One item of one table: logical table name, hash key, and range key where there is one."""

    table: str
    hash_key: Any
    range_key: Any = None


class Found(NamedTuple):
    """An object as found. ``doubtful`` are its items without a usable mark: only the ledger knows whose they are."""

    observation: Observation
    doubtful: tuple[ItemKey, ...] = ()


class _Table:
    """One table, with what is needed for each of its items."""

    def __init__(self, definition: TableDefinition, installation: str, prefix: str) -> None:
        self.definition = definition
        self._ids = MarkIds(installation, prefix + definition.name)
        names = tuple(attribute.name for attribute in definition.key_attributes())
        self._names = names
        self._only = names[0] if len(names) == 1 else None

    def key_of(self, item: Item) -> Item:
        if self._only is not None:
            return {self._only: item[self._only]}
        return {name: item[name] for name in self._names}

    def expected_id(self, item: Item) -> str:
        return self._ids.of(self.key_of(item))


class Reader:
    """Turns items of the tables of some kinds into observations.

    ``kinds`` share tables with each other and with no other kind; an item of a table that several kinds share says in
    its attribute ``Kind`` which one it belongs to.
    """

    def __init__(self, kinds: Iterable[Kind[Any]], installation: str, prefix: str) -> None:
        """Take the kinds, and what marks of ours must be made of."""
        self._installation = installation
        self._kinds = {kind.name: kind for kind in kinds}
        self.tables = {
            table.name: _Table(table, installation, prefix)
            for kind in self._kinds.values()
            for table in kind.tables
        }
        self._only = next(iter(self._kinds.values())) if len(self._kinds) == 1 else None
        self._extras: dict[bytes, Mapping[str, Any]] = {}
        """Most objects have one of a few extras: each is kept once."""

    def read(self, items: Iterable[tuple[str, Item]]) -> Iterator[Found]:
        """Yield each object of a whole set of ``(logical table, item)``, once. The items are taken apart on the way.

        Items of one table that go by one name (an Account's name is not its key) stay objects of their own: those
        without our mark get their keys behind the name.
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
        (table,) = self.tables.values()
        seen: dict[str, Found] = {}
        others: list[Found] = []
        for table_name, item in items:
            key = identify(item)
            found = self._found(ResourceRef(name, key), {table_name: item})
            if key in seen:
                found, other = sorted((seen[key], found), key=_rank)
                others.append(other)
            seen[key] = found
        yield from seen.values()
        yield from (_renamed(one, table.definition, seen) for one in others)

    def _found(self, ref: ResourceRef, held: dict[str, Item]) -> Found:
        """Judge one object's items. All must bear our mark, and the same one, for the object to be ours untouched."""
        meta: dict[str, Item] = {}
        first: Mark | None = None
        doubtful: tuple[ItemKey, ...] = ()
        foreign = broken = unlike = False
        for name in held if len(held) == 1 else sorted(held):
            item, table = held[name], self.tables[name]
            own = meta[name] = {}
            if AUDIT in item:
                own[AUDIT] = item.pop(AUDIT)
            mark = None
            if MANAGED in item:
                managed = own[MANAGED] = item.pop(MANAGED)
                mark = mark_of(managed)
                broken = broken or mark is None
            if mark is None:
                doubtful += (ItemKey(name, *table.key_of(item).values()),)
                continue
            foreign = foreign or not is_ours(mark, self._installation, table.expected_id(item))
            first = first or mark
            unlike = unlike or mark.digest != first.digest
        ownership = Ownership.OURS
        if foreign:
            ownership = Ownership.FOREIGN
        elif first is None:
            # Somebody put a mark on it that is not in our form: not ours to take for unmanaged.
            ownership = Ownership.FOREIGN if broken else Ownership.UNMANAGED
            return Found(self._observation(ref, held, meta, None, ownership), doubtful)
        elif doubtful or unlike:
            ownership = Ownership.LOST_MARK
        return Found(self._observation(ref, held, meta, first, ownership))

    def _observation(
        self,
        ref: ResourceRef,
        held: dict[str, Item],
        meta: dict[str, Item],
        mark: Mark | None,
        ownership: Ownership,
    ) -> Observation:
        attributes = compared = dump_plain(held)
        extra, extra_bytes = _NO_EXTRA, b"{}"
        if mark is not None:
            by, id_, revision, path, line, last, extra = mark
            extra_bytes = dump_plain(extra)
            extra = self._extras.setdefault(extra_bytes, extra)
            mark = Mark(by, id_, revision, path, line, last, extra)
        kind = self._kinds.get(ref.kind)
        if kind is not None and kind.shared:
            ours = comparable(held, kind.shared, extra.get("owned", ()))
            if ours is not held:
                compared = dump_plain(ours)
        digest = hashlib.sha256(compared + b"\n" + extra_bytes).hexdigest()
        if mark is not None and digest == mark.digest:
            digest = mark.digest
        return Observation(ref, attributes, digest, mark, ownership, dump_plain(meta))

    def _ref(self, table: str, item: Item) -> ResourceRef:
        if self._only is not None:
            return ResourceRef(self._only.name, self._only.identify(item))
        name = item.get("Kind")
        kind = self._kinds.get(name) if isinstance(name, str) else None
        if kind is None:
            key = self.tables[table].key_of(item)
            return ResourceRef(str(name), "/".join(map(str, key.values())))
        return ResourceRef(kind.name, kind.identify(item))


def _rank(found: Found) -> tuple[bool, bytes]:
    """Who keeps the name several go by: ours before others, then by key."""
    return found.observation.ownership is not Ownership.OURS, found.observation.attributes


def _renamed(found: Found, definition: TableDefinition, taken: Container[str]) -> Found:
    """Return an object with its key behind the name that another keeps."""
    ref = found.observation.ref
    item = load_plain(found.observation.attributes)[definition.name]
    key = ",".join(map(str, definition.key_of(item).values()))
    name = f"{ref.key} ({key})"
    while name in taken:
        name = f"{name} ({key})"
    return found._replace(observation=replace(found.observation, ref=ResourceRef(ref.kind, name)))
