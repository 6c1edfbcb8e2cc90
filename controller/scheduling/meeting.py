"""Whether two recurrences ever come round at one moment."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import combinations
from typing import Final

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import Schedule
from controller.scheduling.timeline import events_between
from controller.scheduling.wall_clock import nearest_day

Recurring = tuple[str, str]
"""A cron of five fields, and the IANA name of its zone."""

_FIRST: Final = datetime(2024, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2028, 1, 1, tzinfo=UTC)
"""Four years, one of them a leap year."""
_OF_ZONES_APART: Final = datetime(2025, 1, 1, tzinfo=UTC)
"""Of two zones a year is gone through minute by minute."""


def first_two_that_meet(recurrences: Sequence[Recurring]) -> tuple[int, int] | None:
    """Return the places of the first two that ever come round at one moment; None where no two do.

    Raises InvalidSchedule for what is no recurrence.
    """
    for (first, one), (second, other) in combinations(enumerate(recurrences), 2):
        if one == other or ever_meet(one, other):
            return first, second
    return None


@lru_cache(maxsize=4096)
def ever_meet(one: Recurring, other: Recurring) -> bool:
    """Tell whether two recurrences come round at one moment within some years. Raises InvalidSchedule."""
    a, b = _schedule(one), _schedule(other)
    if a.zone != b.zone:
        moments_of_a = {
            event.at.astimezone(UTC) for event in events_between(a, _FIRST, _OF_ZONES_APART)
        }
        moments = (event.at.astimezone(UTC) for event in events_between(b, _FIRST, _OF_ZONES_APART))
        return not moments_of_a.isdisjoint(moments)
    if not a.entries[0].times & b.entries[0].times:
        return False
    day = _FIRST.toordinal()
    while day < _LAST.toordinal():
        of_a, of_b = nearest_day(a.entries, day, 1), nearest_day(b.entries, day, 1)
        if of_a is None or of_b is None:
            return False
        if of_a == of_b:
            return True
        day = max(of_a, of_b)
    return False


@lru_cache(maxsize=1024)
def _schedule(recurring: Recurring) -> Schedule:
    recurrence, zone = recurring
    return parse_schedule(f"start: {recurrence} | {zone}")
