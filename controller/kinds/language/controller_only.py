"""Fields that the tables do not have: taken out of a spec as ``{dotted YAML path: value}`` and put back."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from controller.kinds.language.spec import Spec
from controller.kinds.language.walk import Shape, by_yaml, fields_of


def controller_only(model: type[Spec]) -> Callable[[Any], dict[str, Any]]:
    """Return a function that collects what was authored of a spec's controller-only fields.

    Values are plain, under YAML names. A member of a list is called by its name: ``roles.Web.rollout``.
    """

    def collect(spec: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        _collect(spec, "", found)
        return found

    if not _has_any(model):
        return lambda _spec: {}
    return collect


def put_back(model: type[Spec], spec: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
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
        yaml, given = _yaml_names(type(value)), value.__dict__
        return {
            yaml[name]: plain(given[name])
            for name in value.model_fields_set
            if given[name] is not None
        }
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    return value


@cache
def _yaml_names(model: type[Spec]) -> dict[str, str]:
    return {field.name: field.yaml for field in fields_of(model)}


@cache
def _has_any(model: type[Spec]) -> bool:
    return any(field.controller_only or _may_have(field.shape) for field in fields_of(model))


@cache
def _steps(model: type[Spec]) -> tuple[tuple[str, str, bool], ...]:
    """Return (name, YAML name, whether it is controller-only) of the fields worth a look."""
    return tuple(
        (field.name, field.yaml, field.controller_only)
        for field in fields_of(model)
        if field.controller_only or _may_have(field.shape)
    )


def _may_have(shape: Shape) -> bool:
    if shape.model is not None:
        return _has_any(shape.model)
    inner = shape.members or shape.values
    return inner is not None and _may_have(inner)


def _collect(spec: Spec, prefix: str, found: dict[str, Any]) -> None:
    given = spec.model_fields_set
    for name, yaml, excluded in _steps(type(spec)):
        if name not in given:
            continue
        value = getattr(spec, name)
        path = f"{prefix}{yaml}"
        if value is None:
            continue
        if excluded:
            found[path] = plain(value)
        elif isinstance(value, Spec):
            _collect(value, f"{path}.", found)
        elif isinstance(value, list):
            for place, member in enumerate(value):
                named_by = member.named_by
                step = getattr(member, named_by) if named_by else place
                _collect(member, f"{path}.{step}.", found)
        elif isinstance(value, dict):
            for key, member in value.items():
                _collect(member, f"{path}.{key}.", found)


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
