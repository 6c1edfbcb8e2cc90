"""The text form of a schedule.

    schedule := "noschedule" | "on" | "247" | "off" | entry { ";" entry } [ "|" time zone ]
    entry    := ("start" | "stop") ":" cron
    cron     := minute hour day-of-month month day-of-week [year]  |  "@daily" and its like

Upper and lower case are the same, outer and repeated spaces do not count. Where both day fields are
given both must match. No time zone means UTC. Everything else is refused.

The fields of a cron become bit masks. What other readers bend silently (clamped numbers, ranges that
wrap around, unknown names, empty list members) is refused with what to write instead.
"""

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import NamedTuple

from controller.scheduling.schedule import (
    ALL_YEARS,
    ALWAYS_OFF,
    ALWAYS_ON,
    FIRST_YEAR,
    LAST_YEAR,
    NOSCHEDULE,
    DayRule,
    Entry,
    InvalidSchedule,
    Schedule,
    State,
)
from controller.scheduling.wall_clock import canonical_zone

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
_FIELD_NAMES = ("minute", "hour", "day of the month", "month", "day of the week", "year")
_FORMS = "write on, off, noschedule, or entries such as 'start: 0 8 * * 1-5; stop: 0 19 * * 1-5'"
_WORD = re.compile(r"\S+")


@lru_cache(maxsize=16384)
def parse_schedule(text: str) -> Schedule:
    """Return the schedule a text asks for; equal texts give the same object.

    Raises InvalidSchedule with what is wrong, what to write instead and the 0-based column.
    """
    if not text.isascii():
        position = next(index for index, letter in enumerate(text) if not letter.isascii())
        raise InvalidSchedule(
            f"{text[position]!r} has no place in a schedule",
            "write plain letters, digits and punctuation",
            position,
        )
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
    entries = []
    position = 0
    for part in body.split(";"):
        if not part.strip():
            raise InvalidSchedule("an entry is empty", "take the extra ';' away", position)
        entries.append(_entry(part, position))
        position += len(part) + 1
    zone = _zone(text[len(body) + 1 :], len(body) + 1)
    return Schedule(None, tuple(entries), zone, text=text.strip())


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
    masks = []
    for index, field in enumerate(fields):
        try:
            masks.append(_READERS[index](field))
        except InvalidSchedule as refusal:
            starts = [match.start() for match in _WORD.finditer(cron)]
            raise refusal.moved(cron_at + starts[index]) from None
    minutes, hours, _, months, _, *in_years = masks
    return Entry(
        power,
        times_of(minutes, hours),
        day_rule(fields[2], fields[4]),
        months,
        in_years[0] if in_years else ALL_YEARS,
        f"{word.strip()}: {' '.join(words)}",
    )


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


MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


class CronField(NamedTuple):
    """The alphabet of one field."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Words for low, low + 1, …"""


MINUTE = CronField("minute", 0, 59)
HOUR = CronField("hour", 0, 23)
DAY = CronField("day of the month", 1, 31)
MONTH = CronField("month", 1, 12, MONTH_NAMES)
WEEKDAY = CronField("day of the week", 0, 6, WEEKDAY_NAMES)
YEAR = CronField("year", FIRST_YEAR, LAST_YEAR)


@lru_cache(maxsize=4096)
def numbers(field: CronField, text: str) -> int:
    """Return the mask of a field of plain numbers: bit n for value n, counted from 0.

    ``text`` is lower case without spaces. Raises InvalidSchedule with the position in ``text``.
    """
    mask = 0
    for position, member in _members(field, text):
        mask |= _span(field, member, position)
    return mask


@lru_cache(maxsize=4096)
def years(text: str) -> int:
    """Return the mask of a year field, bit 0 for 1970. Raises InvalidSchedule."""
    return numbers(YEAR, text) >> FIRST_YEAR


@lru_cache(maxsize=4096)
def month_part(text: str) -> DayRule:
    """Return a day-of-month field as the month half of a DayRule. Raises InvalidSchedule."""
    days, nearest, last, last_weekday = 0, 0, False, False
    for position, member in _members(DAY, "*" if text == "?" else text):
        if member == "l":
            last = True
        elif member == "lw":
            last_weekday = True
        elif member.endswith("w"):
            nearest |= 1 << _value(DAY, member[:-1], position)
        elif "l" in member:
            raise InvalidSchedule(
                f"{member!r} is no day of the month",
                "write L for the last day, LW for the last Monday-to-Friday day",
                position,
            )
        else:
            days |= _span(DAY, member, position)
    return DayRule(days, last, nearest, last_weekday, 0, 0, 0)


@lru_cache(maxsize=4096)
def weekday_part(text: str) -> DayRule:
    """Return a day-of-week field as the weekday half of a DayRule. Raises InvalidSchedule."""
    weekdays, nth, last_of = 0, 0, 0
    for position, member in _members(WEEKDAY, "*" if text == "?" else text):
        day, hash_, which = member.partition("#")
        if hash_:
            if which not in {"1", "2", "3", "4", "5"}:
                raise InvalidSchedule(
                    f"{member!r}: a month has weekdays number 1 to 5",
                    "write for example 1#2 for the second Monday, 1L for the last one",
                    position + len(day) + 1,
                )
            nth |= 1 << (int(which) - 1) * 7 + _value(WEEKDAY, day, position)
        elif member == "l":
            raise InvalidSchedule(
                "'L' alone says no day of the week",
                "write 6 for every Saturday, 5L for the last Friday of the month",
                position,
            )
        elif member.endswith("l"):
            last_of |= 1 << _value(WEEKDAY, member[:-1], position)
        else:
            weekdays |= _span(WEEKDAY, member, position)
    return DayRule(0, False, 0, False, weekdays, nth, last_of)


def _members(field: CronField, text: str) -> list[tuple[int, str]]:
    """Split a list into (position, member)."""
    members = []
    position = 0
    for member in text.split(","):
        if not member:
            rest = ",".join(part for part in text.split(",") if part) or "*"
            raise InvalidSchedule(
                f"empty member in the {field.name} list {text!r}", f"write {rest!r}", position
            )
        members.append((position, member))
        position += len(member) + 1
    return members


def _span(field: CronField, member: str, position: int) -> int:
    """Return the mask of ``*``, ``a``, ``a-b``, each with ``/step`` or without."""
    body, slash, step_text = member.partition("/")
    step = _step(field, step_text, position + len(body) + 1) if slash else 1
    first_text, dash, last_text = body.partition("-")
    if body == "*":
        first, last = field.low, field.high
    elif dash and first_text:
        first = _value(field, first_text, position)
        last = _value(field, last_text, position + len(first_text) + 1)
        if first > last:
            raise _wraps_around(field, body, first, last, position)
    else:
        first = _value(field, body, position)
        last = field.high if slash else first
    mask = ((1 << (last - first) // step * step + step) - 1) // ((1 << step) - 1)
    return mask << first


def _wraps_around(
    field: CronField, text: str, first: int, last: int, position: int
) -> InvalidSchedule:
    ends = [
        str(low) if low == high else f"{low}-{high}"
        for low, high in ((first, field.high), (field.low, last))
    ]
    return InvalidSchedule(
        f"{field.name} range {text!r} runs backwards", f"write {','.join(ends)!r}", position
    )


def _step(field: CronField, text: str, position: int) -> int:
    widest = field.high - field.low
    if _NUMBER.fullmatch(text) and 1 <= int(text) <= widest:
        return int(text)
    raise InvalidSchedule(
        f"{field.name} step {text!r} is not a whole number from 1 to {widest}",
        "write for example */5, 10-50/20, or the values themselves",
        position,
    )


def _value(field: CronField, text: str, position: int) -> int:
    if _NUMBER.fullmatch(text):
        value = int(text)
        if field.low <= value <= field.high:
            return value
        raise _out_of_range(field, text, value, position)
    if text in field.names:
        return field.names.index(text) + field.low
    raise InvalidSchedule(
        f"{text!r} is no {field.name}" if text else f"the {field.name} is missing a value",
        _alphabet(field, text),
        position,
    )


def _out_of_range(field: CronField, text: str, value: int, position: int) -> InvalidSchedule:
    message = f"{field.name} {text} is out of range {field.low}-{field.high}"
    fix = f"write a number from {field.low} to {field.high}"
    if value == field.high + 1 and field is WEEKDAY:
        # cron reads 7 as Sunday, the scheduler these texts were written for as Saturday
        fix = "write 0 for Sunday or 6 for Saturday"
    elif value == field.high + 1 and field in (MINUTE, HOUR):
        fix = f"write 0 in the {field.name} field for the next full one"
    return InvalidSchedule(message, fix, position)


def _alphabet(field: CronField, text: str) -> str:
    if text == "?":
        return "write * ('?' belongs to the two day fields alone)"
    for name in field.names:
        if text.startswith(name):
            return f"write {name!r}"
    if field.names:
        return f"write {field.low}-{field.high} or {field.names[0]}-{field.names[-1]}"
    return f"write a number from {field.low} to {field.high}"


_READERS: tuple[Callable[[str], int], ...] = (
    partial(numbers, MINUTE),
    partial(numbers, HOUR),
    lambda field: month_part(field).days,
    partial(numbers, MONTH),
    lambda field: weekday_part(field).weekdays,
    years,
)
"""Of the two day fields only whether they can be read counts."""
