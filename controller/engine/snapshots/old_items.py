"""Items in the form of the old product's export and import: whole tables given out, and taken in by a plan as a restore is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from controller.aws.items import Item
from controller.aws.tables import Scannable
from controller.engine.commit.lease import epoch_ms
from controller.engine.config.observe import observe_config
from controller.engine.config.planner import Planner
from controller.engine.desired.stored_objects import stored_objects
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.overrides.put_back import PreparedPutBack, PutBack
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.snapshots.copies import plain_json
from controller.engine.snapshots.selection import Mode
from controller.engine.snapshots.source import checked_desired
from controller.errors import Unreachable, WrongUsage
from controller.events import Emit, discard_event
from controller.kinds.language.kind import Kind, Kinds, RuleSettings
from controller.model.observed import CONFIG_SCOPE, ObservedState, Ownership, ScopeState
from controller.model.plan import Cause
from controller.model.printable import in_short
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState
from controller.model.table import TableDefinition
from controller.ports import History
from controller.redactor import HIDDEN
from controller.snapshots.nightly_files import items_in, json_of, read_items
from controller.targets.table_items.item_form import AUDIT, MANAGED
from controller.targets.tables import Tables

RESOURCES: Final[Mapping[str, str]] = {
    "accounts": "InfraConfigAccounts",
    "clusters": "InfraConfigClusters",
    "deploymentmaps": "ConfigDeploymentMaps",
    "environments": "ConfigEnvironments",
    "environmenttypes": "ConfigEnvironmentTypes",
    "lbsettings": "InfraConfigLBSettings",
    "lbupstream": "InfraConfigLBUpstream",
    "notificationsettings": "ConfigNotificationSettings",
    "opsenvironments": "InfraOpsEnvironment",
    "permissions": "InfraConfigPermissions",
    "services": "InfraConfigServices",
}
"""Name of a resource in the old interface -> its table."""

ALL: Final = "all"
"""Names every resource at once."""
Key = tuple[Any, ...]


def table_of(resource: str, kinds: Kinds) -> tuple[Kind[Any], TableDefinition]:
    """Return the kind and the table (logical name) of a resource. Raises WrongUsage for one there is none of, naming all."""
    for kind in kinds.values():
        for table in kind.tables:
            if table.name == RESOURCES.get(resource):
                return kind, table
    raise WrongUsage(
        f"there is no resource {in_short(resource)!r}", fix=f"choose from {', '.join(RESOURCES)}"
    )


def files_of(resource: str, path: Path) -> Mapping[str, Path]:
    """Return which file each resource is in: the path itself, or, of all, ``RESOURCE.json`` in that folder, as far as they are there.

    Raises WrongUsage for a folder that has none of them.
    """
    if resource != ALL:
        return {resource: path}
    found = {name: path / f"{name}.json" for name in RESOURCES}
    there = {name: file for name, file in found.items() if file.is_file()}
    if not there:
        raise WrongUsage(
            f"{path}: it has no file of a resource",
            fix="name the folder that envctl items export all --out DIR wrote: services.json and others",
        )
    return there


def read_resources(files: Mapping[str, Path], kinds: Kinds) -> Mapping[str, Sequence[Item]]:
    """Return the items of each file. Raises WrongUsage for a resource there is none of, and for a file that is no array of its items."""
    return {
        resource: tuple(read_items(path, table_of(resource, kinds)[1]))
        for resource, path in files.items()
    }


def body_of(resource: str, path: Path) -> bytes:
    """Return what ``resources_in`` takes: the file of one resource as it is, or, of all, an object of their files.

    Raises WrongUsage for a file that cannot be read, and as ``files_of``.
    """
    texts = {}
    for name, file in files_of(resource, path).items():
        try:
            texts[name] = file.read_bytes()
        except OSError as error:
            raise WrongUsage(f"{file}: cannot be read: {error.strerror}") from error
    if resource != ALL:
        return texts[resource]
    return (
        b"{" + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in texts.items()) + b"}"
    )


def resources_in(resource: str, content: bytes, kinds: Kinds) -> Mapping[str, Sequence[Item]]:
    """Return the items that JSON has: an array of one resource, or, of all, an object of an array each.

    Raises WrongUsage for a resource there is none of, for what is no such array, and where something in it stands for a secret:
    an export that was shown has not what it hides.
    """
    if HIDDEN.encode() in content:
        raise _hidden(resource)
    found = json_of(content, f"items:{resource}")
    given = {resource: found} if resource != ALL else found
    if not isinstance(given, dict) or not given:
        raise WrongUsage(
            "items:all: it is no object",
            fix='write {"services": [...], ...}, each as it was exported',
        )
    return {
        name: tuple(items_in(items, f"items:{name}", table_of(name, kinds)[1]))
        for name, items in given.items()
    }


def _hidden(resource: str) -> WrongUsage:
    return WrongUsage(
        f"items:{resource}: {HIDDEN} in it stands for a secret, which would be lost",
        fix=f"leave the item out, or take a file that has the secret: envctl items export {resource} --out FILE",
    )


def export_items(installation: Installation, resource: str) -> Iterator[bytes]:
    """Yield every item of a resource as plain JSON, by key, as the old product's export gave them: with Audit, without our mark.

    Raises WrongUsage, and as reading the table.
    """
    master = installation.master
    _, table = table_of(resource, master.kinds)
    found = master.store.scan(master.settings.resource_prefix + table.name)
    for item in sorted(found, key=lambda item: str(_key(table, item))):
        yield plain_json({name: value for name, value in item.items() if name != MANAGED})


@dataclass(frozen=True, slots=True)
class _WithItems:
    """Tables of which some hold other items."""

    store: Scannable
    items: Mapping[str, Sequence[Item]]
    """By the physical name of the table."""

    def scan(self, table: str, segments: int = 1) -> Iterator[Item]:
        """Yield the items of a table; who takes them may change them."""
        if table in self.items:
            return map(dict[str, Any], self.items[table])
        return iter(self.store.scan(table, segments))


@dataclass(frozen=True, slots=True)
class _Given:
    """One resource: the items that are given, and those that its table has now, by key."""

    resource: str
    kind: Kind[Any]
    table: TableDefinition
    given: Mapping[Key, Item]
    there: Mapping[Key, Item]

    def after(self, mode: Mode) -> dict[Key, Item]:
        """Return the items that there are to be. Whoever imports is their author: what is given of that is passed over."""
        after = {} if mode is Mode.REPLACE else dict(self.there)
        for key, item in self.given.items():
            own = {name: value for name, value in item.items() if name not in (AUDIT, MANAGED)}
            held = self.there.get(key, {})
            after[key] = {**own, **{name: held[name] for name in (AUDIT, MANAGED) if name in held}}
        return after

    def refs(self, items: Iterable[Item]) -> set[ResourceRef]:
        """Return the objects that items are of."""
        return {ResourceRef(self.kind.name, self.kind.identify(item)) for item in items}


@dataclass(frozen=True)
class ItemsSource:
    """Desired state out of items of some resources: their objects as they say, all others as the tables have them."""

    items: Mapping[str, Sequence[Item]]
    """By resource; one that is not named stays as it is, whatever the mode."""
    mode: Mode
    store: Scannable
    kinds: Kinds
    settings: RuleSettings
    installation: str
    prefix: str
    history: History

    @property
    def name(self) -> str:
        """``items:services``; ``items:all`` for several resources."""
        return f"items:{next(iter(self.items)) if len(self.items) == 1 else ALL}"

    @property
    def cause(self) -> Cause:
        """What its changes are caused by."""
        return Cause.RESTORED

    def desired(self) -> DesiredState:
        """Return the desired state, checked as documents are; what is wrong with the tables as they are stands in no one's way.

        Raises WrongUsage for two items of one key, and for one that has lost a secret, InvalidDesiredState, and as reading the tables.
        """
        resources = [self._given(resource, items) for resource, items in self.items.items()]
        after = {one.table.name: one.after(self.mode) for one in resources}
        now = self._observed({one.table.name: one.there for one in resources})
        seen = self._observed(after)
        named = {ref for one in resources for ref in one.refs(one.given.values())}
        gone = {
            ref
            for one in resources
            for ref in one.refs(
                item for key, item in one.there.items() if key not in after[one.table.name]
            )
        }
        then = {
            ref: found._replace(ownership=Ownership.OURS) if ref in named else found
            for ref, found in seen.objects.items()
            # Of an object of two tables the other item is left.
            if ref in named or ref not in gone
        }
        return checked_desired(
            stored_objects(replace(seen, objects=then), self.kinds),
            stored_objects(now, self.kinds),
            self.kinds,
            self.settings,
            self.name,
        )

    def _given(self, resource: str, items: Iterable[Item]) -> _Given:
        kind, table = table_of(resource, self.kinds)
        given: dict[Key, Item] = {}
        for item in items:
            key = _key(table, item)
            if key in given:
                named = "/".join(map(str, key))
                raise WrongUsage(
                    f"items:{resource}: two items have the key {named}",
                    fix="leave one of them out",
                )
            given[key] = item
        there = {_key(table, item): item for item in self.store.scan(self.prefix + table.name)}
        if any(
            HIDDEN in str(item) and HIDDEN not in str(there.get(at)) for at, item in given.items()
        ):
            raise _hidden(resource)
        return _Given(resource, kind, table, given, there)

    def _observed(self, items: Mapping[str, Mapping[Key, Item]]) -> ObservedState:
        held = {self.prefix + table: [*found.values()] for table, found in items.items()}
        tables = Tables(
            _WithItems(self.store, held),
            self.kinds.values(),
            installation=self.installation,
            prefix=self.prefix,
            history=self.history,
        )
        seen = tables.observe()
        if seen.state is not ScopeState.OK:
            raise Unreachable(f"{self.name}: the tables cannot be read: {seen.reason}")
        return seen


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsImport:
    """Takes items in: a plan as any other, held against the settings' own source, which ``own`` plans; None where they name none."""

    accounts: LiveAccounts
    mode: Mode
    own: Planner | None
    reason: str = ""
    until: datetime | None = None
    emit: Emit = discard_event

    def prepare(
        self, items: Mapping[str, Sequence[Item]], request: ReconcileRequest
    ) -> tuple[PutBack, PreparedPutBack]:
        """Plan the import of items, by resource; nothing is written.

        Raises WrongUsage where another worker owns the config scope and reason or end is not given; else as ``PutBack.prepare``.
        """
        installation = self.accounts.installation
        master = installation.master
        self._check_owner(request.claim.owner)
        source = ItemsSource(
            items,
            self.mode,
            master.store,
            master.kinds,
            master.settings.of_rules,
            installation.id,
            master.settings.resource_prefix,
            installation.ledger,
        )
        reason = self.reason or f"imported {source.name.removeprefix('items:')}"
        run = PutBack.of(
            self.accounts, source, self.own, reason=reason, until=self.until, emit=self.emit
        )
        return run, run.prepare(observe_config(installation), request)

    def _check_owner(self, me: str) -> None:
        installation = self.accounts.installation
        head = installation.leases.read(CONFIG_SCOPE)
        now = installation.master.process.clock()
        if head is None or head.owner in {"", me} or head.lease_until <= epoch_ms(now):
            return
        if not self.reason or self.until is None:
            raise WrongUsage(
                f"scope {CONFIG_SCOPE} is worked on by {head.owner}, which keeps it as its source says",
                fix="say why and until when with --reason TEXT and --until TIME; or change the source",
            )


def _key(table: TableDefinition, item: Item) -> Key:
    return tuple(table.key_of(item).values())
