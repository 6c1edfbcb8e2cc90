"""What a document says by its form alone, valid or not: fields cleared by null, and the names of other objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.kinds.language.fields import Named, Path, Shape, by_yaml, merge
from controller.kinds.language.kind import Finding, Kind
from controller.loading.validation_issues import unknown_field
from controller.model.canonical import parse_canonical
from controller.model.ref import Origin

Json = Any


@dataclass(frozen=True, slots=True)
class WrittenReference:
    """A reference with the document it stands in."""

    origin: Origin
    index: int
    named: Named


def null_field_issues(kind: Kind[Any], spec: dict[str, Json], prefix: Path) -> Iterator[Finding]:
    """Yield an issue for each field of an authored spec that is null and unknown. ``prefix`` leads to the spec.

    Merging forgets fields that are cleared by null, so whether there are such fields is asked before.
    """
    authored = {name: Shape(model=field.model) for name, field in kind.authored_fields.items()}
    roots = [(prefix, Shape(model=kind.spec), spec)]
    roots += [((*prefix, name), authored[name], spec[name]) for name in authored if name in spec]
    for root in roots:
        for path, shape, value in _values_of(*root):
            if shape.model is not None and isinstance(value, dict):
                known = [*by_yaml(shape.model), *(authored if path == prefix else ())]
                for name, member in value.items():
                    if member is None and name not in known:
                        yield unknown_field((*path, name), known)


def written_references(
    kind: Kind[Any], body: bytes, defaults: Mapping[str, Json]
) -> Iterator[Named]:
    """Yield the references of a document (canonical JSON of metadata and spec) as far as it has the form of its kind.

    ``defaults`` is the partial spec below it. One run then tells of wrong names too where a document is not valid.
    """
    spec = kind.expand(merge(defaults, parse_canonical(body)["spec"]))
    for path, shape, value in _values_of((), Shape(model=kind.spec), spec):
        if shape.reference is not None and isinstance(value, str):
            read = shape.reference.read
            name = read(value) if read else value
            if name:
                yield Named(path, shape.reference.kind, name)


def _values_of(path: Path, shape: Shape, value: Json) -> Iterator[tuple[Path, Shape, Json]]:
    """Yield (path, shape, value) of a value and of everything in it whose shape is known."""
    yield path, shape, value
    if isinstance(value, list) and shape.members is not None:
        for place, member in enumerate(value):
            yield from _values_of((*path, place), shape.members, member)
    elif isinstance(value, dict):
        fields = by_yaml(shape.model) if shape.model is not None else {}
        for name, member in value.items():
            inner = fields[name].shape if name in fields else shape.values
            if inner is not None:
                yield from _values_of((*path, name), inner, member)
