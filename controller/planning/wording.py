"""Words that reasons in a plan and views of it share: counts, values, kinds, overrides."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Final

from controller.model.canonical import ABSENT, Json, canonical_bytes
from controller.model.override import Override
from controller.model.plan import Note, NoteCategory
from controller.model.printable import printable, printable_json
from controller.planning.leaving import NOW_MS
from controller.planning.overrides import shown_path

LONGEST_VALUE: Final = 60
NAMES_SHOWN: Final = 3
TIMES: Final = "\N{MULTIPLICATION SIGN}"
_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def number(count: int) -> str:
    """Return a count with its thousands apart: ``5,212``."""
    return f"{count:,}"


def plural(kind: str) -> str:
    """Return ``Services`` for ``Service``; what ends in s stays: ``NotificationSettings``."""
    return kind if kind.endswith("s") else f"{kind}s"


def counted_kind(kind: str, count: int) -> str:
    """Return what a count is followed by: ``group`` and ``groups``, ``set of scaling schedules`` and ``sets of …``."""
    words = _WORD.sub(" ", kind).lower()
    if words.endswith("s"):
        return f"set{'' if count == 1 else 's'} of {words}"
    return words if count == 1 else plural(words)


def value_text(value: Json, longest: int = LONGEST_VALUE) -> str:
    """Return a value as people read it, on one line, cut at ``longest`` characters."""
    if value is ABSENT:
        return "(absent)"
    if isinstance(value, dict) and value.keys() == {NOW_MS}:
        return f"when applied, plus {value[NOW_MS] // 60_000} min"
    plain = isinstance(value, str) and printable(value) == value and bool(value.strip())
    text = value if plain else printable_json(canonical_bytes(value)).decode()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


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


def moment_text(at: datetime, zone: tzinfo) -> str:
    """Return ``Wed 25 Nov 10:00 GMT (10:00 UTC)``; UTC is said once where the zone is it."""
    local = at.astimezone(zone)
    text = f"{local:%a} {local.day} {local:%b %H:%M %Z}"
    return text if f"{local:%Z}" == "UTC" else f"{text} ({at.astimezone(UTC):%H:%M} UTC)"


def in_force(overrides: Iterable[Override]) -> Iterator[Note]:
    """Yield what a plan says of each override that holds: also where the tables have its value already it differs from Git."""
    for override in overrides:
        text = f"{what_text(override)} {end_text(override)} ({override.actor}: {override.reason})"
        yield Note(NoteCategory.OVERRIDE, override.ref, text)


def as_applied(why: str) -> str:
    """Return a reason that only what was applied last gives: what lifts it is accepted now, and holds for the next run."""
    return f"{why} (as applied last; the run after the one that lifts it goes on)"
