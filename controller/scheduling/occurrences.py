"""Which days and minutes the entries of a schedule match, on the wall clock alone.

A day is a proleptic ordinal, whose remainder by 7 is its weekday from Sunday = 0. Sets of days of a
month and of minutes of a day are bit masks, so that finding the next or the previous one is a shift
and a look at the lowest or highest bit.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from controller.scheduling.schedule import FIRST_YEAR, LAST_YEAR, DayRule, Entry, State

FIRST_DAY = date(FIRST_YEAR, 1, 1).toordinal()
LAST_DAY = date(LAST_YEAR, 12, 31).toordinal()


def _months() -> list[tuple[int, int]]:
    firsts = [
        date(year, month, 1).toordinal()
        for year in range(FIRST_YEAR, LAST_YEAR + 1)
        for month in range(1, 13)
    ]
    lengths = [following - first for first, following in pairwise(firsts)]
    return list(zip(firsts, [*lengths, 31], strict=True))


_MONTHS = _months()
"""(ordinal of the first day, number of days) of each month of the known years."""


class DayEvents(NamedTuple):
    """What happens on one day: bit m of ``on`` or ``off`` for minute m. No bit is in both."""

    on: int
    off: int


_NOTHING = DayEvents(0, 0)
# attributes of an enum are looked up slowly, and this file is where the time goes
_ON = State.ON


def next_day(entries: Sequence[Entry], day: int) -> int | None:
    """Return the first day from ``day`` on that one of the entries matches; None if none does."""
    if day > LAST_DAY:
        return None
    start = date.fromordinal(max(day, FIRST_DAY))
    year, month, skipped = start.year - FIRST_YEAR, start.month, start.day
    in_years = 0
    for entry in entries:
        in_years |= entry.years
    while in_years >> year:
        if in_years >> year & 1:
            while month <= 12:
                days = _matching(entries, year, month) >> skipped << skipped
                if days:
                    return _MONTHS[year * 12 + month - 1][0] + (days & -days).bit_length() - 2
                month += 1
                skipped = 0
        year, month, skipped = year + 1, 1, 0
    return None


def previous_day(entries: Sequence[Entry], day: int) -> int | None:
    """Return the last day up to ``day`` that one of the entries matches; None if none does."""
    if day < FIRST_DAY:
        return None
    start = date.fromordinal(min(day, LAST_DAY))
    year, month, kept = start.year - FIRST_YEAR, start.month, (2 << start.day) - 1
    in_years = 0
    for entry in entries:
        in_years |= entry.years
    while year >= 0 and in_years & ((2 << year) - 1):
        if in_years >> year & 1:
            while month >= 1:
                days = _matching(entries, year, month) & kept
                if days:
                    return _MONTHS[year * 12 + month - 1][0] + days.bit_length() - 2
                month -= 1
                kept = -1
        year, month, kept = year - 1, 12, -1
    return None


def matches_day(entry: Entry, day: int) -> bool:
    """Say whether an entry has events on a day of the known years."""
    at = date.fromordinal(day)
    return bool(_matching((entry,), at.year - FIRST_YEAR, at.month) >> at.day & 1)


def events_of_day(entries: Sequence[Entry], day: int) -> DayEvents:
    """Return the events of one day. Of two entries at one minute the one written first counts."""
    if not FIRST_DAY <= day <= LAST_DAY:
        return _NOTHING
    at = date.fromordinal(day)
    month, day_of_month, year = at.month, at.day, at.year - FIRST_YEAR
    first, length = _MONTHS[year * 12 + month - 1]
    on = off = 0
    for power, times, rule, months, years, _ in entries:
        if (
            months >> month & 1
            and years >> year & 1
            and _days_of_month(rule, first % 7, length) >> day_of_month & 1
        ):
            if power is _ON:
                on |= times & ~off if off else times
            else:
                off |= times & ~on if on else times
    return DayEvents(on, off)


def _matching(entries: Sequence[Entry], year: int, month: int) -> int:
    """Return bit d for each day d of the month that one of the entries matches."""
    first, length = _MONTHS[year * 12 + month - 1]
    days = 0
    for entry in entries:
        if entry.months >> month & 1 and entry.years >> year & 1:
            days |= _days_of_month(entry.days, first % 7, length)
    return days


@lru_cache(maxsize=16384)
def _days_of_month(rule: DayRule, first_weekday: int, length: int) -> int:
    """Return bit d for each day d of a month of that shape on which both parts of the rule match."""
    inside = (2 << length) - 2
    by_date = rule.days & inside
    if rule.last:
        by_date |= 1 << length
    if rule.last_weekday:
        by_date |= 1 << _nearest_weekday(length, first_weekday, length)
    for day in range(1, length + 1):
        if rule.nearest >> day & 1:
            by_date |= 1 << _nearest_weekday(day, first_weekday, length)
    by_weekday = 0
    for day in range(1, length + 1):
        weekday = (first_weekday + day - 1) % 7
        if (
            rule.weekdays >> weekday & 1
            or rule.nth >> ((day - 1) // 7 * 7 + weekday) & 1
            or (day + 7 > length and rule.last_of >> weekday & 1)
        ):
            by_weekday |= 1 << day
    return by_date & by_weekday


def _nearest_weekday(day: int, first_weekday: int, length: int) -> int:
    """Return the Monday-to-Friday day nearest to a day, without leaving the month."""
    weekday = (first_weekday + day - 1) % 7
    if weekday == 6:
        return day - 1 if day > 1 else 3
    if weekday == 0:
        return day + 1 if day < length else length - 2
    return day
