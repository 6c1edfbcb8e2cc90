"""The shape of a spec's types, as every walk over specs and dumped specs needs it."""

from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.alias_generators import to_camel, to_pascal
from pydantic.fields import FieldInfo

from controller.kinds.language.spec import RefTo, Spec


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may hold: a model, members of a list, values of a map; all None for a plain value."""

    model: type[Spec] | None = None
    members: "Shape | None" = None
    values: "Shape | None" = None
    reference: RefTo | None = None

    @property
    def refers(self) -> bool:
        """Whether there may be references in it."""
        if self.reference or (
            self.model and any(field.shape.refers for field in fields_of(self.model))
        ):
            return True
        return any(part is not None and part.refers for part in (self.members, self.values))


PLAIN = Shape()


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a model under its three names."""

    name: str
    yaml: str
    attribute: str
    shape: Shape
    controller_only: bool
    sensitive: bool


@cache
def fields_of(model: type[Spec]) -> tuple[FieldShape, ...]:
    """Return the fields of a model in the order they are written in."""
    return tuple(_field(name, info) for name, info in model.model_fields.items())


@cache
def by_attribute(model: type[Spec]) -> dict[str, FieldShape]:
    """Return the fields of a model by their names in the tables."""
    return {field.attribute: field for field in fields_of(model)}


@cache
def by_yaml(model: type[Spec]) -> dict[str, FieldShape]:
    """Return the fields of a model by their names in YAML."""
    return {field.yaml: field for field in fields_of(model)}


def _field(name: str, info: FieldInfo) -> FieldShape:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return FieldShape(
        name,
        info.validation_alias if isinstance(info.validation_alias, str) else to_camel(name),
        info.serialization_alias or to_pascal(name),
        _shape(info.annotation, tuple(info.metadata)),
        bool(info.exclude),
        bool(extra.get("x-sensitive")),
    )


def _shape(annotation: Any, marks: tuple[Any, ...] = ()) -> Shape:
    reference = next((mark for mark in marks if isinstance(mark, RefTo)), None)
    if reference is not None:
        return Shape(reference=reference)
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return Shape(model=annotation)
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(parts[0], parts[1:])
    if origin is list:
        return Shape(members=_or_none(_shape(parts[0])))
    if origin is dict:
        return Shape(values=_or_none(_shape(parts[1])))
    if origin in {Union, UnionType}:
        # A spec has no field that is one of two models: what is not plain is the only one.
        return next((shape for shape in map(_shape, parts) if shape != PLAIN), PLAIN)
    return PLAIN


def _or_none(shape: Shape) -> Shape | None:
    return None if shape == PLAIN else shape
