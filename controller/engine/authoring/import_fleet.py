"""Everything that exists becomes YAML: the tables first, then what the groups of the accounts have otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.engine.authoring.import_groups import GroupReader, Looked
from controller.engine.authoring.legacy_services import older_services
from controller.engine.installation.installation import Installation, Master
from controller.engine.state.override_rows import read_overrides
from controller.errors import AccessDenied, Unreachable
from controller.kinds.language.kind import Kind
from controller.kinds.language.rename import is_sensitive, yaml_path
from controller.loading.authoring.closer_facts import add_closer_facts
from controller.loading.authoring.compose import compose
from controller.loading.authoring.found import FoundObject, LeftOut, Oddity
from controller.loading.authoring.group_facts import Groups, add_group_facts
from controller.loading.authoring.notes import NOTES, import_notes
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.settling import Circumstances, Settled, settle
from controller.loading.authoring.shared_schedules import share_schedules
from controller.loading.compiled import compile_kinds
from controller.loading.positions import dotted
from controller.loading.yaml_text import scalar_text
from controller.model.absent import ABSENT
from controller.model.canonical import parse_canonical
from controller.model.extra import BENEATH, owned_paths
from controller.model.observed import Observation, ObservedState, Ownership, ScopeState
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.fields import MASKED, differences
from controller.planning.overrides import segments
from controller.planning.shared import comparable, keep_found
from controller.targets.tables import DENIED

_LONGEST_SHOWN: Final = 80

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAsked:
    """What is to be imported. ``scopes`` are accounts and regions to look at, empty for all; ``now`` is aware.

    ``rewrite_schedules`` writes shared schedules in periods also where the text in the tables then changes.
    """

    now: datetime
    scopes: Sequence[str] = ()
    rewrite_schedules: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """``files`` by path below the folder they go to; ``unseen`` says of scopes why they were not looked at."""

    files: Mapping[str, bytes]
    objects: int
    oddities: int
    left_out: int
    unseen: Mapping[str, str]


class Importer:
    """Reads an installation. Nothing is written, neither there nor here."""

    def __init__(self, installation: Installation) -> None:
        """Take the installation."""
        self._installation = installation
        settings = installation.master.settings
        self._kinds = installation.master.kinds
        self._compiled = compile_kinds(self._kinds.values())
        self._circumstances = Circumstances(settings.compatibility, settings.region)
        self._settings = settings

    def import_all(self, asked: ImportAsked) -> Imported:
        """Read everything. Raises Unreachable or AccessDenied for the tables, WrongUsage for a scope that does not exist.

        An account that cannot be looked at is told, and its environments are written as their map says.
        """
        observed = self._installation.tables.observe()
        if observed.state is not ScopeState.OK:
            error = AccessDenied if observed.facts.get(DENIED) else Unreachable
            raise error(f"import: the tables cannot be read: {observed.reason}")
        found, left = self._found(observed, asked.now)
        reading = read_objects(found, self._compiled)
        whole = reading.whole
        reader = GroupReader(self._installation, self._compiled, asked.now)
        first = settle(reading.written, whole, self._compiled, self._circumstances)
        shared = share_schedules(first.written, rewrite=asked.rewrite_schedules)
        looked = reader.look(first.resources, asked.scopes)
        remarks = add_group_facts(shared, self._groups(looked))
        second = settle(shared, whole, self._compiled, self._circumstances)
        closer, unread = reader.look_closer(second.resources, looked)
        complete = add_closer_facts(second.written, closer, self._compiled)
        last = settle(complete, whole, self._compiled, self._circumstances)
        left += [*reading.left_out, *first.left_out, *second.left_out, *last.left_out]
        blind = [
            f"{name} was not looked at, so its environments are written as their map says: {why}"
            for name, why in looked.unseen.items()
        ]
        return self._files(last, left, [*blind, *unread, *remarks], looked.unseen, observed)

    def _found(
        self, observed: ObservedState, now: datetime
    ) -> tuple[list[FoundObject], list[LeftOut]]:
        found: list[FoundObject] = []
        left: list[LeftOut] = []
        overridden = overridden_fields(self._installation.master, observed, now)
        for ref, one in observed.objects.items():
            items = parse_canonical(one.attributes)
            if one.ownership is Ownership.FOREIGN:
                by = one.mark.by if one.mark is not None else "nobody known"
                reason = f"carries the mark of another installation ({by})"
                left.append(LeftOut(ref, reason, "import it from that installation", items))
            else:
                own = overridden.get(ref, {})
                found.append(_found_object(ref, one, items, self._kinds, own))
        store = self._installation.master.store
        known = [ref.key for ref in observed.objects if ref.kind == "Service"]
        for older in older_services(store, self._settings.resource_prefix, known):
            if isinstance(older, LeftOut):
                left.append(older)
            else:
                found.append(older)
        return found, left

    def _groups(self, looked: Looked) -> Groups:
        looks = {(one.scope.account_name, one.scope.region): look for one, look in looked.looks}
        options = self._settings.options
        return Groups(looks, options.tag_keys, options.default_region)

    def _files(
        self,
        settled: Settled,
        left: Sequence[LeftOut],
        remarks: Sequence[str],
        unseen: Mapping[str, str],
        observed: ObservedState,
    ) -> Imported:
        composed = compose(settled.written.values(), left, self._compiled)
        oddities = [odd for one in settled.written.values() for odd in one.oddities]
        changes = dict(self._changes(settled, observed))
        notes = import_notes(oddities, left, remarks, changes, composed.paths, self._compiled)
        files = {path: text.encode() for path, text in composed.files.items()}
        files[NOTES] = notes.encode()
        return Imported(files, len(settled.written), len(oddities), len(left), unseen)

    def _changes(
        self, settled: Settled, observed: ObservedState
    ) -> Iterable[tuple[ResourceRef, list[str]]]:
        """Yield what adopting an object writes to its items beside our mark."""
        for ref, resource in settled.resources.items():
            one = observed.objects.get(ref)
            if one is None or one.ownership is Ownership.OURS:
                continue
            kind = self._kinds[ref.kind]
            before = parse_canonical(one.attributes)
            wanted = parse_canonical(resource.projection.attributes)
            after = keep_found(before, wanted, kind.shared, resource.projection.owned)
            lines = [
                _difference(kind, found.path, found.before, found.after)
                for found in differences(before, after)
            ]
            if lines:
                yield ref, lines


def _found_object(
    ref: ResourceRef,
    one: Observation,
    items: Json,
    kinds: Mapping[str, Kind[Any]],
    overrides: Mapping[str, str],
) -> FoundObject:
    kind = kinds.get(ref.kind)
    shared = kind.shared if kind is not None else ()
    extra = one.mark.extra if one.mark is not None else {}
    ours = one.ownership is Ownership.OURS
    remark = None
    if one.ownership is Ownership.LOST_MARK:
        remark = Oddity(
            ref, "it lost its mark, which the ledger says was ours", "what its items say"
        )
    own = comparable(items, shared, owned_paths(extra))
    return FoundObject(ref, own, items, extra, ours=ours, remark=remark, overrides=overrides)


def _difference(kind: Kind[Any], path: Sequence[Any], before: Json, after: Json) -> str:
    inside = tuple(step if isinstance(step, int) else str(step) for step in path[1:])
    where = dotted(yaml_path(kind, inside))
    hidden = is_sensitive(kind, inside)
    return f"{where}: {_shown(before, hidden=hidden)} → {_shown(after, hidden=hidden)}"


def _shown(value: Json, *, hidden: bool) -> str:
    if value is ABSENT:
        return "nothing"
    if hidden:
        return MASKED
    text = repr(value) if isinstance(value, dict | list) else scalar_text(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def overridden_fields(
    master: Master, observed: ObservedState, now: datetime
) -> Mapping[ResourceRef, Mapping[str, str]]:
    """Return who overrides what: object -> field of its document (``spec.schedule``) -> a few words for a note.

    Overrides are only read where a mark says that there are any. Raises as any read, and EnvctlError for a damaged row.
    """
    marks = (one.mark for one in observed.objects.values())
    if not any(mark is not None and BENEATH in mark.extra for mark in marks):
        return {}
    fields: dict[ResourceRef, dict[str, str]] = {}
    for read_override in read_overrides(master.store, master.settings.resource_prefix):
        if (
            read_override.path
            and read_override.value is not ABSENT
            and (read_override.until is None or read_override.until > now)
        ):
            field = ".".join(segments(read_override.path)[:2])
            fields.setdefault(read_override.ref, {})[field] = _said(read_override)
    return fields


def _said(one: Override) -> str:
    if one.until is not None:
        until = f"until {one.until:%Y-%m-%d %H:%M %Z}"
    else:
        until = f"until Git changes {one.ref}" if one.until_git else "until it is released"
    return f"{one.actor}'s override {until} ({one.reason})"
