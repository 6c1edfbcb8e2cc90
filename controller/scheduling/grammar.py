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
from dataclasses import dataclass
from functools import lru_cache
from operator import or_
from typing import NamedTuple

from controller.scheduling.schedule import (
    ALL_YEARS,
    ALWAYS_ON,
    FIRST_YEAR,
    FIXED,
    LAST_YEAR,
    DayRule,
    Entry,
    InvalidSchedule,
    Schedule,
    State,
)
from controller.scheduling.wall_clock import canonical_zone

_FIXED = {**FIXED, "247": ALWAYS_ON}
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
        try:
            entries.append(_entry(part))
        except InvalidSchedule as refusal:
            raise refusal.moved(position) from None
        position += len(part) + 1
    zone = text[len(body) + 1 :]
    zone = _zone(zone, len(body) + 1) if zone.strip() else "UTC"
    return Schedule(None, tuple(entries), zone, text=text.strip())


@lru_cache(maxsize=16384)
def schedule_or_refusal(text: str) -> Schedule | InvalidSchedule:
    """Return the schedule a text asks for, or why it is none."""
    try:
        return parse_schedule(text)
    except InvalidSchedule as refusal:
        return refusal


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
    try:
        return canonical_zone(text)
    except InvalidSchedule as refusal:
        raise refusal.moved(position + len(text) - len(text.lstrip())) from None


# equal rules are one object, which makes looking up their days quick
_day_rule = lru_cache(maxsize=4096)(DayRule)


@lru_cache(maxsize=16384)
def _entry(part: str) -> Entry:
    word, colon, cron = part.partition(":")
    power = _POWER.get(word.strip())
    if power is None or not colon:
        raise InvalidSchedule(
            f"{part.strip()!r} does not begin with 'start:' or 'stop:'",
            "write 'start: minute hour day month weekday' or 'stop: …'",
            len(part) - len(part.lstrip()),
        )
    cron_at = len(word) + 1
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
    for index, (field, field_text) in enumerate(zip(_FIELDS, fields, strict=False)):
        try:
            masks.append(read_field(field, field_text))
        except InvalidSchedule as refusal:
            starts = [match.start() for match in _WORD.finditer(cron)]
            raise refusal.moved(cron_at + starts[index]) from None
    minutes, hours, days, months, weekdays, *years = masks
    times, left = 0, hours.plain
    while left:
        hour = left.bit_length() - 1
        times |= minutes.plain << 60 * hour
        left ^= 1 << hour
    return Entry(
        power,
        times,
        _day_rule(*days[:4], weekdays.plain, weekdays.nth, weekdays.last_of),
        months.plain,
        years[0].plain >> FIRST_YEAR if years else ALL_YEARS,
        f"{word.strip()}: {' '.join(words)}",
    )


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
    missing = ", ".join(field.name for field in _FIELDS[len(fields) : 5])
    return InvalidSchedule(f"fields missing: {missing}", f"write '{word}: {full}'", position)


MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class CronField:
    """The alphabet of one field."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    """Words for low, low + 1, …"""
    marks: str = ""
    """Letters of members that a day field alone has."""


MINUTE = CronField("minute", 0, 59)
HOUR = CronField("hour", 0, 23)
DAY = CronField("day of the month", 1, 31, marks="lw")
MONTH = CronField("month", 1, 12, MONTH_NAMES)
WEEKDAY = CronField("day of the week", 0, 6, WEEKDAY_NAMES, "l#")
YEAR = CronField("year", FIRST_YEAR, LAST_YEAR)
_FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR)


class FieldMasks(NamedTuple):
    """What the members of one field say together; all but ``plain`` as in DayRule."""

    plain: int = 0
    """Bit n for value n, counted from 0."""
    last: bool = False
    nearest: int = 0
    last_weekday: bool = False
    nth: int = 0
    last_of: int = 0


@lru_cache(maxsize=16384)
def read_field(field: CronField, text: str) -> FieldMasks:
    """Return what a field says.

    ``text`` is lower case without spaces. Raises InvalidSchedule with the position in ``text``.
    """
    members = ["*"] if text == "?" and field.marks else text.split(",")
    if "" in members:
        rest = ",".join(filter(None, members)) or "*"
        raise InvalidSchedule(
            f"empty member in the {field.name} list {text!r}",
            f"write {rest!r}",
            sum(len(member) + 1 for member in members[: members.index("")]),
        )
    masks = FieldMasks()
    position = 0
    for member in members:
        if any(mark in member for mark in field.marks):
            found = _of_days(field, member, position)
        else:
            found = FieldMasks(_span(field, member, position))
        masks = FieldMasks(*map(or_, masks, found))
        position += len(member) + 1
    return masks


def _of_days(field: CronField, member: str, position: int) -> FieldMasks:
    """Return what a member with a mark says: ``L``, ``LW``, ``15W``; ``1#2``, ``5L``."""
    day, hash_, which = member.partition("#")
    if field is DAY:
        if member == "l":
            return FieldMasks(last=True)
        if member == "lw":
            return FieldMasks(last_weekday=True)
        if member.endswith("w"):
            return FieldMasks(nearest=1 << _value(DAY, member[:-1], position))
        if "l" in member:
            raise InvalidSchedule(
                f"{member!r} is no day of the month",
                "write L for the last day, LW for the last Monday-to-Friday day",
                position,
            )
    elif hash_:
        if which not in {"1", "2", "3", "4", "5"}:
            raise InvalidSchedule(
                f"{member!r}: a month has weekdays number 1 to 5",
                "write for example 1#2 for the second Monday, 1L for the last one",
                position + len(day) + 1,
            )
        return FieldMasks(nth=1 << (int(which) - 1) * 7 + _value(WEEKDAY, day, position))
    elif member == "l":
        raise InvalidSchedule(
            "'L' alone says no day of the week",
            "write 6 for every Saturday, 5L for the last Friday of the month",
            position,
        )
    elif member.endswith("l"):
        return FieldMasks(last_of=1 << _value(WEEKDAY, member[:-1], position))
    return FieldMasks(_span(field, member, position))


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
            ends = (
                str(low) if low == high else f"{low}-{high}"
                for low, high in ((first, field.high), (field.low, last))
            )
            raise InvalidSchedule(
                f"{field.name} range {body!r} runs backwards",
                f"write {','.join(ends)!r}",
                position,
            )
    else:
        first = _value(field, body, position)
        last = field.high if slash else first
    mask = ((1 << (last - first) // step * step + step) - 1) // ((1 << step) - 1)
    return mask << first


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
    is_number = _NUMBER.fullmatch(text) is not None
    if is_number and field.low <= int(text) <= field.high:
        return int(text)
    if text in field.names:
        return field.names.index(text) + field.low
    message = f"{text!r} is no {field.name}" if text else f"the {field.name} is missing a value"
    fix = f"write a number from {field.low} to {field.high}"
    if is_number:
        message = f"{field.name} {text} is out of range {field.low}-{field.high}"
        if int(text) == field.high + 1 and field is WEEKDAY:
            # cron reads 7 as Sunday, the scheduler these texts were written for as Saturday
            fix = "write 0 for Sunday or 6 for Saturday"
        elif int(text) == field.high + 1 and field in (MINUTE, HOUR):
            fix = f"write 0 in the {field.name} field for the next full one"
    elif text == "?":
        fix = "write * ('?' belongs to the two day fields alone)"
    elif field.names:
        near = next((name for name in field.names if text.startswith(name)), None)
        whole = f"{field.low}-{field.high} or {field.names[0]}-{field.names[-1]}"
        fix = f"write {near!r}" if near else f"write {whole}"
    raise InvalidSchedule(message, fix, position)
