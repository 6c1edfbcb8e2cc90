"""A schedule as a calendar: what a preview shows, as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from controller.scheduling.schedule import Schedule
from controller.scheduling.timeline import (
    Event,
    PowerChange,
    Span,
    events_between,
    next_change,
    spans_on,
)
from controller.scheduling.wall_clock import Wall, moment_of, offset_changes, zone_of

SEGMENTS_PER_DAY = 48
MOST_EVENTS = 20_000
"""A calendar shows so many: a year of a schedule that starts and stops every hour."""
_SEGMENT_MIN = 30
_INSTANT = timedelta(microseconds=1)


class TooManyEvents(Exception):
    """The days have more events than a calendar shows."""


class ClockChange(NamedTuple):
    """A change of the clocks."""

    at: datetime
    """UTC."""
    before: datetime
    """What the clocks show at the moment, naive."""
    after: datetime
    """What they show from then on, naive."""
    abbreviation: str
    """What the time is called from then on: ``BST``."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One local day."""

    day: date
    segments: tuple[float, ...]
    """For each half hour of the wall clock the share of its real time that is on; 0 if skipped."""
    spans: tuple[Span, ...]
    clock_changes: tuple[ClockChange, ...]
    exceptions: tuple[str, ...]
    """Names of what the day is excepted for: ``Good Friday (england-holidays)``."""
    hours: float
    """Real hours the day has."""

    @property
    def hours_on(self) -> float:
        """Return the real hours on."""
        return sum((end - start).total_seconds() for start, end in self.spans) / 3600


@dataclass(frozen=True, slots=True)
class CalendarView:
    """Some days of a schedule."""

    schedule: Schedule
    days: tuple[CalendarDay, ...]
    events: tuple[Event, ...]
    change: PowerChange | None
    """The next one after now."""
    now: datetime

    @property
    def hours(self) -> float:
        """Return the real hours of all days."""
        return sum(day.hours for day in self.days)

    @property
    def hours_on(self) -> float:
        """Return the real hours on of all days."""
        return sum(day.hours_on for day in self.days)


def calendar_view(schedule: Schedule, first: date, days: int, now: datetime) -> CalendarView:
    """Return ``days`` local days from ``first`` on; ``now`` is for the next change alone.

    Raises TooManyEvents where they have more than ``MOST_EVENTS``, and ScheduleNeverRuns as ``timeline.next_change`` does.
    """
    start, end = _midnight(schedule, first), _midnight(schedule, first + timedelta(days=days))
    # an event at the first midnight belongs to the first day, one at the last to the day after
    between = events_between(schedule, start - _INSTANT, end - _INSTANT)
    events = tuple(islice(between, MOST_EVENTS + 1))
    if len(events) > MOST_EVENTS:
        raise TooManyEvents
    return CalendarView(
        schedule,
        tuple(_calendar_day(schedule, first + timedelta(days=number)) for number in range(days)),
        events,
        next_change(schedule, now),
        now,
    )


def _midnight(schedule: Schedule, day: date) -> datetime:
    """Return the real moment (UTC) at which a local day begins."""
    return moment_of(Wall(day.toordinal(), 0), zone_of(schedule.zone)).at.astimezone(UTC)


def _calendar_day(schedule: Schedule, day: date) -> CalendarDay:
    start, end = _midnight(schedule, day), _midnight(schedule, day + timedelta(days=1))
    zone = zone_of(schedule.zone)
    # a change at the very end of the day is the beginning of the next
    changes = [
        at for at in offset_changes(zone, start - timedelta(hours=1), end) if start <= at < end
    ]
    clock_changes = []
    for at in changes:
        after = at.astimezone(zone)
        passed = timedelta(seconds=1)
        before = (at - passed).astimezone(zone).replace(tzinfo=None) + passed
        clock_changes.append(ClockChange(at, before, after.replace(tzinfo=None), f"{after:%Z}"))
    spans = tuple(spans_on(schedule, start, end))
    exceptions = tuple(
        f"{dates.name} ({dates.calendar})" if dates.calendar else dates.name
        for dates in schedule.exceptions
        if dates.first <= day <= dates.last
    )
    return CalendarDay(
        day=day,
        segments=_segments(schedule, start, end, changes, spans),
        spans=spans,
        clock_changes=tuple(clock_changes),
        exceptions=exceptions,
        hours=(end - start).total_seconds() / 3600,
    )


def _segments(
    schedule: Schedule,
    start: datetime,
    end: datetime,
    changes: Sequence[datetime],
    spans: Sequence[Span],
) -> tuple[float, ...]:
    """Return the share on of each half hour; a repeated one counts both passes together."""
    zone = zone_of(schedule.zone)
    minutes = [0.0] * SEGMENTS_PER_DAY
    minutes_on = [0.0] * SEGMENTS_PER_DAY
    # between two changes of the clocks wall and real time run in step
    for piece_start, piece_end in zip([start, *changes], [*changes, end], strict=True):
        local = piece_start.astimezone(zone)
        shift_min = local.hour * 60 + local.minute
        _spread(minutes, piece_start, piece_start, piece_end, shift_min)
        for span in spans:
            _spread(
                minutes_on,
                piece_start,
                max(span.start, piece_start),
                min(span.end, piece_end),
                shift_min,
            )
    return tuple(
        on / total if total else 0.0 for on, total in zip(minutes_on, minutes, strict=True)
    )


def _spread(
    minutes: list[float], origin: datetime, start: datetime, end: datetime, shift_min: int
) -> None:
    """Add the minutes from start to end to the half hours of the wall clock they fall in."""
    at = (start - origin).total_seconds() / 60 + shift_min
    until = (end - origin).total_seconds() / 60 + shift_min
    while at < until:
        segment = int(at // _SEGMENT_MIN)
        edge = min(float((segment + 1) * _SEGMENT_MIN), until)
        minutes[segment] += edge - at
        at = edge
