"""Overrides in words, in lists, and as JSON."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, NotRequired, TypedDict

from controller.engine.config.observe import ObservedConfig
from controller.errors import exit_code_of, worst_exit_code
from controller.model.override import Override
from controller.model.printable import in_short
from controller.planning.overrides import shown_path
from controller.planning.wording import maker_text, what_text
from controller.views.answer import Answer
from controller.views.documents.envelope import filled
from controller.views.style import aligned
from controller.views.time_text import clock_text, relative_day_text, utc_text

NONE = "no overrides"


class OverrideObject(TypedDict):
    """What is to be otherwise for a while."""

    id: str
    ref: str
    path: Annotated[str, "What of the object; empty for the object as a whole."]
    value: NotRequired[Annotated[object, "Absent: it is left as it is."]]
    since: datetime
    until: Annotated[datetime | None, "null: until Git changes the document, or for good."]
    untilGit: bool
    actor: str
    reason: str


class OverrideListDocument(TypedDict):
    """What is otherwise now."""

    overrides: list[OverrideObject]


def list_lines(overrides: Sequence[Override], now: datetime) -> list[str]:
    """Return a line for each, those that end first on top."""
    if not overrides:
        return [NONE]
    ordered = sorted(
        overrides, key=lambda override: (override.until is None, override.until or now, override.id)
    )
    rows = [
        (
            override.id,
            str(override.ref),
            what_text(override),
            _ends(override, now),
            in_short(override.actor),
            in_short(override.reason),
        )
        for override in ordered
    ]
    return aligned([("ID", "OBJECT", "WHAT", "ENDS", "BY", "WHY"), *rows])


def _ends(override: Override, now: datetime) -> str:
    if override.until is None:
        return "with Git" if override.until_git else "never"
    if override.until <= now:
        return "ended, not yet recorded"
    until = override.until.astimezone(UTC)
    return f"{relative_day_text(until, now)} {clock_text(until)}"


def list_json(overrides: Iterable[Override]) -> OverrideListDocument:
    """Return overrides for programs."""
    return {"overrides": [override_json(override) for override in overrides]}


def override_json(override: Override) -> OverrideObject:
    """Return one for programs."""
    return filled(OverrideObject, override, path=shown_path(override.path) if override.path else "")


def soon_text(override: Override, now: datetime) -> str:
    """Return what announces an end: which, when, and how to keep it."""
    assert override.until is not None, "only what has a time ends soon"
    left = max(timedelta(0), override.until - now)
    minutes = round(left.total_seconds() / 60)
    return (
        f"override {override.id} of {override.ref} {what_text(override)} ends in {minutes} min,"
        f" {utc_text(override.until)} ({maker_text(override)})"
    )


def ended_text(override: Override, why: str) -> str:
    """Return what tells of an end."""
    return f"override {override.id} of {override.ref} {what_text(override)} ended: {why}"


def overrides_answer(seen: ObservedConfig, now: datetime) -> Answer:
    """What is otherwise now; rows that cannot be read are remarked."""
    found, damaged = seen.overrides_sorted_out
    return Answer(
        document="override-list",
        fields=lambda: list_json(found),
        text=lambda: "\n".join(list_lines(found, now)),
        remarks=tuple(f"envctl: {error}" for error in damaged.values()),
        exit_code=worst_exit_code(map(exit_code_of, damaged.values())),
    )
