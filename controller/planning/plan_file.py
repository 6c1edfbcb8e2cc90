"""The plan file: its JSON Schema (2020-12), and one read back: a claim of what was reviewed, never an authority."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

import orjson

from controller.errors import WrongUsage
from controller.model.observed import ScopeState
from controller.model.plan import FORMAT_VERSION, Action, Cause
from controller.model.printable import in_short
from controller.planning.json_check import (
    DIALECT,
    MAY_GROW,
    Schema,
    check_json,
    digest,
    list_of,
    moment,
    name_said_twice,
    object_of,
    open_enum,
    text,
)

DOCUMENT: Final = "plan"
_PLACE = "path:line in the source; empty if no file is to blame."


def plan_schema() -> Schema:
    """Return the schema of what ``render_json`` writes. Fields may be added; none is taken away within a format."""
    return {
        "$schema": DIALECT,
        "title": "envctl plan",
        "description": "What envctl plan --format json writes and envctl apply PLAN_FILE reads.",
        **object_of(
            {
                "formatVersion": {"const": FORMAT_VERSION},
                "controllerVersion": text("Version of envctl that planned."),
                "document": {"const": DOCUMENT},
                "digest": digest("Digest of changes, base states, violations and format."),
                "revision": text("Commit, or digest of the files; not part of the digest."),
                "label": text("The revision as people say it."),
                "scopes": list_of(_scope(), "`config` first, then accounts by name."),
                "summary": object_of(
                    {
                        action: {"type": "integer", "minimum": 0}
                        for action in ("create", "update", "delete")
                    }
                ),
            },
            {
                "options": list_of(
                    open_enum(("adopt", "deep"), "An option of the command."),
                    "How it was asked for, where that decides what it holds; absent if in the usual way.",
                ),
                "schedules": _schedules(),
                "plannedFrom": _planned_from(),
                "review": _review(),
                "beside": list_of(
                    _request(),
                    "Other open pull requests it was compared with. Not part of the digest; absent where none was named.",
                ),
                "since": _since(),
            },
        ),
    }


def _planned_from() -> Schema:
    turns = {**moment("UTC; null: none does."), "type": ["string", "null"]}
    found = object_of(
        {
            "sequence": {"type": "integer", "minimum": 0},
            "revision": text("Last applied to the tables in full; empty if not known."),
            "turnsAt": turns,
        }
    )
    about = (
        "What it was made from: the config scope's last record, and the revision in force. At turnsAt a schedule or an override"
        " asks for something else. Not part of the digest; absent where no tables were read."
    )
    return {**found, "description": about}


def _review() -> Schema:
    agreements = list_of(
        object_of(
            {
                "approvers": list_of(text("As the code host calls them."), "One of them agrees."),
                "because": text("What the rule is about."),
                "changes": {"type": "integer", "minimum": 0},
            }
        ),
        "A rule of review.owners that the plan's edits meet.",
    )
    found = object_of(
        {
            "author": text("Who wrote it; empty if not known."),
            "needed": agreements,
            "denied": agreements,
        }
    )
    about = (
        "Who must agree to it; denied: by which rules the author may not write it. Not part of the digest; absent where no rule"
        " is set."
    )
    return {**found, "description": about}


def _request() -> Schema:
    place = object_of(
        {
            "kind": text("Kind."),
            "key": text("Name."),
            "field": text("As the YAML calls it; empty for the object as a whole."),
            "here": text("What this plan wants of it."),
            "there": text("What the other wants."),
        }
    )
    return object_of(
        {
            "name": text("The ref."),
            "unknown": text("Why it could not be compared with; empty if it was."),
            "conflicts": list_of(place, "What both want, otherwise."),
        }
    )


def _since() -> Schema:
    place = object_of(
        {
            "scope": text("`config` or `<account>/<region>`; empty for the source."),
            "kind": text("Kind; empty for the scope's state and what the plans were made from."),
            "key": text("Name."),
            "field": text("As the YAML calls it; empty for what is done to the object."),
            "then": text("What the earlier plan says; empty if nothing."),
            "now": text("What this plan says; empty if nothing."),
        }
    )
    found = object_of(
        {
            "digest": digest("Of the earlier plan, as its file says."),
            "unchanged": {"type": "integer", "minimum": 0, "description": "Objects as then."},
            "differences": list_of(place, "What is new, gone or otherwise."),
        }
    )
    about = "The earlier plan it was compared with. Not part of the digest; absent where none was named."
    return {**found, "description": about}


def _schedules() -> Schema:
    number = {"type": "number"}
    first = {**moment("UTC; null: none within a year."), "type": ["string", "null"]}
    hours = {"type": ["number", "null"], "description": "null: left alone, or not known."}
    count = {"type": "integer", "minimum": 0}
    exchange = object_of(
        {
            "environments": list_of(text("Name."), "They exchange alike."),
            "role": text("The one role in each of them; empty for the environments as such."),
            "before": text("The schedule followed until now."),
            "after": text("The schedule followed then."),
            "hoursPerWeekBefore": hours,
            "hoursPerWeekAfter": hours,
            "instances": count,
            "switchesNow": open_enum(("on", "off", ""), "What the exchange brings at once."),
            "firstDifference": first,
        }
    )
    described = object_of(
        {
            "at": moment("The moment it was worked out for."),
            "environmentHoursPerWeek": number,
            "instanceHoursPerWeek": number,
            "instancesAre": open_enum(("desired sizes", "found"), "Where counts are from."),
            "startedNow": count,
            "stoppedNow": count,
            "firstDifference": first,
            "exchanges": list_of(exchange, "By how many environments they are."),
        }
    )
    return {**described, "description": "What the plan's changes of schedules mean, if it has any."}


def _scope() -> Schema:
    return object_of(
        {
            "scope": text("`config` or `<account>/<region>`."),
            "state": open_enum(
                (state.value for state in ScopeState), "How well the scope is known."
            ),
            "reason": text("Why the scope is not ok; empty if it is."),
            "changes": list_of(_change(), "In the order they are applied."),
            "violations": list_of(_violation(), "Guards that stand in the way."),
            "unmanaged": list_of(_note(), "Found, not ours, left alone."),
            "notes": list_of(
                object_of(
                    {**_note()["properties"], "category": text(f"What kind of note. {MAY_GROW}")}
                ),
                "Whatever else is not changed, and why.",
            ),
        }
    )


def _change() -> Schema:
    required = {
        "action": open_enum(get_args(Action), "What happens to the object."),
        "target": text("Which target changes."),
        "kind": text("Kind of the object."),
        "key": text("Name of the object."),
        "cause": open_enum((cause.value for cause in Cause), "Why it is wanted."),
        "origin": text(_PLACE),
        "because": text("What an informed reader would ask first; may be empty."),
        "fields": list_of(_field(), "All that differs; of a created or deleted object all it has."),
    }
    optional = {
        "commit": text("Commit that last touched the file."),
        "author": text("Author of that commit."),
        "edit": object_of({"origin": text(_PLACE), "what": text("What was changed there.")}),
        "effects": {
            "type": "object",
            "description": f"Instances launched, ended, replaced, stopped. {MAY_GROW}",
            "additionalProperties": {"type": "integer", "minimum": 0},
        },
    }
    return object_of(required, optional)


def _field() -> Schema:
    return object_of(
        {"path": text("Dotted path under the names of the YAML.")},
        {
            "before": {"description": "Absent if there was nothing."},
            "after": {"description": "Absent if there will be nothing."},
            "sensitive": {"const": True, "description": "The values are not shown."},
        },
    )


def _violation() -> Schema:
    return object_of(
        {
            "guard": text(f"Which limit. {MAY_GROW}"),
            "message": text("What is counted, and the limit."),
            "hint": text("What it may be, and what to do; may be empty."),
            "digest": digest("Digest over exactly the changes counted."),
            "token": text(
                "What the option --approve of `envctl apply` takes to approve exactly these; empty where another source was compared with:"
                " only a plan against the tables can tell."
            ),
            "approvable": {"type": "boolean"},
            "approved": {"type": "boolean"},
            "counted": list_of(text("Kind/key"), "The objects whose changes are counted."),
        },
        {"approvedBy": text("Who approved it by what; empty if nobody did.")},
    )


def _note() -> Schema:
    return object_of({"kind": text("Kind."), "key": text("Name."), "text": text("What is noted.")})


@dataclass(frozen=True, slots=True)
class PlanClaim:
    """What a plan file says. ``apply`` plans its scopes anew, as it was asked for, and compares all of it."""

    document: Mapping[str, Any]
    """The whole file, as ``plan_schema`` has it."""

    @property
    def digest(self) -> str:
        """The digest it claims."""
        return str(self.document["digest"])

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes it is of."""
        return tuple(dict.fromkeys(scope["scope"] for scope in self.document["scopes"]))

    @property
    def options(self) -> tuple[str, ...]:
        """The options it was asked for with: without them it would be another plan."""
        return tuple(self.document.get("options", ()))

    @property
    def meant_at(self) -> datetime | None:
        """The moment for which it says what its changes of schedules mean; None where it says nothing of them."""
        schedules = self.document.get("schedules")
        return None if schedules is None else datetime.fromisoformat(schedules["at"])


def read_plan(data: bytes, name: str = "plan file") -> PlanClaim:
    """Read a plan file; ``name`` is how messages call it. Raises WrongUsage if it is none, or of another format.

    What is not as ``plan_schema`` says, or says something twice, is told with its place: the file was changed or cut.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise WrongUsage(
            f"{name}: not JSON ({error})", fix="make it with envctl plan --format json --out FILE"
        ) from error
    what, fix = f"{name}: the file was changed or cut", "plan again and review the new plan"
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        # What cannot be written was not written by envctl; nor can all that compares it go so deep.
        raise WrongUsage(f"{what}: its values are nested too deep", fix=fix) from None
    if not isinstance(value, dict) or "formatVersion" not in value:
        raise WrongUsage(
            f"{name}: no plan file: it has no formatVersion",
            fix="make it with envctl plan --format json --out FILE",
        )
    if value["formatVersion"] != FORMAT_VERSION:
        raise WrongUsage(
            f"{name}: plan format {in_short(str(value['formatVersion']))}, this envctl writes {FORMAT_VERSION}",
            fix="plan again with this version and review the new plan",
        )
    check_json(value, plan_schema(), what, fix)
    twice = name_said_twice(data)
    if twice:
        raise WrongUsage(f"{what}: an object in it has two fields {twice!r}", fix=fix)
    claim = PlanClaim(value)
    try:
        claim.meant_at  # noqa: B018 - what has the form of a moment may still be none
    except ValueError:
        raise WrongUsage(f"{what}: $.schedules.at: expected a moment", fix=fix) from None
    return claim
