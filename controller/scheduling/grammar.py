"""The text form of a schedule.

    schedule := "noschedule" | "on" | "247" | "off" | entry { ";" entry } [ "|" time zone ]
    entry    := ("start" | "stop") ":" cron
    cron     := minute hour day-of-month month day-of-week [year]  |  "@daily" and its like

Upper and lower case are the same, outer and repeated spaces do not count. Where both day fields are
given both must match. No time zone means UTC. Everything else is refused.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial

from controller.scheduling.cron_fields import (
    HOUR,
    MINUTE,
    MONTH,
    month_part,
    numbers,
    weekday_part,
    years,
)
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import (
    ALL_YEARS,
    ALWAYS_OFF,
    ALWAYS_ON,
    NOSCHEDULE,
    DayRule,
    Entry,
    Schedule,
    State,
)
from controller.scheduling.zones import canonical_zone

_FIXED = {"on": ALWAYS_ON, "247": ALWAYS_ON, "off": ALWAYS_OFF, "noschedule": NOSCHEDULE}
_POWER = {"start": State.ON, "stop": State.OFF}
_PRESETS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_READERS: tuple[Callable[[str], int], ...] = (
    partial(numbers, MINUTE),
    partial(numbers, HOUR),
    lambda field: month_part(field).days,
    partial(numbers, MONTH),
    lambda field: weekday_part(field).weekdays,
    years,
)
_FIELD_NAMES = ("minute", "hour", "day of the month", "month", "day of the week", "year")
_FORMS = "write on, off, noschedule, or entries such as 'start: 0 8 * * 1-5; stop: 0 19 * * 1-5'"
_WORD = re.compile(r"\S+")


@lru_cache(maxsize=16384)
def parse_schedule(text: str) -> Schedule:
    """Return the schedule a text asks for; equal texts give the same object.

    Raises InvalidSchedule with what is wrong, what to write instead and the 0-based column.
    """
    _refuse_odd_characters(text)
    lowered = text.lower()
    words = lowered.strip()
    if words in _FIXED:
        return _FIXED[words]
    body, bar, _ = lowered.partition("|")
    if bar and body.strip() in _FIXED:
        raise InvalidSchedule(
            f"{body.strip()!r} takes no time zone", f"write {body.strip()!r}", len(body)
        )
    if ":" not in body:
        raise _no_schedule(text)
    entries = _entries(body)
    return Schedule(None, entries, _zone(text[len(body) + 1 :], len(body) + 1), text=text.strip())


def _refuse_odd_characters(text: str) -> None:
    if not text.isascii():
        position = next(index for index, letter in enumerate(text) if not letter.isascii())
        raise InvalidSchedule(
            f"{text[position]!r} has no place in a schedule",
            "write plain letters, digits and punctuation",
            position,
        )


def _no_schedule(text: str) -> InvalidSchedule:
    words = text.strip()
    position = len(text) - len(text.lstrip())
    if not words:
        return InvalidSchedule("the schedule is empty", _FORMS, position)
    for part in re.split(r"[\s|;]+", words.lower()):
        if part in _FIXED:
            return InvalidSchedule(
                f"{words!r} is no schedule: {part!r} stands alone", f"write {part!r}", position
            )
    return InvalidSchedule(f"{words!r} is no schedule", _FORMS, position)


def _zone(text: str, position: int) -> str:
    first, bar, _ = text.partition("|")
    if bar:
        raise InvalidSchedule(
            "text after a second '|'",
            f"write one time zone: '| {first.strip() or 'UTC'}'",
            position + len(first),
        )
    if not text.strip():
        return "UTC"
    try:
        return canonical_zone(text)
    except InvalidSchedule as refusal:
        raise refusal.moved(position + len(text) - len(text.lstrip())) from None


def _entries(body: str) -> tuple[Entry, ...]:
    entries = []
    position = 0
    for part in body.split(";"):
        if not part.strip():
            raise InvalidSchedule("an entry is empty", "take the extra ';' away", position)
        entries.append(_entry(part, position))
        position += len(part) + 1
    return tuple(entries)


def _entry(part: str, position: int) -> Entry:
    word, colon, cron = part.partition(":")
    power = _POWER.get(word.strip())
    if power is None or not colon:
        raise InvalidSchedule(
            f"{part.strip()!r} does not begin with 'start:' or 'stop:'",
            "write 'start: minute hour day month weekday' or 'stop: …'",
            position + len(part) - len(part.lstrip()),
        )
    cron_at = position + len(word) + 1
    if ":" in cron:
        raise InvalidSchedule(
            "text after a second ':' in an entry",
            "write the time as two fields: 'start: 30 8 * * *' is 08:30 every day",
            cron_at + cron.index(":"),
        )
    words = cron.split()
    fields = _PRESETS[words[0]].split() if len(words) == 1 and words[0] in _PRESETS else words
    if not 5 <= len(fields) <= 6:
        raise _wrong_count(word.strip(), fields, cron_at)
    minutes, hours, _, months, _, *in_years = [
        _read(index, field, cron, cron_at) for index, field in enumerate(fields)
    ]
    return Entry(
        power,
        times_of(minutes, hours),
        day_rule(fields[2], fields[4]),
        months,
        in_years[0] if in_years else ALL_YEARS,
        f"{word.strip()}: {' '.join(words)}",
    )


def _read(index: int, field: str, cron: str, position: int) -> int:
    """Return the mask of one field; of a day field only whether it can be read."""
    try:
        return _READERS[index](field)
    except InvalidSchedule as refusal:
        starts = [match.start() for match in _WORD.finditer(cron)]
        raise refusal.moved(position + starts[index]) from None


@lru_cache(maxsize=4096)
def day_rule(month_days: str, weekdays: str) -> DayRule:
    """Return the rule of the two day fields, both of which must match. Raises InvalidSchedule."""
    return DayRule(*month_part(month_days)[:4], *weekday_part(weekdays)[4:])


@lru_cache(maxsize=4096)
def times_of(minutes: int, hours: int) -> int:
    """Return the minutes of the day (bit 0-1439) at which the clock shows such an hour and minute."""
    times = 0
    while hours:
        hour = hours.bit_length() - 1
        times |= minutes << 60 * hour
        hours ^= 1 << hour
    return times


def _wrong_count(word: str, fields: list[str], position: int) -> InvalidSchedule:
    if len(fields) > 6:
        return InvalidSchedule(
            f"{len(fields)} fields where a cron has 5, or 6 with a year",
            f"write '{word}: {' '.join(fields[:6])}'",
            position,
        )
    if not fields:
        return InvalidSchedule(f"'{word}:' has no cron", f"write '{word}: 0 8 * * 1-5'", position)
    if fields[0].startswith("@"):
        fix = f"write one of {', '.join(_PRESETS)}"
        return InvalidSchedule(f"{' '.join(fields)!r} is no preset", fix, position)
    full = " ".join(fields + ["*"] * (5 - len(fields)))
    missing = ", ".join(_FIELD_NAMES[len(fields) : 5])
    return InvalidSchedule(f"fields missing: {missing}", f"write '{word}: {full}'", position)
