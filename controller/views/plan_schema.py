"""JSON Schema (2020-12) of the plan file."""

from collections.abc import Iterable
from typing import Any, get_args

from controller.model.observed import ScopeState
from controller.model.plan import FORMAT_VERSION, Action, Cause

Schema = dict[str, Any]

_MAY_GROW = "More values may come: treat an unknown one as something you do not handle yet."
_PLACE = "path:line in the source; empty if no file is to blame."


def plan_schema() -> Schema:
    """Return the schema of what ``render_json`` writes. Fields may be added; none is taken away within a format."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "envctl plan",
        "description": "What envctl plan --format json writes and envctl apply PLAN_FILE reads.",
        **_object(
            {
                "formatVersion": {"const": FORMAT_VERSION},
                "controllerVersion": _text("Version of envctl that planned."),
                "digest": _digest("Digest of changes, base states, violations and format."),
                "revision": _text("Commit, or digest of the files; shown, not part of the digest."),
                "label": _text("The revision as people say it."),
                "scopes": _list(_scope(), "`config` first, then accounts by name."),
                "summary": _object(
                    {
                        action: {"type": "integer", "minimum": 0}
                        for action in ("create", "update", "delete")
                    }
                ),
            },
            {
                "options": _list(
                    _enum(("adopt", "deep"), "An option of the command."),
                    "How it was asked for, where that decides what it holds; absent if in the usual way.",
                ),
                "schedules": _schedules(),
            },
        ),
    }


def _schedules() -> Schema:
    number, moment = {"type": "number"}, {"type": ["string", "null"], "format": "date-time"}
    hours = {"type": ["number", "null"], "description": "null: left alone, or not known."}
    count = {"type": "integer", "minimum": 0}
    exchange = _object(
        {
            "environments": _list(_text("Name."), "They exchange alike."),
            "role": _text("The one role in each of them; empty for the environments as such."),
            "before": _text("The schedule followed until now."),
            "after": _text("The schedule followed then."),
            "hoursPerWeekBefore": hours,
            "hoursPerWeekAfter": hours,
            "instances": count,
            "switchesNow": _enum(("on", "off", ""), "What the exchange brings at once."),
            "firstDifference": moment,
        }
    )
    described = _object(
        {
            "at": _text("The moment it was worked out for."),
            "environmentHoursPerWeek": number,
            "instanceHoursPerWeek": number,
            "instancesAre": _enum(("desired sizes", "found"), "Where counts are from."),
            "startedNow": count,
            "stoppedNow": count,
            "firstDifference": moment,
            "exchanges": _list(exchange, "By how many environments they are."),
        }
    )
    return {**described, "description": "What the plan's changes of schedules mean, if it has any."}


def _scope() -> Schema:
    return _object(
        {
            "scope": _text("`config` or `<account>/<region>`."),
            "state": _enum((state.value for state in ScopeState), "How well the scope is known."),
            "reason": _text("Why the scope is not ok; empty if it is."),
            "changes": _list(_change(), "In the order they are applied."),
            "violations": _list(_violation(), "Guards that stand in the way."),
            "unmanaged": _list(_note(), "Found, not ours, left alone."),
            "notes": _list(
                _object(
                    {**_note()["properties"], "category": _text(f"What kind of note. {_MAY_GROW}")}
                ),
                "Whatever else is not changed, and why.",
            ),
        }
    )


def _change() -> Schema:
    required = {
        "action": _enum(get_args(Action), "What happens to the object."),
        "target": _text("Which target changes."),
        "kind": _text("Kind of the object."),
        "key": _text("Name of the object."),
        "cause": _enum((cause.value for cause in Cause), "Why it is wanted."),
        "origin": _text(_PLACE),
        "because": _text("What an informed reader would ask first; may be empty."),
        "fields": _list(_field(), "All that differs; of a created or deleted object all it has."),
    }
    optional = {
        "commit": _text("Commit that last touched the file."),
        "author": _text("Author of that commit."),
        "edit": _object({"origin": _text(_PLACE), "what": _text("What was changed there.")}),
        "effects": {
            "type": "object",
            "description": f"Instances launched, ended, replaced, stopped. {_MAY_GROW}",
            "additionalProperties": {"type": "integer", "minimum": 0},
        },
    }
    return _object(required, optional)


def _field() -> Schema:
    return _object(
        {"path": _text("Dotted path under the names of the YAML.")},
        {
            "before": {"description": "Absent if there was nothing."},
            "after": {"description": "Absent if there will be nothing."},
            "sensitive": {"const": True, "description": "The values are not shown."},
        },
    )


def _violation() -> Schema:
    return _object(
        {
            "guard": _text(f"Which limit. {_MAY_GROW}"),
            "message": _text("What is counted, and the limit."),
            "hint": _text("What it may be, and what to do; may be empty."),
            "digest": _digest("Digest over exactly the changes counted."),
            "token": _text("What `envctl apply --override` takes to approve exactly these."),
            "overridable": {"type": "boolean"},
            "overridden": {"type": "boolean"},
            "counted": _list(_text("Kind/key"), "The objects whose changes are counted."),
        }
    )


def _note() -> Schema:
    return _object({"kind": _text("Kind."), "key": _text("Name."), "text": _text("What is noted.")})


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
    }


def _list(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _digest(description: str) -> Schema:
    return {**_text(description), "pattern": "^[0-9a-f]{64}$"}


def _enum(values: Iterable[str], description: str) -> Schema:
    """Name the values of today without refusing those of tomorrow."""
    return {
        "type": "string",
        "examples": list(values),
        "description": f"{description} {_MAY_GROW}",
    }
