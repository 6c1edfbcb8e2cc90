"""Which other resources a spec names, read from the types of its fields."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from controller.kinds.language.spec import Spec
from controller.kinds.language.walk import Shape, fields_of

Path = tuple[str | int, ...]


class Named(NamedTuple):
    """A reference: where it stands inside the spec (YAML names), and what it names."""

    path: Path
    kind: str
    name: str


Walk = Callable[[Any, Path, list[Named]], None]


def references(model: type[Spec]) -> Callable[[Any], list[Named]]:
    """Return a function that lists the references of a spec instance, in document order."""
    walk = _model_walk(model)

    def extract(spec: Any) -> list[Named]:
        found: list[Named] = []
        walk(spec, (), found)
        return found

    return extract


@cache
def _model_walk(model: type[Spec]) -> Walk:
    steps = tuple(
        (field.name, (field.yaml,), _walk(field.shape))
        for field in fields_of(model)
        if field.shape.refers
    )

    def walk(spec: Any, path: Path, found: list[Named]) -> None:
        values = spec.__dict__
        for name, yaml, step in steps:
            value = values[name]
            if value is not None:
                step(value, path + yaml, found)

    return walk


def _walk(shape: Shape) -> Walk:
    if shape.reference is not None:
        return _reference_walk(shape.reference.kind, shape.reference.read)
    if shape.model is not None:
        of_model, model = _model_walk(shape.model), shape.model

        def only_the_model(value: Any, path: Path, found: list[Named]) -> None:
            # A field may also take a plain word instead.
            if isinstance(value, model):
                of_model(value, path, found)

        return only_the_model
    inner = shape.members or shape.values
    assert inner is not None, "a plain value refers to nothing"
    step = _walk(inner)
    if shape.members is not None:

        def each_member(value: Any, path: Path, found: list[Named]) -> None:
            for place, member in enumerate(value):
                step(member, (*path, place), found)

        return each_member

    def each_value(value: Any, path: Path, found: list[Named]) -> None:
        for key, member in value.items():
            step(member, (*path, key), found)

    return each_value


def _reference_walk(kind: str, read: Callable[[str], str | None] | None) -> Walk:
    def plain(value: Any, path: Path, found: list[Named]) -> None:
        found.append(Named(path, kind, value))

    if read is None:
        return plain

    def within(value: Any, path: Path, found: list[Named]) -> None:
        name = read(value)
        if name is not None:
            found.append(Named(path, kind, name))

    return within
