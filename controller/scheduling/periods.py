"""The form of a schedule made for people: periods of the week in a time zone, and dates excepted.

Periods are joined before they become events, so one that lies in another or touches it changes
nothing. A period whose end is not after its beginning goes on into the next day, ``24:00`` is
midnight at the end of the day.

On an excepted date the schedule is off from 00:00 to 24:00 of its own zone, and on every other date
it is as if there were no exception. A night shift that begins the evening before an excepted date
therefore ends at midnight, and one that would begin on it is on from midnight, when the date is over.

``periods_of`` leads from the text form to this one, where that says the same.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from controller.scheduling.grammar import WEEKDAY_NAMES
from controller.scheduling.schedule import (
    ALL_MONTHS,
    ALL_YEARS,
    ANY_DAY,
    MINUTES_PER_DAY,
    DayRule,
    Entry,
    ExceptDates,
    InvalidSchedule,
    Schedule,
    State,
)
from controller.scheduling.wall_clock import canonical_zone

_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
_ALL_WEEK = (1 << _MINUTES_PER_WEEK) - 1
MONDAY_FIRST = (*WEEKDAY_NAMES[1:], WEEKDAY_NAMES[0])


class Period(NamedTuple):
    """Hours of some weekdays, as written."""

    days: str | Sequence[str]
    """``mon-fri``, ``mon,wed``, or a list of such."""
    start: str
    """Wall clock, ``08:00``."""
    end: str
    """Wall clock, ``19:00`` or ``24:00``; not after the start means of the next day."""


def compile_periods(
    timezone: str, periods: Sequence[Period], exceptions: Sequence[ExceptDates] = ()
) -> Schedule:
    """Return the schedule that is on in the periods and off otherwise and on excepted dates.

    Raises InvalidSchedule for an unknown zone, day or clock time, or when there is no period.
    """
    zone = canonical_zone(timezone)
    if not periods:
        raise InvalidSchedule("a schedule without periods", "write periods, or the schedule 'off'")
    week = 0
    for period in periods:
        week |= _minutes_of_week(period)
    entries = _entries(week)
    for dates in exceptions:
        if dates.last < dates.first:
            raise InvalidSchedule(
                f"{dates.name}: {dates.last} is before {dates.first}", "exchange from and to"
            )
    text = "; ".join(entry.text for entry in entries)
    text = text if zone == "UTC" else f"{text} | {zone}"
    return Schedule(None, entries, zone, tuple(sorted(exceptions)), text=text)


def not_in_text(schedule: Schedule) -> str:
    """Say what the text of a schedule with excepted dates cannot: programs that read only the text are on at those dates."""
    names = list(dict.fromkeys(dates.calendar or dates.name for dates in schedule.exceptions))
    count = sum((dates.last - dates.first).days + 1 for dates in schedule.exceptions)
    return (
        f"{count} excepted date{'s' if count > 1 else ''} ({', '.join(names)}) cannot be written as an"
        f" expression: programs that read only the table take them for ordinary days"
    )


def parse_days(days: str | Sequence[str]) -> int:
    """Return the weekdays as a mask, bit 0 for Sunday. Raises InvalidSchedule."""
    parts = [days] if isinstance(days, str) else days
    mask = 0
    for part in parts:
        for member in part.lower().split(","):
            mask |= _day_range(member.strip())
    if not mask:
        raise InvalidSchedule("no days", "write days such as mon-fri")
    return mask


def parse_clock(text: str, *, end: bool = False) -> int:
    """Return a wall clock time as the minute of the day; ``24:00`` is allowed as an end alone.

    Raises InvalidSchedule.
    """
    match = _CLOCK.fullmatch(text)
    if match:
        hour, minute = int(match[1]), int(match[2])
        if (hour <= 23 and minute <= 59) or (end and (hour, minute) == (24, 0)):
            return hour * 60 + minute
    last = "24:00" if end else "23:59"
    raise InvalidSchedule(
        f"{text!r} is no time of day", f"write hours and minutes from 00:00 to {last}"
    )


def _day_range(member: str) -> int:
    first_word, dash, last_word = member.partition("-")
    first = _day(first_word.strip(), member)
    last = _day(last_word.strip(), member) if dash else first
    if first > last:
        parts = (
            MONDAY_FIRST[low] if low == high else f"{MONDAY_FIRST[low]}-{MONDAY_FIRST[high]}"
            for low, high in ((first, 6), (0, last))
        )
        raise InvalidSchedule(
            f"days {member!r} run backwards (a week begins on Monday)", f"write {','.join(parts)!r}"
        )
    mask = 0
    for position in range(first, last + 1):
        mask |= 1 << (position + 1) % 7
    return mask


def _day(word: str, member: str) -> int:
    if word in MONDAY_FIRST:
        return MONDAY_FIRST.index(word)
    near = next((name for name in MONDAY_FIRST if word.startswith(name)), None)
    raise InvalidSchedule(
        f"{word or member!r} is no day of the week",
        f"write {near!r}" if near else f"write {', '.join(MONDAY_FIRST)}, mon-fri or mon,wed",
    )


def _minutes_of_week(period: Period) -> int:
    """Return the minutes of the week, from Sunday 00:00, that a period covers."""
    start = parse_clock(period.start)
    end = parse_clock(period.end, end=True)
    length = end - start if end > start else end + MINUTES_PER_DAY - start
    days = parse_days(period.days)
    week = 0
    for weekday in range(7):
        if days >> weekday & 1:
            week |= ((1 << length) - 1) << (weekday * MINUTES_PER_DAY + start)
    return week & _ALL_WEEK | week >> _MINUTES_PER_WEEK


def _entries(week: int) -> tuple[Entry, ...]:
    """Return the starts and stops at the edges of the periods, grouped by time of day."""
    before = week << 1 & _ALL_WEEK | week >> (_MINUTES_PER_WEEK - 1)
    # a week that is on throughout has no edge: the daily start says so, and gives exceptions an end
    starts = _by_minute(week & ~before) if week != _ALL_WEEK else {0: (1 << 7) - 1}
    stops = _by_minute(before & ~week)
    return tuple(
        _entry(power, minute, edges[minute])
        for power, edges in ((State.ON, starts), (State.OFF, stops))
        for minute in sorted(edges)
    )


def _by_minute(edges: int) -> dict[int, int]:
    """Return for each minute of the day with an edge the weekdays it lies on."""
    days: dict[int, int] = defaultdict(int)
    while edges:
        weekday, minute = divmod(edges.bit_length() - 1, MINUTES_PER_DAY)
        days[minute] |= 1 << weekday
        edges ^= 1 << (weekday * MINUTES_PER_DAY + minute)
    return days


def _entry(power: State, minute: int, weekdays: int) -> Entry:
    listed = ",".join(str(weekday) for weekday in range(7) if weekdays >> weekday & 1)
    field = "*" if weekdays == (1 << 7) - 1 else listed
    word = "start" if power is State.ON else "stop"
    text = f"{word}: {minute % 60} {minute // 60} * * {field}"
    return Entry(
        power, 1 << minute, DayRule(ANY_DAY, weekdays=weekdays), ALL_MONTHS, ALL_YEARS, text
    )


_MOST_PERIODS = 14
"""What needs more is no easier to read than its text."""


def periods_of(schedule: Schedule) -> tuple[Period, ...] | None:
    """Return the periods of the week in which a schedule is on; None if they cannot say the same.

    A schedule that speaks of months, years or days of the month has no periods, nor one that is always on or off, or
    whose starts and stops contradict each other.
    """
    if schedule.fixed is not None or schedule.exceptions:
        return None
    edges: dict[int, State] = {}
    for entry in schedule.entries:
        if not entry.is_weekly:
            return None
        for minute in _minutes(entry):
            if edges.setdefault(minute, entry.power) is not entry.power:
                return None
    if set(edges.values()) != {State.ON, State.OFF}:
        return None
    periods = _grouped(_spans(edges))
    if not 0 < len(periods) <= _MOST_PERIODS:
        return None
    compiled = compile_periods(schedule.zone, periods).entries
    again = {minute: entry.power for entry in compiled for minute in _minutes(entry)}
    return periods if again == _changes(edges) else None


def _minutes(entry: Entry) -> list[int]:
    """Return the minutes of the week, from Monday 00:00, at which an entry acts."""
    times = [minute for minute in range(MINUTES_PER_DAY) if entry.times >> minute & 1]
    return [
        (weekday - 1) % 7 * MINUTES_PER_DAY + minute
        for weekday in range(7)
        if entry.days.weekdays >> weekday & 1
        for minute in times
    ]


def _changes(edges: dict[int, State]) -> dict[int, State]:
    """Leave out what asks for what is so already."""
    ordered = sorted(edges)
    return {
        minute: edges[minute]
        for place, minute in enumerate(ordered)
        if edges[ordered[place - 1]] is not edges[minute]
    }


def _spans(edges: dict[int, State]) -> list[tuple[int, int]]:
    """Return (first minute on, minutes it lasts)."""
    changes = _changes(edges)
    ordered = sorted(changes)
    return [
        (minute, (ordered[(place + 1) % len(ordered)] - minute) % _MINUTES_PER_WEEK)
        for place, minute in enumerate(ordered)
        if changes[minute] is State.ON
    ]


def _grouped(spans: list[tuple[int, int]]) -> tuple[Period, ...]:
    """Return periods of at most a day each, those with the same hours together."""
    days: dict[tuple[str, str], list[int]] = {}
    for start, length in spans:
        at, left = start, length
        while left > 0:
            minute = at % MINUTES_PER_DAY
            # What ends at a later hour of the next day, or lasts longer, goes on in a period of its own.
            piece = left if left <= MINUTES_PER_DAY else MINUTES_PER_DAY - minute
            end = (minute + piece) % MINUTES_PER_DAY
            ends = "24:00" if end == 0 else _time_of_day(end)
            days.setdefault((_time_of_day(minute), ends), []).append(at // MINUTES_PER_DAY % 7)
            at, left = at + piece, left - piece
    return tuple(
        Period(_days(sorted(on)), start, end)
        for (start, end), on in sorted(days.items(), key=lambda hours: (min(hours[1]), hours[0]))
    )


def _days(days: list[int]) -> str:
    parts: list[str] = []
    for _, run in groupby(enumerate(days), key=lambda placed: placed[1] - placed[0]):
        names = [MONDAY_FIRST[day] for _, day in run]
        parts += names if len(names) < 3 else [f"{names[0]}-{names[-1]}"]
    return ",".join(parts)


def _time_of_day(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
