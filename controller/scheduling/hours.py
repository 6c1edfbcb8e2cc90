"""How many hours a schedule is on, and what exchanging one for another changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import HORIZON, changes_between, hours_on, state_at

_WEEK = timedelta(days=7)
_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def hours_per_week(schedule: Schedule, now: datetime) -> float:
    """Return the hours on in an ordinary week, without excepted dates and changes of the clocks.

    A schedule that is not the same every week gives the mean of the 52 weeks from ``now`` on.
    """
    plain = replace(schedule, zone="UTC", exceptions=())
    if all(entry.is_weekly for entry in plain.entries):
        return hours_on(plain, _MONDAY, _MONDAY + _WEEK)
    return hours_on(plain, now, now + 52 * _WEEK) / 52


@dataclass(frozen=True, slots=True)
class ScheduleComparison:
    """What exchanging one schedule for another means, seen from one moment."""

    hours_before: float
    """Hours on per week with the old schedule."""
    hours_after: float
    now_before: State
    now_after: State
    first_difference: datetime | None
    """First moment (UTC) from now on at which they ask for different states; None within the horizon."""

    @property
    def switches_now(self) -> State | None:
        """Return the state the exchange brings at once; None if nothing switches."""
        return None if self.now_before is self.now_after else self.now_after


def compare(before: Schedule, after: Schedule, now: datetime) -> ScheduleComparison:
    """Return what changes when ``before`` is replaced by ``after`` at the aware moment ``now``."""
    return ScheduleComparison(
        hours_before=hours_per_week(before, now),
        hours_after=hours_per_week(after, now),
        now_before=state_at(before, now),
        now_after=state_at(after, now),
        first_difference=first_difference(before, after, now),
    )


def first_difference(before: Schedule, after: Schedule, now: datetime) -> datetime | None:
    """Return the first moment (UTC) from ``now`` on at which two schedules ask for different states.

    None when they agree for 366 days.
    """
    if before == after:
        return None
    state_before, state_after = state_at(before, now), state_at(after, now)
    if state_before is not state_after:
        return now.astimezone(UTC)
    changes_before, changes_after = _changes(before, now), _changes(after, now)
    next_before, next_after = next(changes_before), next(changes_after)
    while True:
        at = min(next_before[0], next_after[0])
        if at == _NEVER:
            return None
        if next_before[0] == at:
            state_before, next_before = next_before[1], next(changes_before)
        if next_after[0] == at:
            state_after, next_after = next_after[1], next(changes_after)
        if state_before is not state_after:
            return at


_NEVER = datetime.max.replace(tzinfo=UTC)


def _changes(schedule: Schedule, now: datetime) -> Iterator[tuple[datetime, State]]:
    for change in changes_between(schedule, now, now.astimezone(UTC) + HORIZON):
        yield change.at.astimezone(UTC), change.state
    yield _NEVER, State.NONE
