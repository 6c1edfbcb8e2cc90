"""Observed state as JSON and back: ``--observed FILE`` plans without AWS."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import orjson

from controller.errors import WrongUsage
from controller.model.canonical import canonical_bytes
from controller.model.observed import (
    CONFIG_SCOPE,
    MadeBy,
    Mark,
    Observation,
    ObservedState,
    Ownership,
    ScopeState,
)
from controller.model.ref import Reason, ResourceRef
from controller.planning.json_check import DIALECT, Schema, check_json, list_of, object_of, text

OBSERVED_FORMAT = 1
_FIX = "write it with envctl plan --save-observed FILE, and do not edit it by hand"

Object = Mapping[str, Any]


def write_observed(states: Iterable[ObservedState]) -> bytes:
    """Return the scopes as indented JSON with sorted keys, scopes and objects in order, ended by a line feed."""
    value = {
        "observedFormat": OBSERVED_FORMAT,
        "scopes": [json_of_state(state) for state in sorted(states, key=lambda state: state.scope)],
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options)


def read_observed(data: bytes, name: str = "observed file") -> tuple[ObservedState, ...]:
    """Read what ``write_observed`` wrote; ``name`` is how messages call it. Raises WrongUsage for anything else."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise WrongUsage(f"{name}: not JSON ({error})", fix=_FIX) from error
    if isinstance(value, dict) and value.get("observedFormat", OBSERVED_FORMAT) != OBSERVED_FORMAT:
        raise WrongUsage(
            f"{name}: observed format {value['observedFormat']}, this envctl reads {OBSERVED_FORMAT}",
            fix="write it again with this version",
        )
    check_json(value, observed_schema(), f"{name}: no observed state", _FIX)
    return tuple(map(state_of_json, value["scopes"]))


def observed_schema() -> Schema:
    """Return the schema of what ``write_observed`` writes. Fields may be added; none is taken away within a format."""
    return {
        "$schema": DIALECT,
        "title": "envctl observed state",
        "description": "Written by envctl plan --save-observed FILE, and read by envctl plan --observed FILE.",
        **object_of(
            {
                "observedFormat": {"const": OBSERVED_FORMAT},
                "scopes": list_of(state_schema(), "By name."),
            }
        ),
    }


def state_schema() -> Schema:
    """Return the schema of one scope as found."""
    ref = {**text("Kind/name."), "pattern": "^[^/]+/.+"}
    found = object_of(
        {
            "ref": ref,
            "attributes": _some_object("As found, without what is not compared."),
            "digest": text("Digest of the attributes and the mark's extra."),
            "mark": _mark_schema(),
            "ownership": _one_of(Ownership, "Whose it is."),
            "base": _some_object("What a write is conditional on."),
            "dependsOn": list_of(ref, "What it names."),
        }
    )
    state = object_of(
        {
            "scope": text("`config` or `<account>/<region>`."),
            "state": _one_of(ScopeState, "How well the scope is known."),
            "reason": text("Why the scope is not ok; empty if it is."),
            "facts": _facts_schema(),
            "objects": list_of(found, "By kind and name."),
        }
    )
    items = {"properties": {"attributes": {"additionalProperties": {"type": "object"}}}}
    return {
        **state,
        "if": {"properties": {"scope": {"const": CONFIG_SCOPE}}},
        # In the tables an object is items by table.
        "then": {"properties": {"objects": {"items": items}}},
    }


def _facts_schema() -> Schema:
    known = {
        "acceptedRevision": text("Revision last applied in full; empty if unknown."),
        "sequence": {
            "type": "integer",
            "minimum": 0,
            "description": "Of the config scope's last record before it was looked at.",
        },
        "overrides": list_of({"type": "object"}, "Rows of the overrides."),
    }
    return {**object_of({}, known), "description": "What else decisions need."}


def _mark_schema() -> Schema:
    made_by = {
        **{name: text("As a plan has it.") for name in MadeBy._fields},
        "overrides": list_of(text("An id."), "Whose values it holds."),
    }
    return {
        **object_of(
            {
                "by": text("Id of the installation."),
                "id": text("Digest of installation, table and key."),
                "revision": text("Revision last applied."),
                "path": text("File of its document."),
                "line": {"type": "integer"},
                "digest": text("Digest of the projection last applied."),
                "extra": {"type": "object", "description": "What is not in the attributes."},
            },
            {"made_by": object_of({}, made_by)},
        ),
        "additionalProperties": False,
        "type": ["object", "null"],
        "description": "Our signature on it; null if it carries none.",
    }


def _some_object(description: str) -> Schema:
    return {"type": "object", "description": description}


def _one_of(values: type[StrEnum], description: str) -> Schema:
    return {**text(description), "enum": [value.value for value in values]}


def json_of_state(state: ObservedState) -> dict[str, Any]:
    """Return one scope as JSON; its facts are as they are."""
    return {
        "scope": state.scope,
        "state": state.state.value,
        "reason": state.reason,
        "facts": dict(state.facts),
        "objects": [_object(state.objects[ref]) for ref in sorted(state.objects)],
    }


def _object(found: Observation) -> Object:
    return {
        "ref": str(found.ref),
        "attributes": orjson.loads(found.attributes),
        "digest": found.digest,
        "mark": found.mark and _mark(found.mark),
        "ownership": found.ownership.value,
        "base": orjson.loads(found.base),
        "dependsOn": [str(ref) for ref in found.depends_on],
    }


def _mark(mark: Mark) -> Object:
    made_by = {name: value for name, value in mark.made_by._asdict().items() if value}
    value = {**mark._asdict(), "extra": dict(mark.extra), "made_by": made_by}
    return value if made_by else {name: value[name] for name in value if name != "made_by"}


def _read_mark(value: Object) -> Mark:
    made_by = {**value.get("made_by", {})}
    made_by["overrides"] = tuple(made_by.get("overrides", ()))
    return Mark(**{**value, "made_by": MadeBy(**made_by)})


def state_of_json(value: Object) -> ObservedState:
    """Read what ``json_of_state`` gave, once it fits its schema."""
    return ObservedState(
        scope=value["scope"],
        state=ScopeState(value["state"]),
        objects={found.ref: found for found in map(_read_object, value["objects"])},
        reason=Reason.stored(value["reason"]),
        facts=value["facts"],
    )


def _read_object(value: Object) -> Observation:
    return Observation(
        ref=ResourceRef.parse(value["ref"]),
        attributes=canonical_bytes(value["attributes"]),
        digest=value["digest"],
        mark=None if value["mark"] is None else _read_mark(value["mark"]),
        ownership=Ownership(value["ownership"]),
        base=canonical_bytes(value["base"]),
        depends_on=tuple(map(ResourceRef.parse, value["dependsOn"])),
    )
