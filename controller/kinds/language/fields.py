"""The fields of specs as their types say them, and what follows: references, what only the controller has, other names.

Every walk over specs and dumped specs goes by the ``Shape`` of a field. What is called controller-only are fields that the
tables do not have: they are taken out of a spec as ``{dotted YAML path: value}`` and put back.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.alias_generators import to_camel, to_pascal

from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import RefTo, Spec
from controller.model.table import Items

Path = tuple[str | int, ...]
YamlPath = tuple[str | int, ...]
Mark = Literal["reference", "controller-only", "sensitive"]

_BESIDE_THE_SPEC = frozenset({"Value"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may hold: a model, members of a list, values of a map; all None for a plain value."""

    model: type[Spec] | None = None
    members: "Shape | None" = None
    values: "Shape | None" = None
    reference: RefTo | None = None


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
    marks: frozenset[Mark]
    """What it is marked as, or anything in it."""


@cache
def fields_of(model: type[Spec]) -> tuple[FieldShape, ...]:
    """Return the fields of a model in the order they are written in."""
    fields = []
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        controller_only, sensitive = bool(info.exclude), bool(extra.get("x-sensitive"))
        shape = innermost = _shape(info.annotation, tuple(info.metadata))
        while (inner := innermost.members or innermost.values) is not None:
            innermost = inner
        marks: set[Mark] = set()
        if innermost.model is not None:
            marks.update(*(field.marks for field in fields_of(innermost.model)))
        if innermost.reference is not None:
            marks.add("reference")
        if controller_only:
            marks.add("controller-only")
        if sensitive:
            marks.add("sensitive")
        yaml = info.validation_alias if isinstance(info.validation_alias, str) else to_camel(name)
        attribute = info.serialization_alias or to_pascal(name)
        fields.append(
            FieldShape(name, yaml, attribute, shape, controller_only, sensitive, frozenset(marks))
        )
    return tuple(fields)


@cache
def marked(model: type[Spec], mark: Mark) -> tuple[FieldShape, ...]:
    """Return the fields of a model that have a mark, or that may hold something that has it."""
    return tuple(field for field in fields_of(model) if mark in field.marks)


@cache
def by_attribute(model: type[Spec]) -> dict[str, FieldShape]:
    """Return the fields of a model by their names in the tables."""
    return {field.attribute: field for field in fields_of(model)}


@cache
def by_yaml(model: type[Spec]) -> dict[str, FieldShape]:
    """Return the fields of a model by their names in YAML."""
    return {field.yaml: field for field in fields_of(model)}


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
        return Shape(members=_shape(parts[0]))
    if origin is dict:
        return Shape(values=_shape(parts[1]))
    if origin in {Union, UnionType}:
        # A spec has no field that is one of two models: what is not plain is the only one.
        return next((shape for shape in map(_shape, parts) if shape != PLAIN), PLAIN)
    return PLAIN


class Named(NamedTuple):
    """A reference: where it stands inside the spec (YAML names), and what it names."""

    path: Path
    kind: str
    name: str


def references(spec: Spec) -> list[Named]:
    """Return the references of a spec, in document order."""
    found: list[Named] = []
    _refer(Shape(model=type(spec)), spec, (), found)
    return found


def _refer(shape: Shape, value: Any, path: Path, found: list[Named]) -> None:
    if shape.reference is not None:
        name = shape.reference.read(value) if shape.reference.read else value
        if name is not None:
            found.append(Named(path, shape.reference.kind, name))
    elif shape.model is not None:
        # A field may also take a plain word instead of the model.
        if isinstance(value, shape.model):
            given = value.__dict__
            for field in marked(shape.model, "reference"):
                if given[field.name] is not None:
                    _refer(field.shape, given[field.name], (*path, field.yaml), found)
    elif shape.members is not None:
        for place, member in enumerate(value):
            _refer(shape.members, member, (*path, place), found)
    else:
        assert shape.values is not None, "a plain value refers to nothing"
        for key, member in value.items():
            _refer(shape.values, member, (*path, key), found)


def controller_only(spec: Spec, prefix: str = "") -> dict[str, Any]:
    """Return what was authored of a spec's controller-only fields: ``{dotted YAML path: value}``, paths after a prefix.

    Values are plain, under YAML names. A member of a list is called by its name: ``roles.Web.rollout``.
    """
    found: dict[str, Any] = {}
    for field in marked(type(spec), "controller-only"):
        value = getattr(spec, field.name)
        if value is None or field.name not in spec.model_fields_set:
            continue
        path = f"{prefix}{field.yaml}"
        if field.controller_only:
            found[path] = plain(value)
        elif isinstance(value, Spec):
            found |= controller_only(value, f"{path}.")
        elif isinstance(value, list):
            for place, member in enumerate(value):
                step = getattr(member, member.named_by) if member.named_by else place
                found |= controller_only(member, f"{path}.{step}.")
        elif isinstance(value, dict):
            for key, member in value.items():
                found |= controller_only(member, f"{path}.{key}.")
    return found


def put_back(model: type[Spec], spec: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec under YAML names with controller-only values back in their places.

    A value whose place is gone, because the item was changed by others, is left out.
    """
    result = deepcopy(spec)
    for path, value in extra.items():
        _put(Shape(model=model), result, path.split("."), deepcopy(value))
    return result


def plain(value: Any) -> Any:
    """Return a part of a spec as plain values under YAML names, with what was authored alone."""
    if isinstance(value, Spec):
        given, authored = value.__dict__, value.model_fields_set
        return {
            field.yaml: plain(given[field.name])
            for field in fields_of(type(value))
            if field.name in authored and given[field.name] is not None
        }
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return value


def _put(shape: Shape, target: Any, steps: list[str], value: Any) -> None:
    step, *rest = steps
    if shape.model is not None and isinstance(target, dict):
        field = by_yaml(shape.model).get(step)
        if field is None:
            return
        if not rest or field.controller_only:
            target[step] = value
        else:
            _put(field.shape, target.setdefault(step, {}), rest, value)
    elif shape.members is not None and shape.members.model is not None and isinstance(target, list):
        member = _member(shape.members.model, target, step)
        if member is not None and rest:
            _put(shape.members, member, rest, value)
    elif shape.values is not None and isinstance(target, dict) and step in target and rest:
        _put(shape.values, target[step], rest, value)


def _member(model: type[Spec], members: list[Any], step: str) -> Any:
    if model.named_by is None:
        place = int(step) if step.isdigit() else len(members)
        return members[place] if place < len(members) else None
    name = next(field.yaml for field in fields_of(model) if field.name == model.named_by)
    return next((member for member in members if member.get(name) == step), None)


def to_yaml_names(shape: Shape, dumped: Any) -> Any:
    """Return a dumped spec (``Shape(model=…)``), or a part of one, under YAML names; the inverse of dumping under attribute names.

    An attribute the model does not know keeps its name, so that validation refuses it by that name.
    """
    if isinstance(dumped, Mapping):
        fields = by_attribute(shape.model) if shape.model is not None else {}
        renamed = {}
        for name, value in dumped.items():
            field = fields.get(name)
            inner = field.shape if field is not None else shape.values or PLAIN
            renamed[field.yaml if field is not None else name] = to_yaml_names(inner, value)
        return renamed
    if shape.members is not None and isinstance(dumped, list):
        return [to_yaml_names(shape.members, member) for member in dumped]
    return dumped


def authored_spec(
    kind: Kind[Any], items: Items, extra: Mapping[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return (metadata.name, spec under YAML names) of an object as it was authored, short forms written out.

    ``items`` are its items without ``Audit`` and ``Managed``; ``extra`` is ``{dotted YAML path: value}`` of
    controller-only fields, as kept in ``Managed.Extra``.
    """
    name, dumped = kind.recover(items)
    spec = put_back(kind.spec, to_yaml_names(Shape(model=kind.spec), dumped), extra or {})
    return name, kind.undo_derived(spec) if kind.undo_derived else spec


def yaml_path(kind: Kind[Any], attributes: Iterable[Any]) -> YamlPath:
    """Return where in the document the value of an attribute stands: ``("spec", "roles", "Web", "ami")``.

    ``attributes`` leads from an item's top; steps that are no text (members of lists) are places, or stand for the
    member's name when printed. What the document has not, keeps its own name.
    """
    steps = tuple(attributes)
    for length in range(len(steps), 0, -1):
        place = kind.yaml_places.get(tuple(map(str, steps[:length])))
        if place is not None:
            return (*place, *(_printable(step) for step in steps[length:]))
    path: list[str | int] = ["spec"]
    shape = Shape(model=kind.spec)
    for step in steps[1:] if steps and steps[0] in _BESIDE_THE_SPEC else steps:
        name, shape, _ = _followed(shape, step)
        path.append(name)
    return tuple(path)


def is_sensitive(kind: Kind[Any], attributes: Iterable[Any]) -> bool:
    """Tell whether the value of an attribute must not be shown; ``attributes`` leads from an item's top."""
    steps = tuple(attributes)
    shape = Shape(model=kind.spec)
    for step in steps[1:] if steps and steps[0] in _BESIDE_THE_SPEC else steps:
        _, shape, sensitive = _followed(shape, step)
        if sensitive:
            return True
    return False


def _followed(shape: Shape, step: Any) -> tuple[str | int, Shape, bool]:
    """Return the step under its YAML name, the shape it leads to, and whether that is sensitive."""
    if shape.model is not None and isinstance(step, str):
        field = by_attribute(shape.model).get(step)
        return (field.yaml, field.shape, field.sensitive) if field else (step, PLAIN, False)
    return _printable(step), shape.members or shape.values or PLAIN, False


def _printable(step: Any) -> str | int:
    return step if isinstance(step, str | int) else str(step)


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one partial spec over another: maps merge, lists and scalars replace, null clears."""
    merged = dict(under)
    for name, value in over.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            below = merged.get(name)
            merged[name] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[name] = value
    return merged
