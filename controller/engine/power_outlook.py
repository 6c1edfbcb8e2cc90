"""What schedules ask of environments now and next, from the accepted state alone: no AWS is asked."""

from collections.abc import Iterable
from datetime import datetime

from controller.engine.status_view import PowerView, Switch
from controller.model.accepted import AcceptedState
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import state_at
from controller.scheduling.wakeups import Wakeups
from controller.targets.group_parts.schedules import compiled

SWITCHES_SHOWN = 2


def power_outlook(accepted: AcceptedState, now: datetime) -> PowerView:
    """Return how many environments schedules ask to be on and off, and the next switches. Retired ones do not count."""
    counts = dict.fromkeys(State, 0)
    invalid: dict[str, str] = {}
    wakeups: Wakeups[str] = Wakeups()
    for name, schedule in _schedules(accepted):
        if isinstance(schedule, InvalidSchedule):
            invalid[name] = schedule.message
            continue
        counts[state_at(schedule, now)] += 1
        wakeups.put(name, schedule, now)
    on, off = counts[State.ON], counts[State.OFF]
    return PowerView(
        on=on,
        off=off,
        unscheduled=sum(counts.values()) - on - off,
        invalid=invalid,
        next=tuple(_switches(wakeups)),
    )


def _schedules(accepted: AcceptedState) -> Iterable[tuple[str, Schedule | InvalidSchedule]]:
    for ref in accepted.environments():
        spec = accepted.specs[ref]
        if spec.lifecycle != "retired":
            yield ref.key, compiled(spec.schedule, accepted)


def _switches(wakeups: Wakeups[str]) -> Iterable[Switch]:
    for _ in range(SWITCHES_SHOWN):
        at = wakeups.next_at()
        if at is None:
            return
        due = wakeups.due(at)
        yield Switch(
            at,
            tuple(sorted(one.key for one in due if one.state is State.ON)),
            tuple(sorted(one.key for one in due if one.state is State.OFF)),
        )
