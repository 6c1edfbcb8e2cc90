"""The fields of specs as their types say them, and what follows: references, what only the controller has, other names.

Every walk over specs and dumped specs goes by the ``Shape`` of a field. What is called controller-only are fields that the
tables do not have: they are taken out of a spec as ``{dotted YAML path: value}`` and put back.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic.alias_generators import to_camel, to_pascal

from controller.kinds.language.kind import Kind, Path
from controller.kinds.language.spec import Gives, RefTo, Spec
from controller.model.canonical import canonical_bytes, parse_canonical
from controller.model.ref import ResourceRef
from controller.model.table import Items

Mark = Literal["reference", "controller-only", "sensitive"]


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
    gives: str
    """YAML name of the field beside it that follows from it; empty for none."""
    marks: frozenset[Mark]
    """What it is marked as, or anything in it."""


class ModelFields(NamedTuple):
    """The fields of a model in the order they are written in, by their names in YAML and by those in the tables."""

    by_yaml: Mapping[str, FieldShape]
    by_attribute: Mapping[str, FieldShape]
    hidden: frozenset[bytes]
    """How canonical JSON writes the attributes that are sensitive, of models in it, too."""


@cache
def fields_of(model: type[Spec] | None) -> ModelFields:
    """Return the fields of a model; there are none where there is no model."""
    fields: list[FieldShape] = []
    hidden: set[bytes] = set()
    for name, info in model.model_fields.items() if model is not None else ():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        controller_only, sensitive = bool(info.exclude), bool(extra.get("x-sensitive"))
        shape = innermost = _shape(info.annotation, tuple(info.metadata))
        while (inner := innermost.members or innermost.values) is not None:
            innermost = inner
        marks: set[Mark] = set()
        if innermost.model is not None:
            inside = fields_of(innermost.model)
            marks.update(*(field.marks for field in inside.by_yaml.values()))
            hidden |= inside.hidden
        if innermost.reference is not None:
            marks.add("reference")
        if controller_only:
            marks.add("controller-only")
        yaml = info.validation_alias if isinstance(info.validation_alias, str) else to_camel(name)
        attribute = info.serialization_alias or to_pascal(name)
        if sensitive:
            marks.add("sensitive")
            hidden.add(canonical_bytes(attribute))
        gives = next((mark.field for mark in info.metadata if isinstance(mark, Gives)), "")
        found = (name, yaml, attribute, shape, controller_only, sensitive, gives, frozenset(marks))
        fields.append(FieldShape(*found))
    return ModelFields(
        {field.yaml: field for field in fields},
        {field.attribute: field for field in fields},
        frozenset(hidden),
    )


@cache
def marked(model: type[Spec], mark: Mark) -> tuple[FieldShape, ...]:
    """Return the fields of a model that have a mark, or that may hold something that has it."""
    return tuple(field for field in fields_of(model).by_yaml.values() if mark in field.marks)


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
    reference, model = shape.reference, shape.model
    if reference is not None:
        name = reference.read(value) if reference.read else value
        if name is not None:
            found.append(Named(path, reference.kind, name))
    elif model is not None:
        # A field may also take a plain word instead of the model.
        if isinstance(value, model):
            given = value.__dict__
            for field in marked(model, "reference"):
                member = given[field.name]
                if member:  # neither absent nor empty
                    _refer(field.shape, member, (*path, field.yaml), found)
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
    given, authored = spec.__dict__, spec.model_fields_set
    for field in marked(type(spec), "controller-only"):
        value = given[field.name]
        if value is None or field.name not in authored:
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
    """Return a spec under YAML names with controller-only values back in their places, without what they give.

    A value whose place is gone, because the item was changed by others, is left out.
    """
    result = deepcopy(spec)
    for path, value in extra.items():
        target: Any = result
        shape, steps = Shape(model=model), path.split(".")
        for place, step in enumerate(steps, start=1):
            if shape.model is not None and isinstance(target, dict):
                field = fields_of(shape.model).by_yaml.get(step)
                if field is None:
                    break
                if place == len(steps) or field.controller_only:
                    target[step] = deepcopy(value)
                    target.pop(field.gives, None)
                    break
                shape, target = field.shape, target.setdefault(step, {})
            elif shape.members is not None and isinstance(target, list):
                target = _member(shape.members.model, target, step)
                shape = shape.members
            elif shape.values is not None and isinstance(target, dict):
                shape, target = shape.values, target.get(step)
            else:
                break
    return result


@cache
def _yaml_names(model: type[Spec]) -> Mapping[str, str]:
    return {field.name: field.yaml for field in fields_of(model).by_yaml.values()}


def plain(value: Any) -> Any:
    """Return a part of a spec as plain values under YAML names, with what was authored alone."""
    if isinstance(value, Spec):
        names, authored = _yaml_names(type(value)), value.model_fields_set
        return {
            names[name]: plain(member)
            for name, member in value.__dict__.items()
            if member is not None and name in authored
        }
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return value


def _member(model: type[Spec] | None, members: list[Any], step: str) -> Any:
    if model is None:
        return None
    if model.named_by is None:
        place = int(step) if step.isdigit() else len(members)
        return members[place] if place < len(members) else None
    fields = fields_of(model).by_yaml.values()
    name = next(field.yaml for field in fields if field.name == model.named_by)
    return next((member for member in members if member.get(name) == step), None)


def to_yaml_names(shape: Shape, dumped: Any) -> Any:
    """Return a dumped spec (``Shape(model=…)``), or a part of one, under YAML names; the inverse of dumping under attribute names.

    An attribute the model does not know keeps its name, so that validation refuses it by that name.
    """
    if isinstance(dumped, Mapping):
        fields = fields_of(shape.model).by_attribute
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
    spec = to_yaml_names(Shape(model=kind.spec), dumped)
    spec = put_back(kind.spec, spec, extra) if extra else spec
    return name, kind.undo_derived(spec) if kind.undo_derived else spec


def yaml_path(kind: Kind[Any], attributes: Iterable[Any]) -> Path:
    """Return where in the document the value of an attribute stands: ``("spec", "roles", "Web", "ami")``.

    ``attributes`` leads from an item's top; steps that are no text (members of lists) are places, or stand for the
    member's name when printed. What the document has not, keeps its own name.
    """
    steps = tuple(attributes)
    for length in range(len(steps), 0, -1):
        place = kind.yaml_places.get(tuple(map(str, steps[:length])))
        if place is not None:
            return (*place, *(_printable(step) for step in steps[length:]))
    return ("spec", *(name for name, _ in _named_steps(kind, steps)))


def follows_from(kind: Kind[Any], attributes: Iterable[Any]) -> str:
    """Return the name of an attribute that only follows from the place ``yaml_path`` gives; empty for one that is written there."""
    steps = tuple(map(str, attributes))
    place = kind.yaml_places.get(steps, ())
    return steps[-1] if place[:1] == ("spec",) else ""


def is_sensitive(kind: Kind[Any], attributes: Iterable[Any]) -> bool:
    """Tell whether the value of an attribute must not be shown; ``attributes`` leads from an item's top."""
    return any(sensitive for _, sensitive in _named_steps(kind, tuple(attributes)))


def _named_steps(kind: Kind[Any], steps: tuple[Any, ...]) -> Iterator[tuple[str | int, bool]]:
    """Yield each step from an item's top under its YAML name, and whether what it leads to is sensitive."""
    shape = Shape(model=kind.spec)
    for step in steps[1:] if steps[:1] == ("Value",) else steps:
        field = fields_of(shape.model).by_attribute.get(step) if isinstance(step, str) else None
        shape = field.shape if field is not None else shape.members or shape.values or PLAIN
        yield (_printable(step), False) if field is None else (field.yaml, field.sensitive)


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


_LIKE_A_KEY: Final = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])\S{16,}")
"""Whoever writes a document must not choose which words of a plan are hidden: only what no sentence of ours holds is taken out
of every text. Its own field hides any value."""


def sensitive_values(
    objects: Iterable[tuple[ResourceRef, bytes]], kinds: Mapping[str, Kind[Any]]
) -> Iterator[str]:
    """Yield the sensitive values of objects, given with their items as canonical JSON: what is to be taken out of every text."""
    models: dict[str, type[Spec]] = {name: kind.spec for name, kind in kinds.items()}
    shapes = {name: Shape(model=model) for name, model in models.items() if fields_of(model).hidden}
    for ref, attributes in objects:
        shape = shapes.get(ref.kind)
        # Most objects have none, which their text says sooner than their items would.
        if shape and any(name in attributes for name in fields_of(shape.model).hidden):
            for item in parse_canonical(attributes).values():
                # What an item has in Value stands beside its key.
                yield from _within(shape, item, hides=False)
                yield from _within(shape, item.get("Value"), hides=False)


def _within(shape: Shape, value: Any, *, hides: bool) -> Iterator[str]:
    inner = shape.members or shape.values or PLAIN
    if isinstance(value, dict):
        fields = fields_of(shape.model).by_attribute
        for name, part in value.items():
            field = fields.get(name)
            # What holds nothing sensitive is most of an item, and is not gone into.
            if field is None:
                if hides or inner is not PLAIN:
                    yield from _within(inner, part, hides=hides)
            elif hides or "sensitive" in field.marks:
                yield from _within(field.shape, part, hides=hides or field.sensitive)
    elif isinstance(value, list):
        for part in value:
            yield from _within(inner, part, hides=hides)
    elif hides and isinstance(value, str) and _LIKE_A_KEY.fullmatch(value):
        yield value
