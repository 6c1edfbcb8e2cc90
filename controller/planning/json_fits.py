"""Whether JSON fits a schema for certain, told far faster than by the library, which says where it does not.

It knows the keywords that our schemas are made of. Of a schema with any other it is not certain, and the library is asked.
"""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

from controller.model.canonical import Json

Fits = Callable[[Json], bool]
_SAY_NOTHING: Final = frozenset(
    {"$schema", "title", "description", "examples", "format", "$defs", "default"}
)
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def compiled(schema: Mapping[str, Any]) -> Fits:
    """Return what tells of a value read from JSON whether it fits for certain; False: it may or may not."""
    checks: list[Fits] = []
    for keyword, wanted in schema.items():
        if keyword in _SAY_NOTHING or keyword in {"required", "minimum", "then"}:
            continue
        make = _MAKERS.get(keyword)
        if make is None:
            return _not_certain
        checks.append(make(wanted, schema))
    if {"required", "minimum"} & schema.keys() and "type" not in schema:
        return _not_certain
    return reduce(_both, checks) if checks else lambda _value: True


def _both(first: Fits, second: Fits) -> Fits:
    return lambda value: first(value) and second(value)


def _not_certain(_value: Json) -> bool:
    return False


def _type(wanted: str | list[str], schema: Mapping[str, Any]) -> Fits:
    names = [wanted] if isinstance(wanted, str) else wanted
    # True is an int to Python and none to JSON, so the very type is asked for.
    types = frozenset(kind for name in names for kind in _TYPES[name])
    required, least = frozenset(schema.get("required", ())), schema.get("minimum")

    def fits(value: Json) -> bool:
        if type(value) not in types:
            return False
        if required and isinstance(value, dict) and not value.keys() >= required:
            return False
        return least is None or not isinstance(value, int | float) or value >= least

    return fits


def _properties(wanted: Mapping[str, Any], _schema: Mapping[str, Any]) -> Fits:
    known = {name: compiled(schema) for name, schema in wanted.items()}

    def fits(value: Json) -> bool:
        if not isinstance(value, dict):
            return True
        return all(known[name](member) for name, member in value.items() if name in known)

    return fits


def _additional(wanted: bool | Mapping[str, Any], schema: Mapping[str, Any]) -> Fits:
    known = frozenset(schema.get("properties", ()))
    if wanted is True:
        return lambda _value: True
    check = compiled(wanted) if isinstance(wanted, Mapping) else _not_certain

    def fits(value: Json) -> bool:
        if not isinstance(value, dict):
            return True
        return all(check(member) for name, member in value.items() if name not in known)

    return fits


def _one_of(wanted: list[Mapping[str, Any]], _schema: Mapping[str, Any]) -> Fits:
    """Of alternatives that only say which fields there are it is certain."""
    if any(one.keys() != {"required"} for one in wanted):
        return _not_certain
    fields = [frozenset(one["required"]) for one in wanted]
    return lambda value: isinstance(value, dict) and sum(f <= value.keys() for f in fields) == 1


def _if(wanted: Mapping[str, Any], schema: Mapping[str, Any]) -> Fits:
    """Of a condition that fields have certain texts it is certain."""
    fields: Mapping[str, Any] = wanted.get("properties", {})
    texts = {name: field.get("const") for name, field in fields.items()}
    if wanted.keys() != {"properties"} or any(
        len(field) != 1 or not isinstance(texts[name], str) for name, field in fields.items()
    ):
        return _not_certain
    then = compiled(schema.get("then", {}))

    def fits(value: Json) -> bool:
        # A field that is not there contradicts nothing.
        other = isinstance(value, dict) and any(
            value.get(name, texts[name]) != texts[name] for name in texts
        )
        return other or then(value)

    return fits


def _items(wanted: Mapping[str, Any], _schema: Mapping[str, Any]) -> Fits:
    check = compiled(wanted)
    return lambda value: not isinstance(value, list) or all(map(check, value))


def _const(wanted: Json, _schema: Mapping[str, Any]) -> Fits:
    return lambda value: type(value) is type(wanted) and value == wanted


def _enum(wanted: list[Json], _schema: Mapping[str, Any]) -> Fits:
    texts = frozenset(one for one in wanted if isinstance(one, str))
    return lambda value: isinstance(value, str) and value in texts


def _pattern(wanted: str, _schema: Mapping[str, Any]) -> Fits:
    search = re.compile(wanted).search
    return lambda value: not isinstance(value, str) or search(value) is not None


_MAKERS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Fits]]] = {
    "type": _type,
    "if": _if,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "oneOf": _one_of,
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
}
