"""Effective documents: as authored, with defaults merged and inheritance written out, each field with its origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.desired.named_object import object_named
from controller.kinds.language.fields import PLAIN, Shape, fields_of
from controller.kinds.language.kind import Kind
from controller.loading.positions import FieldPath
from controller.model.canonical import parse_canonical
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Resource

API_VERSION = "envctl/v1"
HIDDEN = "(sensitive)"

Json = Any
Kinds = Mapping[str, Kind[Any]]


@dataclass(frozen=True, slots=True)
class EffectiveDocument:
    """One document as it counts. ``origins`` lead from the path of each single value to where it was written."""

    ref: ResourceRef
    origin: Origin
    document: dict[str, Json]
    origins: Mapping[FieldPath, Origin]

    def value_at(self, path: FieldPath) -> Json:
        """Return the value at a path."""
        value: Json = self.document
        for step in path:
            value = value[step]
        return value


def effective_documents(
    revision: LoadedRevision, kinds: Kinds, wanted: str | None = None
) -> Iterator[EffectiveDocument]:
    """Yield the document ``wanted`` (``Kind/name``, or a name that one alone has), or all of a revision, in the order of their files.

    Sensitive values are hidden. Raises WrongUsage for a name that is not there.
    """
    resources = revision.loaded.resources
    if wanted is None:
        chosen = sorted(resources.values(), key=lambda resource: (resource.origin, resource.place))
    else:
        ref = object_named(wanted, resources.keys(), "without a name all there are are printed")
        chosen = [resources[ref]]
    for resource in chosen:
        yield _effective(resource, kinds[resource.ref.kind], revision)


def _effective(resource: Resource, kind: Kind[Any], revision: LoadedRevision) -> EffectiveDocument:
    authored = parse_canonical(resource.document)
    spec = kind.expand(authored["spec"])
    document = {"metadata": authored["metadata"], "spec": spec}
    places = {
        path: revision.origins.origin(
            resource.origin.path, resource.place, _as_written(path, authored)
        )
        for path in _leaves(document, ())
    }
    shown = {
        "apiVersion": API_VERSION,
        "kind": resource.ref.kind,
        "metadata": document["metadata"],
        "spec": _masked(Shape(model=kind.spec), spec),
    }
    return EffectiveDocument(resource.ref, resource.origin, shown, places)


def _leaves(value: Json, path: FieldPath) -> Iterator[FieldPath]:
    if value and isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for step, part in parts:
            yield from _leaves(part, (*path, step))
    else:
        yield path


def _as_written(path: FieldPath, authored: Json) -> FieldPath:
    """Cut a path where the author wrote a short form: ``schedule: office-hours`` stands for all below it."""
    value = authored
    for depth, step in enumerate(path):
        if not isinstance(value, dict | list):
            return path[:depth]
        if isinstance(value, dict):
            value = value.get(step, {})
        elif isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return path[:depth]
    return path


def _masked(shape: Shape, value: Json) -> Json:
    if isinstance(value, dict):
        fields = fields_of(shape.model).by_yaml
        shown = {}
        for name, part in value.items():
            field = fields.get(name)
            inner = field.shape if field is not None else shape.values or PLAIN
            hidden = field is not None and field.sensitive and part is not None
            shown[name] = HIDDEN if hidden else _masked(inner, part)
        return shown
    if isinstance(value, list):
        return [_masked(shape.members or PLAIN, part) for part in value]
    return value
