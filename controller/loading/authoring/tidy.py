"""A spec as people would write it: fields in their order, short forms, and nothing that goes without saying."""

from typing import Any

from controller.kinds.language.fields import PLAIN, Shape, fields_of
from controller.kinds.language.kind import Kind
from controller.kinds.language.spec import Spec
from controller.kinds.parts.server_role import AutoScalingSettings, Volume
from controller.kinds.schedule import FIXED_MODES, ScheduleChoice

Json = Any

SAID_ANYWAY: tuple[type[Spec], ...] = (AutoScalingSettings, ScheduleChoice, Volume)
"""Parts people look for: written in full, defaults or not."""
_SHORT_MEMBERS = {"services": "serviceName", "listen": "port"}
"""Members of these lists may stand as this field of theirs alone."""


def tidied(kind: Kind[Any], spec: dict[str, Json]) -> dict[str, Json]:
    """Return the spec as it is to be written. It means the same: loading gives the same attributes and extra."""
    shape = Shape(model=kind.spec)
    written: dict[str, Json] = _in_form(shape, _terse(shape, spec))
    return written


def _terse(shape: Shape, value: Json) -> Json:
    """Leave out what has its default. What only the controller has is kept: it counts as written."""
    if isinstance(value, list):
        return [_terse(shape.members or PLAIN, member) for member in value]
    if not isinstance(value, dict) or shape.model in SAID_ANYWAY:
        return value
    fields = fields_of(shape.model).by_yaml
    kept: dict[str, Json] = {}
    for name, member in value.items():
        field = fields.get(name)
        if field is None or shape.model is None:
            kept[name] = _terse(shape.values or PLAIN, member)
        elif field.controller_only:
            kept[name] = member
        else:
            default = shape.model.model_fields[field.name].default
            if type(default) is not type(member) or default != member:
                kept[name] = _terse(field.shape, member)
    return kept


def _in_form(shape: Shape, value: Json) -> Json:
    """Put fields in their order and use the short forms: a schedule by name, a service by name, a port alone."""
    if isinstance(value, list):
        return [_in_form(shape.members or PLAIN, member) for member in value]
    if not isinstance(value, dict):
        return value
    if shape.model is ScheduleChoice and (short := _short_schedule(value)) is not value:
        return short
    fields = fields_of(shape.model).by_yaml
    written: dict[str, Json] = {}
    for name in dict.fromkeys([*fields, *value]):
        if name in value:
            inner = fields[name].shape if name in fields else shape.values or PLAIN
            written[name] = _in_form(inner, value[name])
    for name, only in _SHORT_MEMBERS.items() if fields else ():
        members = written.get(name)
        if isinstance(members, list) and all(
            isinstance(member, dict) and member.keys() == {only} for member in members
        ):
            written[name] = [member[only] for member in members]
    return written


def _short_schedule(choice: dict[str, Json]) -> Json:
    mode = choice.get("mode", "automatic")
    if choice.keys() == {"mode"} and mode in FIXED_MODES:
        return mode
    if mode == "automatic" and choice.keys() == {"mode", "use"}:
        return choice["use"]
    return choice
