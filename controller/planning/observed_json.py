"""Observed state as JSON and back: ``--observed FILE`` plans without AWS."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from controller.errors import WrongUsage
from controller.model.canonical import canonical_bytes
from controller.model.observed import Mark, Observation, ObservedState, Ownership, ScopeState
from controller.model.ref import ResourceRef

OBSERVED_FORMAT = 1

Object = Mapping[str, Any]


def write_observed(states: Iterable[ObservedState]) -> bytes:
    """Return the scopes as indented JSON with sorted keys, scopes and objects in order, ended by a line feed."""
    value = {
        "observedFormat": OBSERVED_FORMAT,
        "scopes": [_state(state) for state in sorted(states, key=lambda one: one.scope)],
    }
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options)


def read_observed(data: bytes, name: str = "observed file") -> tuple[ObservedState, ...]:
    """Read what ``write_observed`` wrote; ``name`` is how messages call it. Raises WrongUsage for anything else."""
    try:
        value = orjson.loads(data)
        if value["observedFormat"] != OBSERVED_FORMAT:
            raise WrongUsage(
                f"{name}: observed format {value['observedFormat']}, this envctl reads {OBSERVED_FORMAT}",
                fix="write it again with this version",
            )
        return tuple(_read_state(state) for state in value["scopes"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise WrongUsage(
            f"{name}: no observed state ({type(error).__name__}: {error})",
            fix="write it with envctl, and do not edit it by hand",
        ) from error


def _state(state: ObservedState) -> Object:
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
        "mark": None if found.mark is None else _mark(found.mark),
        "ownership": found.ownership.value,
        "base": orjson.loads(found.base),
        "dependsOn": [str(ref) for ref in found.depends_on],
    }


def _mark(mark: Mark) -> Object:
    return {**mark._asdict(), "extra": dict(mark.extra)}


def _read_state(value: Object) -> ObservedState:
    objects = [_read_object(one) for one in value["objects"]]
    return ObservedState(
        scope=str(value["scope"]),
        state=ScopeState(value["state"]),
        objects={found.ref: found for found in objects},
        reason=str(value["reason"]),
        facts=dict(value["facts"]),
    )


def _read_object(value: Object) -> Observation:
    return Observation(
        ref=ResourceRef.parse(value["ref"]),
        attributes=canonical_bytes(value["attributes"]),
        digest=str(value["digest"]),
        mark=None if value["mark"] is None else Mark(**value["mark"]),
        ownership=Ownership(value["ownership"]),
        base=canonical_bytes(value["base"]),
        depends_on=tuple(map(ResourceRef.parse, value["dependsOn"])),
    )
