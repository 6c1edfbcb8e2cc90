"""From the text form of a schedule to the form made for people, where that says the same."""

from controller.scheduling.periods import MONDAY_FIRST, Period, compile_periods
from controller.scheduling.schedule import MINUTES_PER_DAY, Entry, Schedule, State

_WEEK = 7 * MINUTES_PER_DAY
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
        (minute, (ordered[(place + 1) % len(ordered)] - minute) % _WEEK)
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
    place = 0
    while place < len(days):
        last = place
        while last + 1 < len(days) and days[last + 1] == days[last] + 1:
            last += 1
        first_name, last_name = MONDAY_FIRST[days[place]], MONDAY_FIRST[days[last]]
        if last - place >= 2:
            parts.append(f"{first_name}-{last_name}")
        else:
            parts += [MONDAY_FIRST[day] for day in days[place : last + 1]]
        place = last + 1
    return ",".join(parts)


def _time_of_day(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
