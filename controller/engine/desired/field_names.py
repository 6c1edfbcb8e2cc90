"""How plans name an attribute: as the YAML does."""

from collections.abc import Mapping
from typing import Any

from controller.kinds.language.fields import is_sensitive, yaml_path
from controller.kinds.language.kind import Kind
from controller.loading.positions import dotted
from controller.model.ref import ResourceRef
from controller.planning.fields import EXTRA, FieldNames


def yaml_field_names(kinds: Mapping[str, Kind[Any]]) -> FieldNames:
    """Return the naming of fields of table items: ``roles.Web.ami`` for ``ConfigDeploymentMaps.Value.DeploymentTarget[0].AMI``."""

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
        return (
            kind is not None and len(path) > 1 and path[0] != EXTRA and is_sensitive(kind, path[1:])
        )

    return FieldNames(name, sensitive)
