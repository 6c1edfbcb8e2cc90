"""A schedule on the real time line: its state at a moment, its events, its next change.

Each event happens once: in a repeated hour in the first pass, in a skipped hour at the jump. Events
that fall on the same real moment because the clocks jump over them keep the order of their wall
clock times; of two entries for the same wall clock minute the one written first counts.

Of a stretch of excepted dates the first begins with an event to off, its days have no others, and
the day after it begins with the state the entries alone would have by then.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import merge
from itertools import groupby, repeat
from typing import NamedTuple

from controller.scheduling.schedule import (
    ALL_YEARS,
    Entry,
    Schedule,
    ScheduleNeverRuns,
    State,
)
from controller.scheduling.wall_clock import (
    LAST_DAY,
    Wall,
    events_of_day,
    last_wall,
    moment_of,
    nearest_day,
    zone_of,
)

HORIZON = timedelta(days=366)
"""How far ahead a schedule without years must have an event. With years the text says itself when."""
_WEEK = timedelta(days=7)
_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)
_ON, _OFF = State.ON, State.OFF


class WallEvent(NamedTuple):
    """A minute on the wall clock and the state it brings."""

    wall: Wall
    state: State


class PowerChange(NamedTuple):
    """The moment from which a schedule asks for another state."""

    at: datetime
    """Aware, in the schedule's zone."""
    state: State
    wall: Wall
    """The wall clock minute up to which events have happened then."""


class Span(NamedTuple):
    """Real time on."""

    start: datetime
    """UTC."""
    end: datetime


class Event(NamedTuple):
    """One occurrence of an entry, or of the begin or end of an exception."""

    at: datetime
    """Aware, in the schedule's zone; the moment of the jump for a time the clocks skip."""
    state: State
    cause: str
    """The entry's text, the name of the excepted dates, or ``end of`` these."""
    wall: datetime
    """What the schedule says: the naive wall clock time."""


def state_at(schedule: Schedule, at: datetime) -> State:
    """Return what the schedule asks for at an aware moment; an event at exactly ``at`` counts.

    NONE when all of its events lie in the future.
    """
    if schedule.fixed is not None:
        return schedule.fixed
    event = _last_event(schedule, last_wall(at, zone_of(schedule.zone)))
    return event.state if event else State.NONE


def previous_event(schedule: Schedule, at: datetime) -> Event | None:
    """Return the event that decides the state at an aware moment; None if none has happened yet."""
    event = _last_event(schedule, last_wall(at, zone_of(schedule.zone)))
    return _occurrence(schedule, event) if event else None


def next_change(schedule: Schedule, after: datetime) -> PowerChange | None:
    """Return the first moment after ``after`` at which the schedule asks for another state.

    None when it never will: a fixed state, entries of the state it has already, or years gone by.
    ``after`` must be aware; the answer is in the schedule's own zone, so an 08:00 start stays 08:00
    across a change of the clocks. The search ends with the year 2099.

    Raises ScheduleNeverRuns if the schedule has entries without years and none of its entries
    matches a date within 366 days: 30 February, or 29 February alone.
    """
    if schedule.fixed is not None:
        return None
    change = _change_after(schedule, last_wall(after, zone_of(schedule.zone)))
    if change is None or change.at - after > HORIZON:
        ensure_runs(schedule, after)
    return change


def following_change(schedule: Schedule, change: PowerChange) -> PowerChange | None:
    """Return the change after one that ``next_change`` or this function gave; None if none follows."""
    return _change_after(schedule, change.wall, change.state)


def ensure_runs(schedule: Schedule, after: datetime) -> None:
    """Raise ScheduleNeverRuns as ``next_change`` does."""
    entries = schedule.entries
    if not any(entry.years == ALL_YEARS for entry in entries):
        return
    today = after.astimezone(zone_of(schedule.zone)).toordinal()
    day = nearest_day(entries, today, 1)
    # the data end in 2099: a year later nobody can say that a schedule never runs
    if today + HORIZON.days <= LAST_DAY and (day is None or day > today + HORIZON.days):
        raise ScheduleNeverRuns(
            f"{schedule.text!r} never runs in the {HORIZON.days} days from"
            f" {after.astimezone(UTC):%Y-%m-%d} on",
            "write dates that come every year, or the year as a sixth field",
        )


def events_between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[Event]:
    """Yield the events after ``after`` and up to ``until``, in the order of their wall clock times.

    Of the events with one and the same wall clock minute only the one that counts is given.
    """
    zone = zone_of(schedule.zone)
    wall = last_wall(after, zone)
    last = last_wall(until, zone)
    day: int | None = wall.day
    while day is not None and day <= last.day:
        day = nearest_day(schedule.entries, day, 1, schedule.exceptions)
        if day is None or day > last.day:
            return
        on, off = events_of_day(schedule.entries, day, schedule.exceptions)
        minutes = on | off
        while minutes:
            minute = (minutes & -minutes).bit_length() - 1
            minutes ^= 1 << minute
            if wall < (day, minute) <= last:
                state = State.ON if on >> minute & 1 else State.OFF
                yield _occurrence(schedule, WallEvent(Wall(day, minute), state))
        day += 1


def changes_between(schedule: Schedule, after: datetime, until: datetime) -> Iterator[PowerChange]:
    """Yield the changes of state after ``after`` and up to ``until``."""
    if schedule.fixed is not None:
        return
    change = _change_after(schedule, last_wall(after, zone_of(schedule.zone)))
    while change is not None and change.at.astimezone(UTC) <= until:
        yield change
        change = following_change(schedule, change)


def spans_on(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Span]:
    """Yield the real time between two aware moments during which the schedule asks for ON."""
    since = start if state_at(schedule, start) is State.ON else None
    for change in changes_between(schedule, start, end):
        at = change.at.astimezone(UTC)
        if since is not None and at > since:
            yield Span(since, at)
        since = at if change.state is State.ON else None
    if since is not None and since < end:
        yield Span(since, end)


def hours_on(schedule: Schedule, start: datetime, end: datetime) -> float:
    """Return the real hours between two aware moments during which the schedule asks for ON."""
    spans = spans_on(schedule, start.astimezone(UTC), end.astimezone(UTC))
    return sum((span.end - span.start).total_seconds() for span in spans) / 3600


@lru_cache(maxsize=4096)
def hours_per_week(schedule: Schedule, now: datetime) -> float:
    """Return the hours on in an ordinary week, without excepted dates and changes of the clocks.

    A schedule that is not the same every week gives the mean of the 52 weeks from ``now`` on.
    """
    plain = replace(schedule, zone="UTC", exceptions=())
    if all(entry.is_weekly for entry in plain.entries):
        return hours_on(plain, _MONDAY, _MONDAY + _WEEK)
    return hours_on(plain, now, now + 52 * _WEEK) / 52


def first_difference(before: Schedule, after: Schedule, now: datetime) -> datetime | None:
    """Return the first moment (UTC) from ``now`` on at which two schedules ask for different states.

    None when they agree for 366 days.
    """
    if before == after:
        return None
    states = [state_at(before, now), state_at(after, now)]
    if states[0] is not states[1]:
        return now.astimezone(UTC)
    until = now.astimezone(UTC) + HORIZON
    changes = [
        zip(changes_between(schedule, now, until), repeat(index))
        for index, schedule in enumerate((before, after))
    ]
    for at, together in groupby(merge(*changes, key=_moment), key=_moment):
        for change, index in together:
            states[index] = change.state
        if states[0] is not states[1]:
            return at
    return None


def _moment(found: tuple[PowerChange, int]) -> datetime:
    return found[0].at.astimezone(UTC)


def _last_event(schedule: Schedule, wall: Wall) -> WallEvent | None:
    """Return the last event that is not after a wall clock minute; None if there was none before."""
    # most often the day itself has one, which saves the search for a day
    day: int | None = wall.day
    while day is not None:
        on, off = events_of_day(schedule.entries, day, schedule.exceptions)
        happened = on | off
        if day == wall.day:
            happened &= (2 << wall.minute) - 1
        if happened:
            minute = happened.bit_length() - 1
            return WallEvent(Wall(day, minute), _ON if on >> minute & 1 else _OFF)
        day = nearest_day(schedule.entries, day - 1, -1, schedule.exceptions)
    return None


def _change_after(schedule: Schedule, wall: Wall, state: State | None = None) -> PowerChange | None:
    """Return the first change after a wall clock minute at which the state is ``state``; None: whatever it is."""
    zone = zone_of(schedule.zone)
    if state is None:
        before = _last_event(schedule, wall)
        state = before.state if before else State.NONE
    others: tuple[Entry, ...] | None = None
    day: int | None = wall.day
    while day is not None:
        on, off = events_of_day(schedule.entries, day, schedule.exceptions)
        minutes = off if state is _ON else on if state is _OFF else on | off
        if day == wall.day:
            minutes = minutes >> (wall.minute + 1) << (wall.minute + 1)
        if minutes:
            minute = (minutes & -minutes).bit_length() - 1
            found = Wall(day, minute)
            at, skipped = moment_of(found, zone)
            if not skipped:
                return PowerChange(at, _ON if on >> minute & 1 else _OFF, found)
            # all events that the clocks jump over happen at the jump: the last of them is what counts
            wall = last_wall(at, zone)
            last = _last_event(schedule, wall)
            assert last is not None
            if last.state is not state:
                return PowerChange(at, last.state, wall)
            day = wall.day
            continue
        if others is None:
            others = tuple([entry for entry in schedule.entries if entry.power is not state])
        day = nearest_day(others, day + 1, 1, schedule.exceptions)
    return None


def _occurrence(schedule: Schedule, event: WallEvent) -> Event:
    """Return a wall clock event with its real moment and what caused it."""
    wall = datetime.fromordinal(event.wall.day) + timedelta(minutes=event.wall.minute)
    at = moment_of(event.wall, zone_of(schedule.zone)).at
    return Event(at, event.state, _cause(schedule, event), wall)


def _cause(schedule: Schedule, event: WallEvent) -> str:
    today = datetime.fromordinal(event.wall.day).date()
    for dates in schedule.exceptions:
        if dates.first <= today <= dates.last:
            return dates.name
    for entry in schedule.entries:
        on, off = events_of_day((entry,), event.wall.day)
        if (on if event.state is _ON else off) >> event.wall.minute & 1:
            return entry.text
    yesterday = today - timedelta(days=1)
    return next(f"end of {dates.name}" for dates in schedule.exceptions if dates.last == yesterday)
