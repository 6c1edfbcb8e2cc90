"""A plan file beside the plan of now: what was read and passed on is what is applied, to the last field, or nothing is."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.errors import PlanChanged
from controller.model.canonical import canonical_bytes
from controller.model.plan import NoteCategory
from controller.planning.plan_file import PlanClaim
from controller.views.documents.plan import render_json

NAMED: Final = 5
"""So much of what differs is named."""
_LONGEST: Final = 60
_REVISION: Final = 12
_NOT_COMPARED: Final = frozenset(
    {"label", "controllerVersion", "plannedFrom", "review", "beside", "since"}
)
"""How the revision is called, who wrote the file, what it was made from (what follows from that is compared), whose word it took, what else is open, and which plan was earlier."""
_GOES_ON: Final = frozenset(
    {
        NoteCategory.ROLLOUT,
        NoteCategory.POSTPONED,
        NoteCategory.WAITING,
        NoteCategory.STUCK,
        NoteCategory.SHORT,
        NoteCategory.LAG,
    }
)
"""Notes on what goes on in an account meanwhile: they say nothing of what the plan does."""
_AGE: Final = timedelta(days=366)
_AHEAD: Final = timedelta(hours=1)
"""So far may the clock of the machine that planned be ahead."""


def check_plan_file(claim: PlanClaim, planned: CombinedPlan, now: datetime) -> None:
    """Raise PlanChanged unless the plan says in every field what the file says.

    What its changes of schedules mean depends on the hour: it is worked out for the moment the file names.
    """
    at, plan = claim.meant_at, planned.plan
    if at is not None and now - _AGE < at < now + _AHEAD:
        plan = replace(plan, schedules=planned.schedules_at(at))
    rendered = render_json(plan, names=planned.names, controller_version="")
    theirs, ours = _compared(claim.document), _compared(orjson.loads(rendered))
    if canonical_bytes(theirs) != canonical_bytes(ours):
        raise PlanChanged(claim.digest, plan.digest, _what_differs(theirs, ours))


def _compared(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in document.items() if name not in _NOT_COMPARED}
    kept["scopes"] = [
        {**scope, "notes": [note for note in scope["notes"] if note["category"] not in _GOES_ON]}
        for scope in document["scopes"]
    ]
    return kept


def _what_differs(file: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return in lines what differs: the revision, the objects that are changed, or else single fields."""
    lines = ["  the source is the same; what is in the tables or accounts, or the file, is not"]
    if file["revision"] != now["revision"]:
        moved = f"reviewed {_shown(file['revision'][:_REVISION])}, now {_shown(now['revision'][:_REVISION])}"
        lines = [f"  the source moved on: {moved}"]
    reviewed, planned = _changes(file), _changes(now)
    objects = [
        *_listed("no longer to be done", reviewed - planned),
        *_listed("not reviewed", planned - reviewed),
    ]
    if objects:
        return "\n".join((*lines, *objects))
    skipped = {"$.revision", "$.digest"}
    found = [line for path, line in _fields("$", file, now) if path not in skipped]
    more = [f"  and {len(found) - NAMED} more differences"] if len(found) > NAMED else []
    return "\n".join((*lines, *found[:NAMED], *more))


def _changes(document: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        f"{change['action']} {change['kind']}/{change['key']}"
        for scope in document["scopes"]
        for change in scope["changes"]
    )


def _listed(what: str, changes: Collection[str]) -> list[str]:
    if not changes:
        return []
    more = f", and {len(changes) - NAMED} more" if len(changes) > NAMED else ""
    return [f"  {what}: {', '.join(sorted(changes)[:NAMED])}{more}"]


def _fields(path: str, file: Any, now: Any) -> Iterator[tuple[str, str]]:
    """Yield the places where two values differ, each with a line about it."""
    if isinstance(file, dict) and isinstance(now, dict):
        for name in sorted(file.keys() | now.keys()):
            yield from _fields(f"{path}.{name}", file.get(name, _NONE), now.get(name, _NONE))
    elif isinstance(file, list) and isinstance(now, list):
        for place in range(max(len(file), len(now))):
            theirs = file[place] if place < len(file) else _NONE
            ours = now[place] if place < len(now) else _NONE
            yield from _fields(f"{path}[{place}]", theirs, ours)
    elif file is _NONE or now is _NONE or canonical_bytes(file) != canonical_bytes(now):
        yield path, f"  {path}: the file says {_shown(file)}, now {_shown(now)}"


_NONE: Final = object()


def _shown(value: Any) -> str:
    if value is _NONE:
        return "nothing"
    text = orjson.dumps(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
