"""What is wanted of an instance, a group or an environment at moments to come, overrides and their ends included."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from controller.engine.queries.explain.explanation import NextShown
from controller.scheduling.refusals import InvalidSchedule, ScheduleNeverRuns
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import next_change

SHOWN: Final = 3
MOST_MOMENTS: Final = 80
"""Moments looked at: schedules that are not followed change too."""
_TOLD: Final = frozenset({State.ON, State.OFF, State.NOSCHEDULE})


def next_wanted(
    wanted_at: Callable[[datetime], State],
    schedules: Iterable[Schedule | InvalidSchedule | None],
    ends: Iterable[datetime],
    now: datetime,
) -> tuple[NextShown, ...]:
    """Return the next three moments at which another state is wanted.

    ``schedules`` are all that may come to decide, ``ends`` when overrides end. ``wanted_at`` is asked for the moments at
    which one of them changes, in order, and for ``now``.
    """
    known = [schedule for schedule in schedules if isinstance(schedule, Schedule)]
    state = wanted_at(now)
    found: list[NextShown] = []
    for at in _moments(known, sorted(set(ends)), now):
        after = wanted_at(at)
        if after is not state and after in _TOLD:
            found.append(NextShown(at, after.value))
        state = after
        if len(found) == SHOWN:
            break
    return tuple(found)


def _moments(schedules: list[Schedule], ends: list[datetime], now: datetime) -> Iterator[datetime]:
    at = now
    for _ in range(MOST_MOMENTS):
        nexts = [end for end in ends if end > at]
        for schedule in schedules:
            try:
                change = next_change(schedule, at)
            except ScheduleNeverRuns:
                continue
            if change is not None:
                nexts.append(change.at.astimezone(UTC))
        if not nexts:
            return
        at = min(nexts)
        yield at
