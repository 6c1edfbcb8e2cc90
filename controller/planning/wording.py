"""Words that reasons in a plan and views of it share: counts, values, kinds, overrides."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from controller.model.canonical import ABSENT, Json, canonical_bytes
from controller.model.override import Override
from controller.model.plan import Note, NoteCategory
from controller.model.printable import in_short, printable, printable_json
from controller.model.ref import ResourceRef
from controller.planning.leaving import NOW_MS
from controller.planning.overrides import shown_path, wholes

LONGEST_VALUE: Final = 60
NAMES_SHOWN: Final = 3
TIMES: Final = "\N{MULTIPLICATION SIGN}"
_LIKE_OURS: Final = re.compile(r"^$|^ | $|^\"| → |^\((?!sensitive\)$)|…$")
"""Texts that would be read as none, as quoted, as two values, as a word in brackets or as cut."""
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
    text = whole_value_text(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def whole_value_text(value: Json) -> str:
    """Return a value as people read it, on one line; a text that could be taken for words of ours stands in quotes."""
    if value is ABSENT:
        return "(absent)"
    if type(value) is int:
        return str(value)
    if isinstance(value, dict) and value.keys() == {NOW_MS} and isinstance(value[NOW_MS], int):
        return f"when applied, plus {value[NOW_MS] // 60_000} min"
    if isinstance(value, str) and value == printable(value) and not _LIKE_OURS.search(value):
        return value
    return printable_json(canonical_bytes(value)).decode()


def what_text(override: Override) -> str:
    """Return what is otherwise: ``schedule=on``; ``schedule left as it is``; ``left as it is``."""
    if not override.path:
        return "left as it is"
    path = shown_path(override.path)
    if override.value is ABSENT:
        return f"{path} left as it is"
    return f"{path}={value_text(override.value)}"


def objects_text(parts: Sequence[Override]) -> str:
    """Return what an override is of, given all its parts: ``Service/search``; ``2 environments, 10,000 services``."""
    refs = {part.ref for part in parts}
    if len(refs) == 1:
        return str(parts[0].ref)
    counts = Counter(ref.kind for ref in refs)
    return ", ".join(
        f"{number(counts[kind])} {counted_kind(kind, counts[kind])}" for kind in sorted(counts)
    )


def whole_text(parts: Sequence[Override]) -> str:
    """Return what is otherwise of an override, given all its parts."""
    if len(parts) == 1:
        return what_text(parts[0])
    return f"as put back ({number(len(parts))} parts)"


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


def maker_text(override: Override) -> str:
    """Return who made an override and why, as they say it: ``ada: release night``."""
    return f"{in_short(override.actor)}: {in_short(override.reason)}"


def in_force(overrides: Iterable[Override]) -> Iterator[Note]:
    """Yield what a plan says of each override that holds: also where the tables have its value already it differs from Git."""
    for parts in wholes(overrides):
        first, text, ref = parts[0], whole_text(parts), parts[0].ref
        if len(parts) > 1:
            text, ref = f"{objects_text(parts)} {text}", ResourceRef("Override", first.whole_id)
        yield Note(NoteCategory.OVERRIDE, ref, f"{text} {end_text(first)} ({maker_text(first)})")


def as_applied(why: str) -> str:
    """Return a reason that only what was applied last gives: what lifts it is accepted now, and holds for the next run."""
    return f"{why} (as applied last; the run after the one that lifts it goes on)"
