"""The events of a day with excepted dates taken into account.

The first excepted date of a stretch begins with an event to off, the days of the stretch have no
others, and the day after it begins with the state the entries alone would have by then.
"""

from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import NamedTuple

from controller.scheduling.occurrences import DayEvents, events_of_day, next_day, previous_day
from controller.scheduling.schedule import Entry, ExceptDates, Schedule, State
from controller.scheduling.zones import Wall

_MIDNIGHT = 1


_ON, _OFF = State.ON, State.OFF


class WallEvent(NamedTuple):
    """A minute on the wall clock and the state it brings."""

    wall: Wall
    state: State


@lru_cache(maxsize=1024)
def stretches(exceptions: tuple[ExceptDates, ...]) -> tuple[list[int], list[int]]:
    """Return the first days of all stretches of excepted dates, and the days after each, ascending."""
    firsts: list[int] = []
    afters: list[int] = []
    for dates in sorted(exceptions):
        first, after = dates.first.toordinal(), dates.last.toordinal() + 1
        if afters and first <= afters[-1]:
            afters[-1] = max(afters[-1], after)
        else:
            firsts.append(first)
            afters.append(after)
    return firsts, afters


def day_events(schedule: Schedule, day: int) -> DayEvents:
    """Return what happens on a day of the known years."""
    plain = events_of_day(schedule.entries, day)
    if not schedule.exceptions:
        return plain
    firsts, afters = stretches(schedule.exceptions)
    index = bisect_right(firsts, day) - 1
    if index < 0 or day > afters[index]:
        return plain
    if day < afters[index]:
        return DayEvents(0, _MIDNIGHT if day == firsts[index] else 0)
    if (plain.on | plain.off) & _MIDNIGHT:
        return plain
    before = previous_day(schedule.entries, day - 1)
    if before is None:
        return plain
    on, off = events_of_day(schedule.entries, before)
    # no bit is in both, so the greater of the two masks has the last event of that day
    if on > off:
        return DayEvents(plain.on | _MIDNIGHT, plain.off)
    return DayEvents(plain.on, plain.off | _MIDNIGHT)


def next_day_with_events(schedule: Schedule, entries: tuple[Entry, ...], day: int) -> int | None:
    """Return the first day from ``day`` on with events of these entries or of an exception."""
    found = next_day(entries, day)
    if schedule.exceptions:
        for days in stretches(schedule.exceptions):
            index = bisect_left(days, day)
            if index < len(days) and (found is None or days[index] < found):
                found = days[index]
    return found


def previous_day_with_events(schedule: Schedule, day: int) -> int | None:
    """Return the last day up to ``day`` with events of the entries or of an exception."""
    found = previous_day(schedule.entries, day)
    if schedule.exceptions:
        for days in stretches(schedule.exceptions):
            index = bisect_right(days, day) - 1
            if index >= 0 and (found is None or days[index] > found):
                found = days[index]
    return found


def last_of_day(events: DayEvents, day: int, wall: Wall) -> WallEvent | None:
    """Return the last of a day's events that is not after a wall clock minute."""
    on, off = events
    happened = on | off
    if day == wall.day:
        happened &= (2 << wall.minute) - 1
    if not happened:
        return None
    minute = happened.bit_length() - 1
    return WallEvent(Wall(day, minute), _ON if on >> minute & 1 else _OFF)
