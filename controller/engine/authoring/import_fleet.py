"""Everything that exists becomes YAML: the tables first, then what the groups of the accounts have otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.engine.authoring.import_groups import GroupReader
from controller.engine.authoring.legacy_services import older_services
from controller.engine.installation.installation import Installation, Master
from controller.engine.state.rows import read_overrides
from controller.errors import AccessDenied, Unreachable
from controller.kinds.language.fields import is_sensitive, yaml_path
from controller.kinds.language.kind import Kind
from controller.loading.authoring.closer_facts import add_closer_facts
from controller.loading.authoring.compose import compose
from controller.loading.authoring.found import FoundObject, LeftOut, Oddity
from controller.loading.authoring.group_facts import Groups, add_group_facts
from controller.loading.authoring.notes import NOTES, import_notes
from controller.loading.authoring.reading import read_objects
from controller.loading.authoring.shared_schedules import share_schedules
from controller.loading.authoring.validate_loop import (
    Circumstances,
    StableDocuments,
    validate_until_stable,
)
from controller.loading.positions import dotted
from controller.loading.yaml_text import short_text
from controller.model.canonical import ABSENT, parse_canonical
from controller.model.observed import (
    BENEATH,
    Observation,
    ObservedState,
    Ownership,
    ScopeState,
)
from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.planning.fields import MASKED, Difference, comparable, differences, keep_found
from controller.planning.overrides import segments
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
        self._installation, self._settings = installation, installation.master.settings
        self._kinds = installation.master.kinds
        self._circumstances = Circumstances(self._settings.compatibility, self._settings.region)

    def import_all(self, asked: ImportAsked) -> Imported:
        """Read everything. Raises Unreachable or AccessDenied for the tables, WrongUsage for a scope that does not exist.

        An account that cannot be looked at is told, and its environments are written as their map says.
        """
        observed = self._installation.tables.observe()
        if observed.state is not ScopeState.OK:
            error = AccessDenied if observed.facts.get(DENIED) else Unreachable
            raise error(f"import: the tables cannot be read: {observed.reason}")
        found, left = self._found(observed, asked.now)
        reading = read_objects(found, self._kinds)
        whole = reading.whole
        reader = GroupReader(self._installation, self._kinds, asked.now)
        first = validate_until_stable(reading.written, whole, self._kinds, self._circumstances)
        shared = share_schedules(first.written, rewrite=asked.rewrite_schedules)
        looked = reader.look(first.resources, asked.scopes)
        looks = {(place.scope.account_name, place.scope.region): it for place, it in looked.looks}
        options = self._settings.options
        groups = Groups(looks, options.tag_keys, options.default_region)
        remarks = add_group_facts(shared, groups)
        second = validate_until_stable(shared, whole, self._kinds, self._circumstances)
        closer, unread = reader.look_closer(second.resources, looked)
        complete = add_closer_facts(second.written, closer, self._kinds)
        last = validate_until_stable(complete, whole, self._kinds, self._circumstances)
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
        for ref, observation in observed.objects.items():
            items, mark = parse_canonical(observation.attributes), observation.mark
            if observation.ownership is Ownership.FOREIGN:
                by = mark.by if mark is not None else "nobody known"
                reason = f"carries the mark of another installation ({by})"
                left.append(LeftOut(ref, reason, "import it from that installation", items))
            else:
                own = overridden.get(ref, {})
                found.append(_found_object(observation, items, self._kinds.get(ref.kind), own))
        store = self._installation.master.store
        known = [ref.key for ref in observed.objects if ref.kind == "Service"]
        older, others = older_services(store, self._settings.resource_prefix, known)
        return [*found, *older], [*left, *others]

    def _files(
        self,
        settled: StableDocuments,
        left: Sequence[LeftOut],
        remarks: Sequence[str],
        unseen: Mapping[str, str],
        observed: ObservedState,
    ) -> Imported:
        composed = compose(settled.written.values(), left, self._kinds)
        oddities = [odd for document in settled.written.values() for odd in document.oddities]
        changes = dict(self._changes(settled, observed))
        notes = import_notes(oddities, left, remarks, changes, composed.paths, self._kinds)
        files = {path: text.encode() for path, text in composed.files.items()}
        files[NOTES] = notes.encode()
        return Imported(files, len(settled.written), len(oddities), len(left), unseen)

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


def _found_object(
    found: Observation, items: Json, kind: Kind[Any] | None, overrides: Mapping[str, str]
) -> FoundObject:
    extra = found.mark.extra if found.mark is not None else {}
    remark = None
    if found.ownership is Ownership.LOST_MARK:
        lost = "it lost its mark, which the ledger says was ours"
        remark = Oddity(found.ref, lost, "what its items say")
    own = comparable(items, kind.shared if kind is not None else (), extra.get("owned", ()))
    ours = found.ownership is Ownership.OURS
    return FoundObject(found.ref, own, items, extra, ours, remark, overrides)


def _difference(kind: Kind[Any], difference: Difference) -> str:
    inside = tuple(step if isinstance(step, int) else str(step) for step in difference.path[1:])
    hidden = is_sensitive(kind, inside)
    before, after = (
        "nothing" if value is ABSENT else MASKED if hidden else short_text(value, _LONGEST_SHOWN)
        for value in (difference.before, difference.after)
    )
    return f"{dotted(yaml_path(kind, inside))}: {before} → {after}"


def overridden_fields(
    master: Master, observed: ObservedState, now: datetime
) -> Mapping[ResourceRef, Mapping[str, str]]:
    """Return who overrides what: object -> field of its document (``spec.schedule``) -> a few words for a note.

    Overrides are only read where a mark says that there are any. Raises as any read, and EnvctlError for a damaged row.
    """
    marks = (found.mark for found in observed.objects.values())
    if not any(mark is not None and BENEATH in mark.extra for mark in marks):
        return {}
    fields: dict[ResourceRef, dict[str, str]] = {}
    for override in read_overrides(master.store, master.settings.resource_prefix):
        holds = override.until is None or override.until > now
        if holds and override.path and override.value is not ABSENT:
            field = ".".join(segments(override.path)[:2])
            fields.setdefault(override.ref, {})[field] = _in_words(override)
    return fields


def _in_words(override: Override) -> str:
    if override.until is not None:
        until = f"until {override.until:%Y-%m-%d %H:%M %Z}"
    elif override.until_git:
        until = f"until Git changes {override.ref}"
    else:
        until = "until it is released"
    return f"{override.actor}'s override {until} ({override.reason})"
