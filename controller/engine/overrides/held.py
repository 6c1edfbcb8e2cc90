"""What another source than the settings' own put into the tables is held there, until Git changes the documents it rejected.

A restore from a snapshot and a rollback from the ledger leave an override of each field that they put back otherwise than the
settings' own source says. It is written before the first change, so that no look in between takes a change back again.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from controller.engine.desired.load_revision import LoadedRevision
from controller.kinds.language.kind import Kinds
from controller.model.canonical import ABSENT, Json, digest, parse_canonical
from controller.model.override import Override
from controller.model.plan import Change
from controller.model.ref import ResourceRef
from controller.model.resource import Projection, Resource
from controller.planning.overrides import HELD

_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """Who holds what, and until when.

    ``source`` names where it comes from: ``snapshot:…``. ``until`` None is until Git changes the document.
    """

    source: str
    actor: str
    reason: str
    since: datetime
    until: datetime | None = None


class _Held(NamedTuple):
    """A field that is held, and its value; ABSENT where it is left as the tables have it. Without a path it is the object."""

    path: str
    value: Json


def holding_overrides(
    changes: Iterable[Change],
    wanted: Mapping[ResourceRef, Resource],
    own: LoadedRevision | None,
    kinds: Kinds,
    asked: HoldAsked,
    whole: Collection[ResourceRef] = (),
) -> tuple[Override, ...]:
    """Return the overrides that hold what the changes make of objects, where the settings' own source says otherwise.

    ``wanted`` are the objects as they are put back, ``own`` is the revision of the settings' own source; None where that
    cannot be read. Then, and where ``whole`` names an object, it is held as a whole instead of by its fields. The same call gives
    the same ids again.
    """
    overrides: list[Override] = []
    for change in changes:
        ref = change.ref
        git = own.loaded.resources.get(ref) if own is not None else None
        back = wanted.get(ref) if change.action != "delete" else None
        if own is not None and not _differ(git, back):
            continue
        fields: list[_Held] = []
        if git is not None and back is not None and ref not in whole:
            fields = _differing(git, back, kinds)
        base = digest(git.document) if git is not None else ""
        overrides += [_override(ref, held, base, asked) for held in fields or [_Held("", ABSENT)]]
    return tuple(overrides)


def _differ(git: Resource | None, back: Resource | None) -> bool:
    if git is None or back is None:
        return git is not back
    return git.projection.digest != back.projection.digest


def _differing(git: Resource, back: Resource, kinds: Kinds) -> list[_Held]:
    """Return each field of the document that differs: what no attribute holds by its value, the others as found."""
    before, after = _expanded(git, kinds), _expanded(back, kinds)
    beside = set(_beside(git.projection, back.projection))
    held = []
    for part in ("metadata", "spec"):
        for name in sorted(before[part].keys() | after[part].keys()):
            if before[part].get(name) != after[part].get(name):
                path = f"{part}.{name}"
                held.append(_Held(path, after[part].get(name) if path in beside else ABSENT))
    return held


def _beside(git: Projection, back: Projection) -> Iterator[str]:
    """Yield the fields that differ and are kept beside an item's attributes, where nothing can be left as found."""
    before, after = parse_canonical(git.extra), parse_canonical(back.extra)
    for part in ("metadata", "spec"):
        old, new = before.get(part, {}), after.get(part, {})
        for name in old.keys() | new.keys():
            if old.get(name) != new.get(name):
                yield f"{part}.{name.partition('.')[0]}"


def _expanded(resource: Resource, kinds: Kinds) -> dict[str, dict[str, Json]]:
    document = parse_canonical(resource.document)
    return {**document, "spec": kinds[resource.ref.kind].expand(document["spec"])}


def _override(ref: ResourceRef, held: _Held, base: str, asked: HoldAsked) -> Override:
    said = [asked.source, str(ref), held.path, base, str(asked.until)]
    spelled = hashlib.sha256("\n".join(said).encode()).hexdigest()
    return Override(
        id=f"{HELD}{spelled[:_DIGITS].upper()}",
        ref=ref,
        reason=asked.reason,
        actor=asked.actor,
        since=asked.since,
        path=held.path,
        value=held.value,
        until=asked.until,
        until_git=asked.until is None,
        base_digest=base if asked.until is None else "",
    )
