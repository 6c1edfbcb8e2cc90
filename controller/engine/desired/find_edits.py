"""How plans name an attribute (as the YAML does), and which place in the source each planned change comes from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from controller.kinds.language.fields import follows_from, is_sensitive, marked, yaml_path
from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Spec
from controller.loading.positions import FieldOrigins, FieldPath, dotted
from controller.model.canonical import Json, parse_canonical
from controller.model.plan import Cause, Change, Edit
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Resource
from controller.planning.edits import OF_NO_EDIT
from controller.planning.fields import EXTRA, FieldNames
from controller.planning.override_edits import BENEATH_IT
from controller.planning.overrides import member_index


def yaml_field_names(kinds: Mapping[str, Kind[Any]]) -> FieldNames:
    """Return the naming of fields of table items: ``roles.Web.ami`` for ``ConfigDeploymentMaps.Value.DeploymentTarget[0].AMI``.

    Of what comes or goes, an attribute that only follows from a field is called by both: ``account (AWSAccountNumber)``.
    """

    def name(ref: ResourceRef, path: tuple[Any, ...]) -> str:
        kind = kinds.get(ref.kind)
        if path[:1] == (EXTRA,):
            place = path[1:]
        elif kind is None or len(path) < 2:
            place = path
        else:
            place = yaml_path(kind, path[1:])
        inside = place[1:] if place[:1] == ("spec",) and len(place) > 1 else place
        return dotted([step if isinstance(step, str | int) else str(step) for step in inside])

    def sensitive(ref: ResourceRef, path: tuple[Any, ...]) -> bool:
        kind = kinds.get(ref.kind)
        if kind is None or len(path) < 2 or path[0] == EXTRA:
            return False
        # Most kinds have nothing sensitive: of their attributes it is not asked one by one.
        model: type[Spec] = kind.spec
        return bool(marked(model, "sensitive")) and is_sensitive(kind, path[1:])

    def derived(ref: ResourceRef, path: tuple[Any, ...]) -> str:
        kind = kinds.get(ref.kind)
        return "" if kind is None or path[:1] == (EXTRA,) else follows_from(kind, path[1:])

    def written(ref: ResourceRef, path: tuple[Any, ...], value: Json) -> Json:
        kind = kinds.get(ref.kind)
        convert = None if kind is None else kind.yaml_values.get(path[1:])
        return value if convert is None else convert(value)

    return FieldNames(name, sensitive, derived, written)


MAX_LOOKED_UP = 2_000
"""Beyond so many changes single places are not looked up: nobody reads them, and each costs reading a file."""


def with_edits(
    changes: tuple[Change, ...], resources: Mapping[ResourceRef, Resource], origins: FieldOrigins
) -> tuple[Change, ...]:
    """Give changes of the source's doing their edit: the field's own line, or that of the Defaults it comes from."""
    if len(changes) > MAX_LOOKED_UP:
        return changes
    result = list(changes)
    for index, change in enumerate(changes):
        resource = resources.get(change.ref)
        if change.edit is not None or resource is None or change.cause in OF_NO_EDIT:
            continue
        place = Origin(resource.origin.path, resource.origin.line)
        if change.action == "create" or change.cause is not Cause.EDITED:
            result[index] = replace(change, edit=Edit(Origin(place.path), ""))
            continue
        written = {
            origins.written(
                resource.origin.path,
                resource.place,
                field_path(field.path.removesuffix(BENEATH_IT), resource),
            )
            for field in change.fields
        }
        edit = Edit(place, str(change.ref))
        if len(written) == 1:
            (found,) = written
            spot = origins.position(found).origin(found.path)
            # In a few words: ``Search bluePort``; of Defaults ``Environment.schedule``.
            words = ".".join(str(step) for step in found.field if step != "spec")
            what = words if found.path != place.path else f"{change.ref} {words}"
            edit = Edit(Origin(spot.path, spot.line), what)
        result[index] = replace(change, edit=edit)
    return tuple(result)


def field_path(shown: str, resource: Resource) -> FieldPath:
    """Turn a field's name in a plan back into a path of the resource's effective document.

    Names of list members become their positions, as documents are walked.
    """
    parts = shown.replace("[", ".[").split(".")
    value, found = parse_canonical(resource.document), list[str | int]()
    for part in (*(("spec",) if parts[0] != "metadata" else ()), *parts):
        step: str | int = part
        if part.startswith("[") and part[1:-1].isdigit():
            step = int(part[1:-1])
        elif isinstance(value, list) and (position := member_index(value, part)) is not None:
            step = position
        found.append(step)
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            value = None
    return tuple(found)
