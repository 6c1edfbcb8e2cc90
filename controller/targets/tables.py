"""The config tables in the master account: the accepted desired state, read by everything else."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from controller.aws.errors import TableMissing
from controller.aws.items import Item
from controller.aws.tables import ItemStore
from controller.errors import AccessDenied, EnvctlError
from controller.kinds.language.kind import Kind
from controller.ledger.ownership import is_ours_by_history
from controller.model.observed import (
    CONFIG_SCOPE,
    Mark,
    Observation,
    ObservedState,
    Ownership,
    ScopeState,
)
from controller.model.ref import Reason, ResourceRef
from controller.model.resource import DesiredState, Projection
from controller.model.table import TableDefinition
from controller.planning.fields import comparable
from controller.ports import History
from controller.targets.table_items.item_form import (
    AUDIT,
    MANAGED,
    dump_plain,
    load_plain,
    mark_id,
    mark_of,
)

DENIED = "denied"
"""Fact of an unknown scope: whether AWS denied access, so that an operator must act."""
MAX_THREADS = 4
"""Tables read side by side."""
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


class Reader:
    """Turns items of the tables of some kinds into observations.

    ``kinds`` share tables with each other and with no other kind; an item of a table that several kinds share says in
    its attribute ``Kind`` which one it belongs to.
    """

    def __init__(self, kinds: Iterable[Kind[Any]], installation: str, prefix: str) -> None:
        """Take the kinds, and what marks of ours must be made of."""
        self._installation, self._prefix = installation, prefix
        self._kinds = {kind.name: kind for kind in kinds}
        self.tables = {table.name: table for kind in self._kinds.values() for table in kind.tables}
        self._only = next(iter(self._kinds.values())) if len(self._kinds) == 1 else None
        self._extras: dict[bytes, Mapping[str, Any]] = {}
        """Most objects of a look have one of a few extras: each is kept once."""

    def read(self, items: Iterable[tuple[str, Item]]) -> Iterator[Found]:
        """Yield each object of a whole set of ``(logical table, item)``, once. The items are taken apart on the way.

        Items of one table that go by one name (an Account's name is not its key) stay objects of their own: those
        without our mark get their keys behind the name.
        """
        self._extras.clear()
        if self._only is not None and len(self.tables) == 1:
            yield from self._singles(self._only, items)
            return
        grouped: dict[ResourceRef, dict[str, Item]] = {}
        for table, item in items:
            name = item.get("Kind")
            kind = self._only or (self._kinds.get(name) if isinstance(name, str) else None)
            if kind is not None:
                ref = ResourceRef(kind.name, kind.identify(item))
            else:
                key = self.tables[table].key_of(item)
                ref = ResourceRef(str(name), "/".join(map(str, key.values())))
            grouped.setdefault(ref, {})[table] = item
        for ref, held in grouped.items():
            yield self._found(ref, held)

    def _singles(self, kind: Kind[Any], items: Iterable[tuple[str, Item]]) -> Iterator[Found]:
        name, identify = kind.name, kind.identify
        (table,) = self.tables.values()
        seen: dict[str, Found] = {}
        namesakes: list[Found] = []
        for table_name, item in items:
            key = identify(item)
            found = self._found(ResourceRef(name, key), {table_name: item})
            if key in seen:
                found, namesake = sorted((seen[key], found), key=_rank)
                namesakes.append(namesake)
            seen[key] = found
        yield from seen.values()
        yield from (_renamed(namesake, table, seen) for namesake in namesakes)

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
            expected = mark_id(self._installation, self._prefix + name, table.key_of(item))
            # Another installation's mark does not fit, nor one that came with a copied item.
            foreign = foreign or mark.by != self._installation or mark.id != expected
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


class Tables:
    """Looks at the config tables. Writing them is the engine's, as items, records and head are one transaction."""

    name = "tables"

    def __init__(
        self,
        store: ItemStore,
        kinds: Iterable[Kind[Any]],
        *,
        installation: str,
        prefix: str,
        history: History,
    ) -> None:
        """Take the items, the kinds whose tables these are, and what tells lost marks from unmanaged items."""
        self._store = store
        self._prefix = prefix
        self._history = history
        self._readers = [Reader(group, installation, prefix) for group in _sharing_tables(kinds)]

    def project(self, desired: DesiredState, now: datetime) -> Mapping[ResourceRef, Projection]:
        """Return each resource's items as loading made them."""
        return {ref: resource.projection for ref, resource in desired.resources.items()}

    def observe(self, scope: str = CONFIG_SCOPE) -> ObservedState:
        """Read all tables. If one cannot be read the whole scope is unknown: its objects refer to each other."""
        errors: list[EnvctlError] = []
        objects: dict[ResourceRef, Observation] = {}
        doubtful: dict[ResourceRef, tuple[ItemKey, ...]] = {}
        with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="observe-tables") as pool:
            for future in [pool.submit(self._read, reader) for reader in self._readers]:
                try:
                    found = future.result()
                except EnvctlError as error:
                    errors.append(error)
                    continue
                for observation, keys in found:
                    objects[observation.ref] = observation
                    if keys:
                        doubtful[observation.ref] = keys
            if not errors:
                try:
                    lost = pool.map(self._is_lost, doubtful.values())
                    for ref in [
                        ref for ref, is_lost in zip(doubtful, lost, strict=True) if is_lost
                    ]:
                        objects[ref] = replace(objects[ref], ownership=Ownership.LOST_MARK)
                except EnvctlError as error:
                    errors.append(error)
        if errors:
            denied = any(isinstance(error, AccessDenied) for error in errors)
            return ObservedState(scope, ScopeState.UNKNOWN, {}, _reason(errors), {DENIED: denied})
        return ObservedState(scope, ScopeState.OK, objects)

    def _read(self, reader: Reader) -> list[Found]:
        items = (
            (table, item)
            for table in reader.tables
            for item in self._store.scan(self._prefix + table)
        )
        return list(reader.read(items))

    def _is_lost(self, keys: Sequence[ItemKey]) -> bool:
        return any(
            is_ours_by_history(
                self._history.of_item(
                    self._prefix + key.table,
                    str(key.hash_key),
                    None if key.range_key is None else str(key.range_key),
                ),
                CONFIG_SCOPE,
            )
            for key in keys
        )


def _sharing_tables(kinds: Iterable[Kind[Any]]) -> list[list[Kind[Any]]]:
    """Group kinds that share a table, directly or through others; each group is read as one."""
    groups: list[tuple[set[str], list[Kind[Any]]]] = []
    for kind in kinds:
        names = {table.name for table in kind.tables}
        mine: list[Kind[Any]] = [kind]
        apart = []
        for tables, members in groups:
            if tables & names:
                names, mine = names | tables, members + mine
            else:
                apart.append((tables, members))
        groups = [*apart, (names, mine)]
    return [members for _, members in groups]


def _reason(errors: Sequence[EnvctlError]) -> Reason:
    missing = [error for error in errors if isinstance(error, TableMissing)]
    if len(missing) == len(errors) > 1:
        return Reason(
            f"{errors[0].message}, nor do the tables of {len(errors) - 1} more kinds",
            fix="envctl bootstrap creates them",
        )
    first, *others = dict.fromkeys(error.reason for error in errors)
    return Reason(first.message, detail="\n".join(filter(None, (first.below, *others))))
