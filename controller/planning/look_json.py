"""The last look at one scope as JSON and back: ``--observed PLACE`` plans from it where nobody may look.

It is of one scope, whole: the config scope as its tables were found, a live one as AWS listed it together with what each target
made of that. Values that are no plain JSON, which a target may keep beside what it found, are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from controller.errors import WrongUsage
from controller.model.live import LiveLook
from controller.model.observed import ObservedState
from controller.planning.json_check import DIALECT, Schema, check_json, object_of, text
from controller.planning.observed_json import (
    Object,
    json_of_state,
    state_of_json,
    state_schema,
)

LOOK_FORMAT: Final = 1
_FIX: Final = "let a controller of this version look again; nobody else writes there"
_PLAIN: Final = (
    orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SORT_KEYS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLook:
    """What was seen of a scope at a moment (aware), and the epoch of its head then; 0 where nobody ever owned it.

    ``looks`` is how many were written when it began; 0 where that is not known.

    ``config`` is the config scope's state; ``live`` what AWS listed of a live one, with ``targets`` by name. One of both is there.
    """

    scope: str
    at: datetime
    epoch: int
    installation: str
    config: ObservedState | None = None
    live: LiveLook | None = None
    targets: Mapping[str, ObservedState] = field(default_factory=dict)
    looks: int = 0

    @property
    def order(self) -> tuple[int, int, datetime]:
        """What tells which of two looks at a scope is the newer: none of an older epoch is, and none that began earlier by count."""
        return self.epoch, self.looks, self.at


def write_look(look: PublishedLook) -> bytes:
    """Return a look as one line of JSON with sorted keys."""
    value: dict[str, Any] = {
        "lookFormat": LOOK_FORMAT,
        "scope": look.scope,
        "at": look.at.isoformat(),
        "epoch": look.epoch,
        "looks": look.looks,
        "installation": look.installation,
    }
    if look.config is not None:
        value["config"] = _json_of(look.config)
    if look.live is not None:
        value["live"] = _live_looks().dump_python(look.live, mode="json")
        value["targets"] = {name: _json_of(state) for name, state in look.targets.items()}
    return orjson.dumps(value, option=_PLAIN)


def read_look(data: bytes, name: str) -> PublishedLook:
    """Read what ``write_look`` wrote; ``name`` is how messages call it. Raises WrongUsage for anything else."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise WrongUsage(f"{name}: not JSON ({error})", fix=_FIX) from error
    if isinstance(value, dict) and value.get("lookFormat", LOOK_FORMAT) != LOOK_FORMAT:
        raise WrongUsage(
            f"{name}: look format {value['lookFormat']}, this envctl reads {LOOK_FORMAT}",
            fix="plan with the version that the controller has",
        )
    check_json(value, look_schema(), f"{name}: no look", _FIX)
    try:
        return _look(value)
    except (ValueError, ValidationError) as error:
        raise WrongUsage(f"{name}: no look: a moment in it is none", fix=_FIX) from error


def look_schema() -> Schema:
    """Return the schema of what ``write_look`` writes. Fields may be added; none is taken away within a format."""
    live = _live_looks().json_schema()
    state = state_schema()
    return {
        "$schema": DIALECT,
        "title": "envctl look",
        "description": "What was seen of one scope, as it is published for plans of others.",
        **object_of(
            {
                "lookFormat": {"const": LOOK_FORMAT},
                "scope": text("`config` or `<account>/<region>`."),
                "at": text("When it was looked at: ISO 8601 with its zone."),
                "epoch": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "Of the scope's head when it was published.",
                },
                "installation": text("Its id, which marks of its objects carry."),
            },
            {
                "looks": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How many looks at the scope were written when it began.",
                },
                "config": state,
                "live": {key: part for key, part in live.items() if key != "$defs"},
                "targets": {
                    "type": "object",
                    "additionalProperties": state,
                    "description": "What each target found, by its name.",
                },
            },
        ),
        "oneOf": [{"required": ["config"]}, {"required": ["live", "targets"]}],
        "$defs": live["$defs"],
    }


@cache
def _live_looks() -> TypeAdapter[LiveLook]:
    return TypeAdapter(LiveLook)


def _json_of(state: ObservedState) -> Object:
    plain = {name: value for name, value in state.facts.items() if _is_plain(value)}
    return json_of_state(state) | {"facts": plain}


def _is_plain(value: Any) -> bool:
    try:
        orjson.dumps(value, option=_PLAIN)
    except TypeError:
        return False
    return True


def _look(value: Object) -> PublishedLook:
    at = datetime.fromisoformat(value["at"])
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    config, live = value.get("config"), value.get("live")
    return PublishedLook(
        scope=value["scope"],
        at=at,
        epoch=value["epoch"],
        looks=value.get("looks", 0),
        installation=value["installation"],
        config=None if config is None else state_of_json(config),
        live=None if live is None else _live_looks().validate_python(live),
        targets={name: state_of_json(state) for name, state in value.get("targets", {}).items()},
    )
