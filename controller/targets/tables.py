"""The config tables in the master account: the accepted desired state, read by everything else."""

import hashlib
from collections.abc import Collection, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from itertools import chain
from sys import intern
from typing import Any, NamedTuple

from controller.aws.errors import TableMissing
from controller.aws.items import Item
from controller.aws.tables import Scannable, segments_for
from controller.errors import AccessDenied, EnvctlError
from controller.kinds.language.fields import sensitive_values
from controller.kinds.language.kind import Kind
from controller.ledger.ownership import is_ours_by_history
from controller.model.canonical import parse_canonical
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
from controller.redactor import REDACTOR
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
"""Tables read side by side; each may add segments of its own."""
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


@dataclass(eq=False, slots=True)
class Tables:
    """Looks at the config tables. Writing them is the engine's, as items, records and head are one transaction."""

    store: Scannable
    kinds: Collection[Kind[Any]]
    """The kinds whose tables these are."""
    _: KW_ONLY
    installation: str
    prefix: str
    history: History
    """What tells lost marks from unmanaged items."""
    name: str = field(default="tables", init=False)
    _tables: dict[str, TableDefinition] = field(default_factory=dict, init=False)
    _bytes: dict[str, int] = field(default_factory=dict, init=False)
    _extras: dict[int | bytes, tuple[Mapping[str, Any], bytes]] = field(
        default_factory=dict, init=False
    )
    """Most objects of a look have one of a few extras: each is kept once."""

    def project(self, desired: DesiredState, now: datetime) -> Mapping[ResourceRef, Projection]:
        """Return each resource's items as loading made them."""
        return {ref: resource.projection for ref, resource in desired.resources.items()}

    def observe(self, scope: str = CONFIG_SCOPE) -> ObservedState:
        """Read all tables. If one cannot be read the whole scope is unknown: its objects refer to each other."""
        errors: list[EnvctlError] = []
        self._extras.clear()
        objects: dict[ResourceRef, Observation] = {}
        doubtful: dict[ResourceRef, tuple[ItemKey, ...]] = {}
        groups: list[list[Kind[Any]]] = []
        # Kinds that share a table, directly or through others, are read as one.
        for kind in self.kinds:
            self._tables |= {table.name: table for table in kind.tables}
            sharing = [
                members
                for members in groups
                if any(table in kind.tables for member in members for table in member.tables)
            ]
            apart = [members for members in groups if members not in sharing]
            groups = [*apart, [*chain.from_iterable(sharing), kind]]
        with ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="observe-tables") as pool:
            for future in [pool.submit(self._read, kinds) for kinds in groups]:
                try:
                    found = future.result()
                except EnvctlError as error:
                    errors.append(error)
                    continue
                for observation, keys in found:
                    objects[observation.ref] = observation
                    if keys:
                        doubtful[observation.ref] = keys
            held = ((ref, found.attributes) for ref, found in objects.items())
            REDACTOR.tell(*sensitive_values(held, {kind.name: kind for kind in self.kinds}))
            if not errors:
                try:
                    lost = pool.map(self._is_lost, doubtful.values())
                    for ref in [
                        ref for ref, is_lost in zip(doubtful, lost, strict=True) if is_lost
                    ]:
                        objects[ref] = objects[ref]._replace(ownership=Ownership.LOST_MARK)
                except EnvctlError as error:
                    errors.append(error)
        if errors:
            denied = any(isinstance(error, AccessDenied) for error in errors)
            return ObservedState(scope, ScopeState.UNKNOWN, {}, _reason(errors), {DENIED: denied})
        return ObservedState(scope, ScopeState.OK, objects)

    def _read(self, sharing: Sequence[Kind[Any]]) -> list[Found]:
        """Read the tables of kinds that share them with no other kind; an item's ``Kind`` says which of several it is of.

        Items of one table that go by one name (an Account's name is not its key) stay objects of their own: those
        without our mark get their keys behind the name. The items are taken apart on the way.
        """
        kinds = {kind.name: kind for kind in sharing}
        only = sharing[0] if len(sharing) == 1 else None
        tables = list(dict.fromkeys(table.name for kind in sharing for table in kind.tables))
        found: dict[ResourceRef, Found] = {}
        namesakes: list[Found] = []
        grouped: dict[ResourceRef, dict[str, Item]] = {}
        for table in tables:
            # The size is the last look's: DynamoDB's own count is hours old and costs a call.
            segments = segments_for(self._bytes.get(table, 0))
            for item in self.store.scan(self.prefix + table, segments):
                name = item.get("Kind")
                kind = only or (kinds.get(name) if isinstance(name, str) else None)
                if kind is not None:
                    ref = ResourceRef(kind.name, intern(kind.identify(item)))
                else:
                    key = self._tables[table].key_of(item)
                    ref = ResourceRef(str(name), "/".join(map(str, key.values())))
                if only is None or len(tables) > 1:
                    grouped.setdefault(ref, {})[table] = item
                    continue
                # Not gathered first: one such table holds most of what there is.
                whole = self._found(ref, kind, {table: item})
                if ref in found:
                    whole, namesake = sorted((found[ref], whole), key=_rank)
                    namesakes.append(namesake)
                found[ref] = whole
        for ref, held in grouped.items():
            found[ref] = self._found(ref, kinds.get(ref.kind), held)
        objects = [*found.values(), *(self._renamed(namesake, found) for namesake in namesakes)]
        size = sum(len(observation.attributes) for observation, _ in objects)
        self._bytes |= dict.fromkeys(tables, size // len(tables))
        return objects

    def _found(self, ref: ResourceRef, kind: Kind[Any] | None, held: dict[str, Item]) -> Found:
        """Judge one object's items. All must bear our mark, and the same one, for the object to be ours untouched."""
        meta: dict[str, Item] = {}
        mark: Mark | None = None
        doubtful: tuple[ItemKey, ...] = ()
        foreign = broken = unlike = False
        for name in sorted(held):
            item, table = held[name], self._tables[name]
            own = meta[name] = {key: item.pop(key) for key in (AUDIT, MANAGED) if key in item}
            carried = mark_of(own.get(MANAGED))
            if carried is None:
                broken = broken or MANAGED in own
                doubtful += (ItemKey(name, *table.key_of(item).values()),)
                continue
            expected = mark_id(self.installation, self.prefix + name, table.key_of(item))
            # Another installation's mark does not fit, nor one that came with a copied item.
            foreign = foreign or carried.by != self.installation or carried.id != expected
            mark = mark or carried
            unlike = unlike or carried.digest != mark.digest
        # A mark that is not in our form was put on it by somebody: not ours to take for unmanaged.
        if foreign or (mark is None and broken):
            ownership = Ownership.FOREIGN
        elif mark is None:
            ownership = Ownership.UNMANAGED
        else:
            ownership = Ownership.LOST_MARK if doubtful or unlike else Ownership.OURS
        attributes = compared = dump_plain(held)
        extra, extra_bytes = _NO_EXTRA, b"{}"
        if mark is not None:
            # Most have nothing but their shape, and that is one of a few.
            shape = mark.extra.get("shape") if len(mark.extra) == 1 else None
            known = shape if type(shape) is int else dump_plain(mark.extra)
            if known not in self._extras:
                # As plain JSON: others may have put values into it that JSON has no word for.
                extra_bytes = dump_plain(mark.extra)
                self._extras[known] = parse_canonical(extra_bytes), extra_bytes
            extra, extra_bytes = self._extras[known]
            mark = mark._replace(extra=extra)
        if kind is not None and kind.shared:
            ours = comparable(held, kind.shared, extra.get("owned", ()))
            compared = attributes if ours is held else dump_plain(ours)
        digest = hashlib.sha256(compared + b"\n" + extra_bytes).hexdigest()
        if mark is not None and digest == mark.digest:
            digest = mark.digest
        found = Observation(ref, attributes, digest, mark, ownership, dump_plain(meta))
        return Found(found, doubtful if mark is None else ())

    def _renamed(self, found: Found, taken: Container[ResourceRef]) -> Found:
        """Return an object with its key behind the name that another keeps."""
        ref = found.observation.ref
        ((table, item),) = load_plain(found.observation.attributes).items()
        key = ",".join(map(str, self._tables[table].key_of(item).values()))
        ref = ref._replace(key=f"{ref.key} ({key})")
        while ref in taken:
            ref = ref._replace(key=f"{ref.key} ({key})")
        return found._replace(observation=found.observation._replace(ref=ref))

    def _is_lost(self, keys: Sequence[ItemKey]) -> bool:
        return any(
            is_ours_by_history(
                self.history.of_item(
                    self.prefix + key.table,
                    str(key.hash_key),
                    None if key.range_key is None else str(key.range_key),
                ),
                CONFIG_SCOPE,
            )
            for key in keys
        )


def _rank(found: Found) -> tuple[bool, bytes]:
    """Who keeps the name several go by: ours before others, then by key."""
    return found.observation.ownership is not Ownership.OURS, found.observation.attributes


def _reason(errors: Sequence[EnvctlError]) -> Reason:
    missing = [error for error in errors if isinstance(error, TableMissing)]
    if len(missing) == len(errors) > 1:
        return Reason(
            f"{errors[0].message}, nor do the tables of {len(errors) - 1} more kinds",
            fix="envctl bootstrap creates them",
        )
    first, *others = dict.fromkeys(error.reason for error in errors)
    return Reason(first.message, detail="\n".join(filter(None, (first.below, *others))))
