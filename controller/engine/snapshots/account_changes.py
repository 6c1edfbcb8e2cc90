"""What changed in the tables of accounts from one snapshot to another, or to what is there now, as plans that nobody carries out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from controller.aws.tables import DynamoStore, Scannable
from controller.engine.live.observe import Unobserved
from controller.engine.snapshots.account_tables import WayIn
from controller.engine.snapshots.contents import SnapshotItems
from controller.errors import EnvctlError
from controller.model.live import LiveScope
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.plan import Cause, ScopePlan
from controller.model.ref import Reason, ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import DiffOptions, diff
from controller.planning.order import in_order
from controller.snapshots.manifest import AccountTables, Manifest
from controller.snapshots.store import SnapshotStore
from controller.targets.replica_parts.replicated import NO_EXTRA, copy_found, replicated
from controller.targets.replicas import TARGET


def changed_between(
    store: SnapshotStore, before: Manifest, after: Manifest, now: datetime
) -> Iterator[ScopePlan]:
    """Yield a plan for each account that the first snapshot has tables of. Raises as ``read_table``.

    Tables that both have are compared, item by item as copies are: without marks and audit.
    """
    others = {found.scope: found for found in after.accounts}
    for found in before.accounts:
        other = others.get(found.scope)
        if other is None:
            yield _unknown(found, f"snapshot {after.id} has no tables of it")
        elif found.wrong or other.wrong:
            yield _unknown(found, found.wrong or other.wrong)
        else:
            names = _names(found) & _names(other)
            then = _observed_then(store, before, found, names)
            yield _plan(then, _observed_then(store, after, other, names), now)


def changed_since(
    store: SnapshotStore, before: Manifest, ways: Iterable[WayIn], now: datetime
) -> Iterator[ScopePlan]:
    """Yield a plan for each account that a snapshot has tables of, up to what is there now.

    Raises as ``read_table``; what is wrong with an account is its own plan's state.
    """
    open_now = {way.scope.name: way for way in ways}
    for found in before.accounts:
        way = open_now.get(found.scope)
        if way is None or found.wrong:
            yield _unknown(found, found.wrong or "the tables name no such account and region now")
            continue
        names = _names(found)
        try:
            seen = _observed_now(before, way, names)
        except EnvctlError as error:
            yield ScopePlan(found.scope, ScopeState.UNKNOWN, reason=error.reason)
            continue
        yield _plan(_observed_then(store, before, found, names), seen, now)


def _names(found: AccountTables) -> frozenset[str]:
    return frozenset(table.name for table in found.tables)


def _unknown(found: AccountTables, why: str) -> ScopePlan:
    return ScopePlan(found.scope, ScopeState.UNKNOWN, reason=Reason(why))


def _observed_then(
    store: SnapshotStore, manifest: Manifest, found: AccountTables, names: Iterable[str]
) -> ObservedState:
    scope = LiveScope(found.scope, found.account, found.region, "")
    return _observed(SnapshotItems(store, manifest, found.tables), manifest, scope, names)


def _observed_now(manifest: Manifest, way: WayIn, names: Iterable[str]) -> ObservedState:
    """Look at the tables of an account. Raises as any read, and what keeps it from being read."""
    if isinstance(way.reads, Unobserved):
        raise way.reads.error
    return _observed(DynamoStore(way.reads.client("dynamodb")), manifest, way.scope, names)


def _observed(
    tables: Scannable, manifest: Manifest, scope: LiveScope, names: Iterable[str]
) -> ObservedState:
    copied = replicated(names, manifest.prefix, manifest.installation)
    objects: dict[ResourceRef, Observation] = {}
    for table in copied.tables:
        for item in tables.scan(manifest.prefix + table):
            found = copy_found(copied, scope, table, item, manifest.installation)
            objects[found.ref] = found._replace(ownership=Ownership.OURS)
    return ObservedState(scope.name, ScopeState.OK, objects)


def _plan(before: ObservedState, after: ObservedState, now: datetime) -> ScopePlan:
    wanted = {
        ref: Projection(ref, seen.attributes, NO_EXTRA, seen.digest)
        for ref, seen in after.objects.items()
    }
    made = diff(wanted, before, DiffOptions(target=TARGET.name, now=now))
    changes = (replace(change, cause=Cause.RESTORED, because="") for change in made.changes)
    return ScopePlan(before.scope, ScopeState.OK, in_order(changes))
