"""A JSON document held to its schema, to the envelope and to the one form of time."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from controller.planning.plan_file import plan_schema
from controller.views.documents.envelope import document_text
from controller.views.documents.schemas import output_schemas

ENVELOPE = ["formatVersion", "controllerVersion", "document"]
PLAN = "plan"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_LOCAL = {"at", "from", "to"}
"""Fields that are local times with their offset, in documents that have UTC beside them or in another field."""
_WITH_LOCAL_TIMES = {"explain", "schedule-preview"}
_OF_USERS = {"before", "after", "value", "document", "text"}
"""Fields that hold what somebody wrote, in whatever form."""


def printed(name: str, fields: Mapping[str, object]) -> Any:
    """Return a document as a command prints it, once it is as its schema says."""
    return checked(json.loads(document_text(name, fields)))


def checked(document: Any) -> Any:
    """Return a document that is as its schema says, with no field more; what has no envelope is no document."""
    if not isinstance(document, dict) or "document" not in document:
        return document
    name = document["document"]
    assert list(document)[:3] == ENVELOPE, "the envelope comes first"
    wrong = [
        f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(document)
    ]
    assert not wrong, f"{name}: {wrong}"
    odd = [
        (path, moment)
        for path, moment in _moments(document, "")
        if not _UTC.fullmatch(moment)
        and not (name in _WITH_LOCAL_TIMES and path.rpartition(".")[2] in _LOCAL)
    ]
    assert not odd, f"{name}: times of another form: {odd}"
    return document


@cache
def validator(name: str) -> Draft202012Validator:
    """Return what checks a document or a line of that name; it takes no field that the schema does not have."""
    schema = plan_schema() if name == PLAN else output_schemas()[name]
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(_closed(schema))


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(member) for member in schema]
    if not isinstance(schema, dict) or "allOf" in schema:
        # What is told by a condition is one object together with what stands around it.
        return schema
    closed = {name: _closed(member) for name, member in schema.items()}
    if isinstance(schema.get("properties"), dict) and "required" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def _moments(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in _OF_USERS:
                yield from _moments(member, f"{path}.{name}")
    elif isinstance(value, list):
        for member in value:
            yield from _moments(member, path)
    elif isinstance(value, str) and _MOMENT.match(value):
        yield path, value
