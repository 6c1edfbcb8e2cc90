"""What schedules ask of environments now and next, from the accepted state alone: no AWS is asked."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from controller.decisions.power_map import SCHEDULE_PATH, compiled
from controller.engine.queries.status.view import PowerView, Switch
from controller.model.accepted import AcceptedState
from controller.model.override import Override
from controller.planning.overrides import segments
from controller.scheduling.schedule import InvalidSchedule, Schedule, State
from controller.scheduling.timeline import state_at
from controller.scheduling.wakeups import Wakeups

SWITCHES_SHOWN = 2


def power_outlook(accepted: AcceptedState, now: datetime) -> PowerView:
    """Return how many environments schedules ask to be on and off, and the next switches. Retired ones do not count.

    Overrides count while they hold; where one ends its environment may switch.
    """
    counts = dict.fromkeys(State, 0)
    invalid: dict[str, str] = {}
    wakeups: Wakeups[str] = Wakeups()
    ends: dict[datetime, dict[str, State]] = {}
    until = _overridden_until(accepted.overrides)
    written = dict(_schedules(accepted.written))
    for name, schedule in _schedules(accepted):
        if isinstance(schedule, InvalidSchedule):
            invalid[name] = schedule.message
            continue
        counts[state_at(schedule, now)] += 1
        end, then = until.get(name), written.get(name)
        if end is None or not isinstance(then, Schedule):
            wakeups.put(name, schedule, now)
            continue
        wakeups.put(name, then, end)
        if state_at(then, end) is not state_at(schedule, end):
            ends.setdefault(end, {})[name] = state_at(then, end)
    on, off = counts[State.ON], counts[State.OFF]
    return PowerView(
        on=on,
        off=off,
        unscheduled=sum(counts.values()) - on - off,
        invalid=invalid,
        next=tuple(_switches(wakeups, ends)),
    )


def _overridden_until(overrides: Iterable[Override]) -> Mapping[str, datetime]:
    """Return when the schedules of environments are their own again, by name; what ends with Git is left out."""
    return {
        override.ref.key: override.until
        for override in overrides
        if override.until is not None
        and override.ref.kind == "Environment"
        and segments(override.path) == SCHEDULE_PATH
    }


def _schedules(accepted: AcceptedState) -> Iterable[tuple[str, Schedule | InvalidSchedule]]:
    for ref in accepted.of_kind("Environment"):
        spec = accepted.specs[ref]
        if spec.lifecycle != "retired":
            yield ref.key, compiled(spec.schedule, accepted)


def _switches(
    wakeups: Wakeups[str], ends: Mapping[datetime, Mapping[str, State]]
) -> Iterable[Switch]:
    last = datetime.min.replace(tzinfo=UTC)
    for _ in range(SWITCHES_SHOWN):
        next_at = wakeups.next_at()
        moments = [at for at in (*ends, *([next_at] if next_at else ())) if at > last]
        if not moments:
            return
        last = min(moments)
        states = {
            **{wakeup.key: wakeup.state for wakeup in wakeups.due(last)},
            **ends.get(last, {}),
        }
        yield Switch(
            last,
            tuple(sorted(name for name, state in states.items() if state is State.ON)),
            tuple(sorted(name for name, state in states.items() if state is State.OFF)),
        )
