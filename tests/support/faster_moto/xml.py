"""Answers in XML written faster, to the letter the same: most of what EC2 and Auto Scaling cost here is the writing.

moto asks anew for every member of every object under which names it may be found, and leaves the writing to a general writer
of XML, which checks names that come from AWS's own models.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, cast
from xml.sax.saxutils import escape, quoteattr

from moto.core.model import Shape, StructureShape
from moto.core.responses import BaseResponse
from moto.core.serialize import (
    AttributePickerContext,
    EC2Serializer,
    QuerySerializer,
    TimestampSerializer,
    XFormedAttributePicker,
)
from moto.core.utils import get_value

_ABSENT = object()
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_STRUCTURE = QuerySerializer._serialize_type_structure
_TIMESTAMP = TimestampSerializer._convert_timestamp_to_str
_ENRICHED = BaseResponse._enrich_response
_MOST_TIMES = 10_000
_times: dict[tuple[str, str], Any] = {}
_BODY, _EC2_BODY = QuerySerializer._serialize_body, EC2Serializer._serialize_body


class MemberPlan(NamedTuple):
    """How one member of a structure is found in objects of one class."""

    key: str
    shape: Shape
    names: tuple[str, ...]
    """Where it may be, the likeliest first."""
    is_nested: bool
    """Whether a name is a path through several objects."""
    transform: str | None
    """Under which path moto has something that changes the value."""
    text: str | None
    """Name to write it by, if it is plain text."""


def install() -> None:
    """Let the answers of EC2, Auto Scaling and the other services of their protocols be written faster."""
    for owner, name, replacement in FASTER:
        setattr(owner, name, replacement)


def _structure(self: Any, serialized: Any, value: Any, shape: StructureShape, key: str) -> None:
    picker = self._value_picker
    if value is None or type(picker) is not XFormedAttributePicker:
        _STRUCTURE(self, serialized, value, shape, key)
        return
    wrapper = {} if key else serialized
    is_indexed = hasattr(value, "__getitem__")
    for member in _plan(self, picker, value, shape):
        found = _found(value, member, is_indexed=is_indexed)
        if member.transform is not None:
            found = picker.response_transformers[member.transform](found)
        if found is None:
            continue
        if member.text is not None:
            wrapper[member.text] = str(found)
        else:
            self._serialize(wrapper, found, member.shape, member.key)
    if key:
        self._default_serialize(serialized, wrapper, shape, key)


def _found(value: Any, member: MemberPlan, *, is_indexed: bool) -> Any:
    for name in member.names:
        if member.is_nested:
            found = get_value(value, name, _ABSENT)
        elif type(value) is dict:
            found = value.get(name, _ABSENT)
        elif is_indexed:
            try:
                found = value[name]
            except (KeyError, IndexError, TypeError, AttributeError):
                continue
        else:
            found = getattr(value, name, _ABSENT)
        if found is not _ABSENT:
            return found
    return None


def _plan(
    self: Any, picker: XFormedAttributePicker, value: Any, shape: StructureShape
) -> tuple[MemberPlan, ...]:
    """Return how to find the members. Shapes belong to one place in one operation's answer, so it is kept with them."""
    plans = shape.__dict__.setdefault("sandbox_plans", {})
    sort = (type(value), self.operation_name, *picker.response_transformers)
    found = plans.get(sort)
    if found is None:
        found = plans[sort] = tuple(_members(self, picker, value, shape))
    return cast("tuple[MemberPlan, ...]", found)


def _members(
    self: Any, picker: XFormedAttributePicker, value: Any, shape: StructureShape
) -> Iterator[MemberPlan]:
    path = ".".join(self.path)
    for key, member in shape.members.items():
        member.parent = shape  # type: ignore[attr-defined]  # where moto's aliases look for it
        context = AttributePickerContext(
            obj=value,
            key=key,
            shape=member,
            operation_model=self.operation_model,
            service_model=self.service_model,
            key_path=path,
        )
        names = tuple(dict.fromkeys(picker.get_possible_keys(context)))
        changed = (
            response_transformer
            for response_transformer in picker.response_transformers
            if f"{path}.{key}".endswith(response_transformer)
        )
        is_text = member.type_name == "string" and not (
            {"xmlNamespace", "xmlAttribute"} & member.serialization.keys()
        )
        yield MemberPlan(
            key,
            member,
            names,
            any("." in name for name in names),
            next(changed, None),
            self.get_serialized_name(member, key) if is_text else None,
        )


def _body(self: Any, body: Any) -> str:
    return _BODY(self, body) if self.pretty_print else written(body)


def _ec2_body(self: Any, body: Any) -> str:
    return _EC2_BODY(self, body) if self.pretty_print else HEAD + written(body)


def written(body: dict[str, Any]) -> str:
    """Return elements as text, as xmltodict writes them: ``@name`` is an attribute, an empty list is nothing.

    Names come from AWS's models and are not checked.
    """
    parts: list[str] = []
    for name, value in body.items():
        _write(parts, name, value)
    return "".join(parts)


def _write(parts: list[str], name: str, value: Any) -> None:
    if type(value) is list:
        for one in value:
            _write_one(parts, name, one)
    else:
        _write_one(parts, name, value)


def _write_one(parts: list[str], name: str, value: Any) -> None:
    if type(value) is not dict:
        text = escape(_text(value))
        parts.append(f"<{name}>{text}</{name}>" if text else f"<{name}/>")
        return
    attributes = "".join(
        f" {one[1:]}={quoteattr(_text(its))}" for one, its in value.items() if one[0] == "@"
    )
    opening = len(parts)
    parts.append(f"<{name}{attributes}>")
    for child, its in value.items():
        if child[0] != "@" and its != []:
            _write(parts, child, its)
    if len(parts) == opening + 1:
        parts[opening] = f"<{name}{attributes}/>"
    else:
        parts.append(f"</{name}>")


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def _timestamp(self: Any, value: Any, timestamp_format: str) -> Any:
    """Convert a time once that stands as text in many objects."""
    if type(value) is not str:
        return _TIMESTAMP(self, value, timestamp_format)
    found = _times.get((value, timestamp_format))
    if found is None:
        if len(_times) >= _MOST_TIMES:
            _times.clear()
        found = _times[value, timestamp_format] = _TIMESTAMP(self, value, timestamp_format)
    return found


def _enriched(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
    """Put the request's id where moto puts it; it looks for the place at every character of answers that have none."""
    if isinstance(body, str) and "<RequestId>" not in body:
        return _ENRICHED(headers, "")[0], body
    return _ENRICHED(headers, body)


FASTER = (
    (BaseResponse, "_enrich_response", staticmethod(_enriched)),
    (TimestampSerializer, "_convert_timestamp_to_str", _timestamp),
    (QuerySerializer, "_serialize_type_structure", _structure),
    (QuerySerializer, "_serialize_body", _body),
    (EC2Serializer, "_serialize_body", _ec2_body),
)
"""What is replaced in moto: class, name of the method, and the method."""
