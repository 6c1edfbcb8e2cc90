"""The six fields of a cron as bit masks, read strictly.

What other readers bend silently (clamped numbers, ranges that wrap around, unknown names, empty list
members) is refused here with what to write instead.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import FIRST_YEAR, LAST_YEAR, DayRule

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
    for position, member in _members(DAY, _unquestioned(text)):
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
    for position, member in _members(WEEKDAY, _unquestioned(text)):
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


def _unquestioned(text: str) -> str:
    return "*" if text == "?" else text


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
