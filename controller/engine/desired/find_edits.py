"""Which place in the source each planned change comes from."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from controller.loading.field_origins import FieldOrigins, FieldPath
from controller.model.canonical import parse_canonical
from controller.model.plan import Cause, Change, Edit
from controller.model.ref import Authorship, Origin, ResourceRef
from controller.model.resource import Resource
from controller.planning.edits import OF_NO_EDIT
from controller.planning.overrides import MEMBER_NAMES

MAX_LOOKED_UP = 2_000
"""Beyond so many changes single places are not looked up: nobody reads them, and each costs reading a file."""


def with_edits(
    changes: tuple[Change, ...], resources: Mapping[ResourceRef, Resource], origins: FieldOrigins
) -> tuple[Change, ...]:
    """Give changes of the source's doing their edit: the field's own line, or that of the Defaults it comes from."""
    if len(changes) > MAX_LOOKED_UP:
        return changes
    return tuple(_with_edit(change, resources.get(change.ref), origins) for change in changes)


def _with_edit(change: Change, resource: Resource | None, origins: FieldOrigins) -> Change:
    if change.edit is not None or resource is None or change.cause in OF_NO_EDIT:
        return change
    place = Origin(resource.origin.path, resource.origin.line)
    if change.action == "create" or change.cause is not Cause.EDITED:
        return replace(change, edit=Edit(Origin(place.path), ""))
    written = {
        (found.path, found.index, found.field)
        for field in change.fields
        for found in (
            origins.written(resource.origin.path, resource.index, field_path(field.path, resource)),
        )
    }
    if len(written) == 1:
        path, index, field = next(iter(written))
        spot = origins.origin(path, index, field)
        # In a few words: ``Search bluePort``; of Defaults ``Environment.schedule``.
        words = ".".join(str(step) for step in field if step != "spec")
        what = words if path != place.path else f"{change.ref} {words}"
        return replace(change, edit=Edit(Origin(spot.path, spot.line), what))
    return replace(change, edit=Edit(place, str(change.ref)))


def field_path(shown: str, resource: Resource) -> FieldPath:
    """Turn a field's name in a plan back into a path of the resource's effective document."""
    parts = shown.replace("[", ".[").split(".")
    steps = (
        int(part[1:-1]) if part.startswith("[") and part[1:-1].isdigit() else part for part in parts
    )
    return _by_position((*(("spec",) if parts[0] != "metadata" else ()), *steps), resource)


def _by_position(path: FieldPath, resource: Resource) -> FieldPath:
    """Replace names of list members by their positions, as documents are walked."""
    value, found = parse_canonical(resource.document), list[str | int]()
    for step in path:
        found.append(
            _position(value, step) if isinstance(value, list) and isinstance(step, str) else step
        )
        last = found[-1]
        if isinstance(value, dict):
            value = value.get(last)
        elif isinstance(value, list) and isinstance(last, int) and last < len(value):
            value = value[last]
        else:
            value = None
    return tuple(found)


def _position(members: list[Any], name: str) -> str | int:
    for position, member in enumerate(members):
        if isinstance(member, dict) and any(member.get(field) == name for field in MEMBER_NAMES):
            return position
    return name


def authorship_of(changes: Iterable[Change], known: Mapping[str, Authorship]) -> tuple[Change, ...]:
    """Give each change who last touched its file."""
    return tuple(
        replace(change, authorship=known[change.origin.path])
        if change.origin is not None and change.origin.path in known
        else change
        for change in changes
    )
