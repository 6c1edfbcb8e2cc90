"""When what is wanted of the fleet turns next by the clock alone."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from controller.decisions.power_map import power_map
from controller.model.accepted import AcceptedState
from controller.planning.overrides import next_end
from controller.scheduling.schedule import Schedule, ScheduleNeverRuns
from controller.scheduling.timeline import next_change


@lru_cache(maxsize=4)
def next_turn(accepted: AcceptedState, now: datetime) -> datetime | None:
    """Return the first moment after ``now`` (aware) at which a schedule, or the end of an override, asks for something else.

    None if none does. Tags on instances are not asked: whoever looks at them knows.
    """
    known = power_map(accepted)
    schedules: set[object] = {power.facts.schedule for power in known.environments.values()}
    schedules |= {
        role.facts.schedule
        for power in known.environments.values()
        for role in power.roles.values()
    }
    schedules |= {rule.schedule for rules in known.recorded.values() for rule in rules}
    ends = (next_end(accepted.overrides, now),)
    return min((at for at in (*ends, *_changes(schedules, now)) if at is not None), default=None)


def _changes(schedules: set[object], now: datetime) -> Iterator[datetime]:
    for schedule in schedules:
        if isinstance(schedule, Schedule):
            with suppress(ScheduleNeverRuns):
                change = next_change(schedule, now)
                if change is not None:
                    yield change.at
