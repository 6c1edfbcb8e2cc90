"""What comes from outside is held to its JSON Schema before anything reads it; and the parts such schemas are made of."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from controller.errors import WrongUsage
from controller.planning.json_fits import compiled

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Fragment:
    """A schema as a note of ``Annotated``, which has to be hashable."""

    schema: Schema


DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAY_GROW = "More values may come: treat an unknown one as something you do not handle yet."
_LONGEST = 60
_TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def check_json(value: Any, schema: Schema, name: str, fix: str) -> None:
    """Return if a value fits a schema; ``name`` is how messages begin.

    Raises WrongUsage that names the first place where it does not (``$.scopes[0].changes[2].key``) and what was expected there.
    """
    if compiled(schema)(value):
        return
    # Imported where something is wrong: it takes longer than a whole command that reads no file.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    error = next(Draft202012Validator(schema).iter_errors(value), None)
    if error is not None:
        expected = _expected(str(error.validator), error.validator_value, error.instance)
        raise WrongUsage(f"{name}: {error.json_path}: {expected}", fix=fix)


class _SaidTwice(Exception):
    """Ends a reading at the first name an object has twice."""


def name_said_twice(data: bytes) -> str:
    """Return a name that an object in well-formed JSON has twice, as some read the first and others the last; empty if none."""
    try:
        json.loads(data, object_pairs_hook=_once)
    except _SaidTwice as found:
        return str(found)
    return ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise _SaidTwice(next(name for name in names if names.count(name) > 1))
    return made


def _expected(keyword: str, wanted: Any, found: Any) -> str:
    """Say what a place should hold by the keyword of the schema that it breaks."""
    if keyword == "required":
        return f"{next(field for field in wanted if field not in found)} is missing"
    shown = orjson.dumps(found).decode()
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}…"
    match keyword:
        case "type":
            types = [wanted] if isinstance(wanted, str) else wanted
            expected = " or ".join(_TYPES[kind] for kind in types)
        case "enum":
            expected = f"one of {', '.join(map(str, wanted))}"
        case "pattern":
            expected = f"text of the form {wanted}"
        case _:
            expected = f"{keyword} {wanted}"
    return f"expected {expected}, found {shown}"


def object_of(required: Schema, optional: Schema | None = None) -> Schema:
    """Return the schema of an object; it may have further fields."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def list_of(items: Schema, description: str) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, "description": description}


def text(description: str) -> Schema:
    """Return the schema of a text."""
    return {"type": "string", "description": description}


def moment(description: str = "UTC, ISO 8601 with milliseconds.") -> Schema:
    """Return the schema of a moment in the one form that documents have."""
    pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
    return {**text(description), "format": "date-time", "pattern": pattern}


def digest(description: str) -> Schema:
    """Return the schema of a digest: 64 hexadecimal digits."""
    return {**text(description), "pattern": "^[0-9a-f]{64}$"}


def open_enum(values: Iterable[str], description: str) -> Schema:
    """Name the values of today without refusing those of tomorrow."""
    return {"type": "string", "examples": list(values), "description": f"{description} {MAY_GROW}"}
