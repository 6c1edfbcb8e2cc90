"""From the names of the tables to the names of the YAML, for specs, for paths in plans, and for what must not be shown."""

from collections.abc import Iterable, Mapping
from typing import Any

from controller.kinds.language.controller_only import put_back
from controller.kinds.language.kind import Items, Kind
from controller.kinds.language.spec import Spec
from controller.kinds.language.walk import PLAIN, Shape, by_attribute

YamlPath = tuple[str | int, ...]

_BESIDE_THE_SPEC = frozenset({"Value"})


def to_yaml_names(model: type[Spec], dumped: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dumped spec under YAML names; the inverse of dumping under attribute names.

    An attribute the model does not know keeps its name, so that validation refuses it by that name.
    """
    renamed: dict[str, Any] = _renamed(Shape(model=model), dumped)
    return renamed


def authored_spec(
    kind: Kind[Any], items: Items, extra: Mapping[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return (metadata.name, spec under YAML names) of an object as it was authored, short forms written out.

    ``items`` are its items without ``Audit`` and ``Managed``; ``extra`` is ``{dotted YAML path: value}`` of
    controller-only fields, as kept in ``Managed.Extra``.
    """
    name, dumped = kind.recover(items)
    spec = put_back(kind.spec, to_yaml_names(kind.spec, dumped), dict(extra or {}))
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
            return (*place, *(_step(step) for step in steps[length:]))
    inside = steps[1:] if steps and steps[0] in _BESIDE_THE_SPEC else steps
    path: list[str | int] = ["spec"]
    shape = Shape(model=kind.spec)
    for step in inside:
        name, shape = _followed(shape, step)
        path.append(name)
    return tuple(path)


def is_sensitive(kind: Kind[Any], attributes: Iterable[Any]) -> bool:
    """Tell whether the value of an attribute must not be shown; ``attributes`` leads from an item's top."""
    steps = tuple(attributes)
    shape = Shape(model=kind.spec)
    for step in steps[1:] if steps and steps[0] in _BESIDE_THE_SPEC else steps:
        if shape.model is not None and isinstance(step, str):
            field = by_attribute(shape.model).get(step)
            if field is not None and field.sensitive:
                return True
        _, shape = _followed(shape, step)
    return False


def _step(step: Any) -> str | int:
    return step if isinstance(step, str | int) else str(step)


def _followed(shape: Shape, step: Any) -> tuple[str | int, Shape]:
    """Return the step under its YAML name and the shape it leads to."""
    if shape.model is not None and isinstance(step, str):
        field = by_attribute(shape.model).get(step)
        return (field.yaml, field.shape) if field is not None else (step, PLAIN)
    return _step(step), shape.members or shape.values or PLAIN


def _renamed(shape: Shape, value: Any) -> Any:
    if shape.model is not None and isinstance(value, Mapping):
        fields = by_attribute(shape.model)
        return {
            (fields[name].yaml if name in fields else name): _renamed(
                fields[name].shape if name in fields else PLAIN, member
            )
            for name, member in value.items()
        }
    if shape.members is not None and isinstance(value, list):
        return [_renamed(shape.members, member) for member in value]
    if shape.values is not None and isinstance(value, Mapping):
        return {key: _renamed(shape.values, member) for key, member in value.items()}
    return value
