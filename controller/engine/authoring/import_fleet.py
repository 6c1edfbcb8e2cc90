"""Everything that exists becomes YAML: the tables first, then what the groups of the accounts have otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from controller.aws.errors import TableMissing
from controller.aws.sessions import MASTER
from controller.aws.tables import Scannable
from controller.catalog import kind_tables
from controller.engine.authoring.import_role import closer_look
from controller.engine.desired.accepted import accepted_of
from controller.engine.installation.installation import Installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.observe import Observer, ScopeSetup, Unobserved
from controller.engine.snapshots.contents import NoHistory, SnapshotItems
from controller.engine.snapshots.service import Snapshots
from controller.engine.snapshots.source import PREFIX
from controller.engine.state.override_rows import read_overrides
from controller.errors import AccessDenied, EnvctlError, Unreachable, WrongUsage
from controller.kinds.language.fields import is_sensitive, yaml_path
from controller.kinds.language.kind import Kind
from controller.loading.authoring.closer_facts import CloserLook, add_closer_facts
from controller.loading.authoring.compose import compose
from controller.loading.authoring.found import FoundObject, LeftOut, Oddity
from controller.loading.authoring.group_facts import Groups, add_group_facts
from controller.loading.authoring.notes import NOTES, import_notes
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.shared_schedules import share_schedules
from controller.loading.authoring.validate_loop import StableDocuments, validate_until_stable
from controller.loading.positions import dotted
from controller.loading.yaml_text import short_text
from controller.model.accepted import AcceptedState
from controller.model.canonical import ABSENT, parse_canonical
from controller.model.live import LiveLook
from controller.model.observed import (
    BENEATH,
    CONFIG_SCOPE,
    ObservedState,
    Ownership,
    ScopeState,
)
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.model.resource import Resource
from controller.planning.fields import MASKED, Difference, comparable, differences, keep_found
from controller.planning.overrides import segments
from controller.snapshots.bucket import BucketStore
from controller.snapshots.folder import FolderStore
from controller.snapshots.nightly_files import newest_night
from controller.snapshots.store import SnapshotStore
from controller.sources.s3_listing import SCHEME, parse_s3_location
from controller.targets.group_parts.designs import designs
from controller.targets.group_parts.observe import read_deep
from controller.targets.group_parts.schedule_acts import read_actions
from controller.targets.table_items.item_form import AUDIT, MANAGED
from controller.targets.tables import DENIED, Tables

OLDER_TABLE: Final = "ConfigServices"
TABLE: Final = "InfraConfigServices"
_LONGEST_SHOWN: Final = 80

Json = Any
Item = dict[str, Any]
Looks = Sequence[tuple[ScopeSetup, LiveLook]]


@dataclass(frozen=True, slots=True)
class Imported:
    """``files`` by path below the folder they go to; ``unseen`` says of scopes, and of tables of a backup, why they were not looked at."""

    files: Mapping[str, bytes]
    objects: int
    oddities: int
    left_out: int
    unseen: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Backup:
    """Tables of before: what they hold, what stood before their names, and whose marks are ours in them.

    ``missing`` are tables that it has not: what they held is not known.
    """

    items: Scannable
    prefix: str
    installation: str
    missing: tuple[str, ...] = ()


def open_backup(installation: Installation, text: str) -> Backup:
    """Return what ``snapshot:ID`` holds, or the newest night among the old product's nightly files, in a folder or ``s3://BUCKET/PREFIX``.

    Raises WrongUsage where there is none, and as reading the store.
    """
    if text.startswith(PREFIX):
        snapshots = Snapshots.of(installation)
        manifest = snapshots.find(text.removeprefix(PREFIX))
        items = SnapshotItems(snapshots.store, manifest, manifest.tables)
        return Backup(items, manifest.prefix, manifest.installation)
    prefix = installation.master.settings.resource_prefix
    tables = [table.prefixed(prefix) for table in kind_tables(installation.master.kinds.values())]
    store: SnapshotStore = FolderStore(Path(text))
    if text.startswith(f"{SCHEME}://"):
        place = parse_s3_location(text)
        client = installation.master.aws.client("s3", MASTER)
        store = BucketStore(client, place.bucket, place.prefix)
    night = newest_night(store, {table.name: table for table in tables})
    return Backup(night, prefix, installation.id, night.missing)


class Importer:
    """Reads an installation and the accounts that its documents name. Nothing is written, neither there nor here."""

    def __init__(
        self, installation: Installation, now: datetime, backup: Backup | None = None
    ) -> None:
        """Take the installation; ``now`` is aware. With a backup that is read instead of the tables, and no account is looked at."""
        self._installation, self._now = installation, now
        self._master, self._settings = installation.master, installation.master.settings
        self._kinds = installation.master.kinds
        self._tables, self._prefix = installation.tables, self._settings.resource_prefix
        self._items: Scannable = self._master.store
        self._backup = backup
        if backup is not None:
            self._items, self._prefix = backup.items, backup.prefix
            self._tables = Tables(
                backup.items,
                self._kinds.values(),
                installation=backup.installation,
                prefix=backup.prefix,
                history=NoHistory(),
            )

    def import_all(
        self, scopes: Sequence[str] = (), *, rewrite_schedules: bool = False
    ) -> Imported:
        """Read everything, and look at the accounts and regions of these scopes, all if none is named.

        ``rewrite_schedules`` writes shared schedules in periods also where the text in the tables then changes. An account
        that cannot be looked at is told, and its environments are written as their map says. Raises Unreachable or
        AccessDenied for the tables, WrongUsage for a scope that does not exist.
        """
        observed, missing = self._tables.observe(), self._missing(scopes)
        if observed.state is not ScopeState.OK:
            error = AccessDenied if observed.facts.get(DENIED) else Unreachable
            if self._backup is not None:
                raise WrongUsage(f"import: the backup cannot be read: {observed.reason}")
            raise error(f"import: the tables cannot be read: {observed.reason}")
        found, left = self._found(observed)
        reading = read_objects(found, self._kinds)
        whole = reading.whole
        options = self._settings.options
        # A role that the settings do not allow is told by validate; without its account there would be little to import.
        settings = self._settings.of_rules._replace(allowed_role_names=None)
        first = validate_until_stable(reading.written, whole, self._kinds, settings)
        shared = share_schedules(first.written, rewrite=rewrite_schedules)
        looked, unseen = self._look(first.resources, scopes)
        looks = {(place.scope.account_name, place.scope.region): look for place, look in looked}
        groups = Groups(looks, options.tag_keys, options.default_region)
        remarks = add_group_facts(shared, groups)
        second = validate_until_stable(shared, whole, self._kinds, settings)
        closer, unread = self._look_closer(second.resources, looked)
        complete = add_closer_facts(second.written, closer, self._kinds)
        last = validate_until_stable(complete, whole, self._kinds, settings)
        left += [*reading.left_out, *first.left_out, *second.left_out, *last.left_out]
        blind = [
            f"{name} was not looked at, so its environments are written as their map says: {why}"
            for name, why in unseen.items()
        ]
        composed = compose(last.written.values(), left, self._kinds)
        oddities = [odd for document in last.written.values() for odd in document.oddities]
        changes, remarks = dict(self._changes(last, observed)), [*blind, *unread, *remarks]
        notes = import_notes(oddities, left, remarks, changes, composed.paths, self._kinds)
        files = {path: text.encode() for path, text in composed.files.items()}
        files[NOTES] = notes.encode()
        return Imported(files, len(last.written), len(oddities), len(left), unseen | missing)

    def _missing(self, scopes: Sequence[str]) -> dict[str, str]:
        """Return the tables that a backup has not, and why they are not read. Raises WrongUsage for scopes to look at besides."""
        if self._backup is None:
            return {}
        if scopes:
            raise WrongUsage("import: of a backup no account is looked at", fix="leave --scope out")
        why = "the backup has no file of it, so what it held is not known"
        return dict.fromkeys(self._backup.missing, why)

    def _found(self, observed: ObservedState) -> tuple[list[FoundObject], list[LeftOut]]:
        found: list[FoundObject] = []
        left: list[LeftOut] = []
        overridden = self._overridden_fields(observed)
        for ref, observation in observed.objects.items():
            items, mark = parse_canonical(observation.attributes), observation.mark
            if observation.ownership is Ownership.FOREIGN:
                by = mark.by if mark is not None else "nobody known"
                reason = f"carries the mark of another installation ({by})"
                left.append(LeftOut(ref, reason, "import it from that installation", items))
            else:
                remark, extra = None, mark.extra if mark is not None else {}
                if observation.ownership is Ownership.LOST_MARK:
                    lost = "it lost its mark, which the ledger says was ours"
                    remark = Oddity(ref, lost, "what its items say")
                shared = self._kinds[ref.kind].shared if ref.kind in self._kinds else ()
                own = comparable(items, shared, extra.get("owned", ()))
                ours, held = observation.ownership is Ownership.OURS, overridden.get(ref, {})
                found.append(FoundObject(ref, own, items, extra, ours, remark, held))
        known = [ref.key for ref in observed.objects if ref.kind == "Service"]
        older, others = older_services(self._items, self._prefix, known)
        return [*found, *older], [*left, *others]

    def _overridden_fields(
        self, observed: ObservedState
    ) -> Mapping[ResourceRef, Mapping[str, str]]:
        """Return who overrides what: object -> field of its document (``spec.schedule``) -> a few words for a note.

        Overrides are only read where a mark says that there are any. Raises as any read, and EnvctlError for a damaged row.
        """
        marks = (found.mark for found in observed.objects.values())
        if not any(mark is not None and BENEATH in mark.extra for mark in marks):
            return {}
        fields: dict[ResourceRef, dict[str, str]] = {}
        for override in read_overrides(self._items, self._prefix):
            holds = override.until is None or override.until > self._now
            if holds and override.path and override.value is not ABSENT:
                field = ".".join(segments(override.path)[:2])
                fields.setdefault(override.ref, {})[field] = _in_words(override)
        return fields

    def _changes(
        self, settled: StableDocuments, observed: ObservedState
    ) -> Iterable[tuple[ResourceRef, list[str]]]:
        """Yield what adopting an object writes to its items beside our mark."""
        for ref, resource in settled.resources.items():
            found = observed.objects.get(ref)
            if found is None or found.ownership is Ownership.OURS:
                continue
            kind = self._kinds[ref.kind]
            before = parse_canonical(found.attributes)
            wanted = parse_canonical(resource.projection.attributes)
            after = keep_found(before, wanted, kind.shared, resource.projection.owned)
            lines = [_difference(kind, difference) for difference in differences(before, after)]
            if lines:
                yield ref, lines

    def _look(
        self, resources: Mapping[ResourceRef, Resource], scopes: Sequence[str]
    ) -> tuple[Looks, dict[str, str]]:
        """Return the scopes with what was found there, and of those that could not be looked at why."""
        if self._backup is not None:
            return [], {}
        accepted = self._accepted(resources)
        live = LiveAccounts(self._installation)
        wanted = [name for name in scopes if name != CONFIG_SCOPE]
        setups = live.scopes(accepted, wanted) if wanted or not scopes else ()
        found = live.looks(setups, self._now)
        looks = [(setup, found[setup.scope.name]) for setup in setups]
        unseen: dict[str, str] = {
            setup.scope.name: look.reason for setup, look in looks if isinstance(look, Unobserved)
        }
        return [(setup, look) for setup, look in looks if isinstance(look, LiveLook)], unseen

    def _look_closer(
        self, resources: Mapping[ResourceRef, Resource], looked: Looks
    ) -> tuple[list[CloserLook], list[str]]:
        """Hold every group against what the documents would make of it; return remarks on scopes where that could not be."""
        accepted = self._accepted(resources)
        parallel = self._settings.live.parallel_scopes

        def closer(setup: ScopeSetup, look: LiveLook) -> list[CloserLook] | str:
            try:
                return list(self._closer(accepted, setup, look))
            except EnvctlError as error:
                return (
                    f"groups in {setup.scope.name} were not looked at closely, so what their launch templates, hooks,"
                    f" notifications and scheduled actions say is written as the map has it: {error}"
                )

        with ThreadPoolExecutor(parallel, thread_name_prefix="look") as pool:
            found = list(pool.map(lambda pair: closer(*pair), looked))
        remarks = [result for result in found if isinstance(result, str)]
        return [look for result in found if not isinstance(result, str) for look in result], remarks

    def _closer(
        self, accepted: AcceptedState, setup: ScopeSetup, look: LiveLook
    ) -> Iterable[CloserLook]:
        wanted = designs(accepted, setup.scope).groups
        there = {
            name: group
            for name, group in look.groups.items()
            if name in wanted and not group.status
        }
        if not there:
            return
        history, access = self._installation.ledger, self._master.aws
        reads = Observer(access=access, accepted=accepted, history=history).reads(setup)
        deep = read_deep(there.values(), reads)
        actions = read_actions(reads)
        # What is gone since the look is imported as its map says.
        for name in sorted(deep):
            yield closer_look(wanted[name], setup.scope, deep[name], actions.get(name, {}))

    def _accepted(self, resources: Mapping[ResourceRef, Resource]) -> AcceptedState:
        """Return what was imported in the form that says which accounts and regions there are."""
        options = self._settings.options
        return accepted_of(resources, self._kinds, options, installation=self._installation.id)


def _difference(kind: Kind[Any], difference: Difference) -> str:
    inside = tuple(step if isinstance(step, int) else str(step) for step in difference.path[1:])
    hidden = is_sensitive(kind, inside)
    before, after = (
        "nothing" if value is ABSENT else MASKED if hidden else short_text(value, _LONGEST_SHOWN)
        for value in (difference.before, difference.after)
    )
    return f"{dotted(yaml_path(kind, inside))}: {before} → {after}"


def _in_words(override: Override) -> str:
    if override.until is not None:
        until = f"until {override.until:%Y-%m-%d %H:%M %Z}"
    elif override.until_git:
        until = f"until Git changes {override.ref}"
    else:
        until = "until it is released"
    return f"{override.actor}'s override {until} ({override.reason})"


def older_services(
    store: Scannable, prefix: str, known: Iterable[str]
) -> tuple[list[FoundObject], list[LeftOut]]:
    """Return what the older table alone has, each service once, and further owners of one. Raises as any read.

    ``known`` are the names of services in the table of today, which wins. There is nothing where there is no older table.
    """
    names = set(known)
    found: dict[str, list[Item]] = {}
    try:
        for item in store.scan(prefix + OLDER_TABLE):
            name = str(item.get("ServiceName"))
            if name not in names:
                found.setdefault(name, []).append(item)
    except TableMissing:
        return [], []
    objects: list[FoundObject] = []
    left: list[LeftOut] = []
    for name, rows in sorted(found.items()):
        newest, *others = sorted(rows, key=_last_changed, reverse=True)
        ref, items = ResourceRef("Service", name), {TABLE: _plain(newest)}
        remark = Oddity(
            ref,
            f"only in {OLDER_TABLE}, with the older key (ServiceName, OwningCluster)",
            f"the service; applying it makes its item in {TABLE}",
            f"have what reads {OLDER_TABLE} read {TABLE}",
        )
        objects.append(FoundObject(ref, items, items, remark=remark))
        for item in others:
            owner = item.get("OwningCluster")
            ref = ResourceRef("Service", f"{name} ({owner})")
            reason = f"{OLDER_TABLE} holds {name} for {owner} too; the one changed last was written"
            left.append(LeftOut(ref, reason, "compare the two", {OLDER_TABLE: _plain(item)}))
    return objects, left


def _plain(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in (AUDIT, MANAGED)}


def _last_changed(item: Item) -> str:
    audit = item.get(AUDIT)
    return str(audit.get("LastChanged", "")) if isinstance(audit, Mapping) else ""
