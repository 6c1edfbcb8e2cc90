"""Overrides in words, in lists, and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from controller.model.absent import ABSENT
from controller.model.override import Override
from controller.model.plan import Note
from controller.planning.overrides import shown_path
from controller.planning.schedule_words import day_of
from controller.planning.wording import value_text

NONE = "no overrides"
IN_FORCE: Final = "override"
"""Category of notes on overrides that hold."""


def what_text(override: Override) -> str:
    """Return what is otherwise: ``schedule=on``; ``schedule left as it is``; ``left as it is``."""
    if not override.path:
        return "left as it is"
    path = shown_path(override.path)
    if override.value is ABSENT:
        return f"{path} left as it is"
    return f"{path}={value_text(override.value)}"


def end_text(override: Override, zone: tzinfo = UTC) -> str:
    """Return when it ends: ``until Wed 25 Nov 10:00 GMT``, ``until Git changes it``."""
    if override.until is None:
        return "until Git changes it" if override.until_git else "until it is released"
    return f"until {moment_text(override.until, zone)}"


def in_force(overrides: Iterable[Override]) -> Iterator[Note]:
    """Yield what a plan says of each override that holds: also where the tables have its value already it differs from Git."""
    for override in overrides:
        text = f"{what_text(override)} {end_text(override)} ({override.actor}: {override.reason})"
        yield Note(IN_FORCE, override.ref, text)


def moment_text(at: datetime, zone: tzinfo) -> str:
    """Return ``Wed 25 Nov 10:00 GMT (10:00 UTC)``; UTC is said once where the zone is it."""
    local = at.astimezone(zone)
    text = f"{local:%a} {local.day} {local:%b %H:%M %Z}"
    return text if f"{local:%Z}" == "UTC" else f"{text} ({at.astimezone(UTC):%H:%M} UTC)"


def list_lines(overrides: Sequence[Override], now: datetime) -> tuple[str, ...]:
    """Return a line for each, those that end first on top."""
    if not overrides:
        return (NONE,)
    ordered = sorted(overrides, key=lambda one: (one.until is None, one.until or now, one.id))
    rows = [
        (one.id, str(one.ref), what_text(one), _ends(one, now), one.actor, one.reason)
        for one in ordered
    ]
    heads = ("ID", "OBJECT", "WHAT", "ENDS", "BY", "WHY")
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads) - 1)]
    return tuple(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in (heads, *rows)
    )


def _ends(override: Override, now: datetime) -> str:
    if override.until is None:
        return "with Git" if override.until_git else "never"
    if override.until <= now:
        return "ended, not yet recorded"
    until = override.until.astimezone(UTC)
    return f"{day_of(until, now)} {until:%H:%M %Z}"


def override_json(override: Override) -> dict[str, Any]:
    """Return one for programs."""
    shown: dict[str, Any] = {
        "id": override.id,
        "ref": str(override.ref),
        "path": shown_path(override.path) if override.path else "",
        "since": override.since.isoformat(),
        "until": override.until.isoformat() if override.until else None,
        "untilGit": override.until_git,
        "actor": override.actor,
        "reason": override.reason,
    }
    return shown if override.value is ABSENT else {**shown, "value": override.value}


def soon_text(override: Override, now: datetime) -> str:
    """Return what announces an end: which, when, and how to keep it."""
    assert override.until is not None, "only what has a time ends soon"
    left = max(timedelta(0), override.until - now)
    minutes = round(left.total_seconds() / 60)
    return (
        f"override {override.id} of {override.ref} {what_text(override)} ends in {minutes} min,"
        f" {override.until.astimezone(UTC):%H:%M %Z} ({override.actor}: {override.reason})"
    )


def ended_text(override: Override, why: str) -> str:
    """Return what tells of an end."""
    return f"override {override.id} of {override.ref} {what_text(override)} ended: {why}"
