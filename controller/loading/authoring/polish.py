"""A spec as people would write it: fields in their order, short forms, and nothing that goes without saying."""

from typing import Any

from pydantic_core import PydanticUndefined

from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Spec
from controller.kinds.language.walk import PLAIN, Shape, by_yaml, fields_of
from controller.kinds.parts.schedule_choice import FIXED_MODES, ScheduleChoice
from controller.kinds.parts.server_role import Volume
from controller.kinds.parts.sizes import AutoScalingSettings

Json = Any

SAID_ANYWAY: tuple[type[Spec], ...] = (AutoScalingSettings, ScheduleChoice, Volume)
"""Parts people look for: written in full, defaults or not."""


def polished(kind: Kind[Any], spec: dict[str, Json]) -> dict[str, Json]:
    """Return the spec as it is to be written. It means the same: loading gives the same attributes and extra."""
    written: dict[str, Json] = _ordered(
        Shape(model=kind.spec), _shortened(Shape(model=kind.spec), _terse(kind.spec, spec))
    )
    return written


def _terse(model: type[Spec], spec: dict[str, Json]) -> dict[str, Json]:
    """Leave out what has its default. What only the controller has is kept: it counts as written."""
    if model in SAID_ANYWAY:
        return spec
    fields = by_yaml(model)
    kept: dict[str, Json] = {}
    for name, value in spec.items():
        field = fields.get(name)
        if field is None or field.controller_only:
            kept[name] = value
            continue
        default = model.model_fields[field.name].default
        if default is PydanticUndefined or type(default) is not type(value) or default != value:
            kept[name] = _terse_inside(field.shape, value)
    return kept


def _terse_inside(shape: Shape, value: Json) -> Json:
    if shape.model is not None and isinstance(value, dict):
        return _terse(shape.model, value)
    if shape.members is not None and isinstance(value, list):
        return [_terse_inside(shape.members, one) for one in value]
    if shape.values is not None and isinstance(value, dict):
        return {name: _terse_inside(shape.values, one) for name, one in value.items()}
    return value


def _shortened(shape: Shape, value: Json) -> Json:
    """Use the short forms: a schedule by name, a service by name, a port alone."""
    if isinstance(value, list):
        return [_shortened(shape.members or PLAIN, one) for one in value]
    if not isinstance(value, dict):
        return value
    if shape.model is ScheduleChoice:
        return _short_schedule(value)
    if shape.model is None:
        return {name: _shortened(shape.values or PLAIN, one) for name, one in value.items()}
    fields = by_yaml(shape.model)
    return {
        name: _short_members(name, _shortened(fields[name].shape if name in fields else PLAIN, one))
        for name, one in value.items()
    }


_SHORT_MEMBERS = {"services": "serviceName", "listen": "port"}


def _short_members(name: str, value: Json) -> Json:
    only = _SHORT_MEMBERS.get(name)
    if only is None or not isinstance(value, list):
        return value
    if all(isinstance(one, dict) and one.keys() == {only} for one in value):
        return [one[only] for one in value]
    return value


def _short_schedule(choice: dict[str, Json]) -> Json:
    mode = choice.get("mode", "automatic")
    if choice.keys() == {"mode"} and mode in FIXED_MODES:
        return mode
    if mode == "automatic" and choice.keys() == {"mode", "use"}:
        return choice["use"]
    return choice


def _ordered(shape: Shape, value: Json) -> Json:
    if isinstance(value, list):
        return [_ordered(shape.members or PLAIN, one) for one in value]
    if not isinstance(value, dict):
        return value
    if shape.model is None:
        return {name: _ordered(shape.values or PLAIN, one) for name, one in value.items()}
    known = {field.yaml: field.shape for field in fields_of(shape.model)}
    first = {name: _ordered(known[name], value[name]) for name in known if name in value}
    return {**first, **{name: one for name, one in value.items() if name not in known}}
