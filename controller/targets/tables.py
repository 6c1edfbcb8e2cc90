"""The config tables in the master account: the accepted desired state, read by everything else."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from controller.aws.errors import TableMissing
from controller.aws.items import Item
from controller.aws.tables import segments_for
from controller.errors import AccessDenied, EnvctlError
from controller.kinds.language.kind import Kind
from controller.ledger.ownership import is_ours_by_history
from controller.model.observed import (
    CONFIG_SCOPE,
    Observation,
    ObservedState,
    Ownership,
    ScopeState,
)
from controller.model.ref import Reason, ResourceRef
from controller.model.resource import DesiredState, Projection
from controller.ports import History
from controller.targets.table_items.observations import Found, ItemKey, Reader
from controller.targets.table_items.store import ItemStore

DENIED = "denied"
"""Fact of an unknown scope: whether AWS denied access, so that an operator must act."""
MAX_THREADS = 4
"""Tables read side by side; each may add segments of its own."""


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
        self._bytes: dict[str, int] = {}

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
                for one in found:
                    objects[one.observation.ref] = one.observation
                    if one.doubtful:
                        doubtful[one.observation.ref] = one.doubtful
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
        found = list(reader.read(chain.from_iterable(map(self._scan, reader.tables))))
        seen = sum(len(one.observation.attributes) for one in found)
        for table in reader.tables:
            self._bytes[table] = seen // len(reader.tables)
        return found

    def _scan(self, table: str) -> Iterator[tuple[str, Item]]:
        # The size is the last look's: DynamoDB's own count is hours old and costs a call.
        segments = segments_for(self._bytes.get(table, 0))
        for item in self._store.scan(self._prefix + table, segments):
            yield table, item

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
