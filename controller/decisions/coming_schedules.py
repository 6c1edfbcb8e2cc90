"""What an environment follows from now on: what its overrides say while they last, and what is written once they have ended."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from controller.decisions.power_map import SCHEDULE_PATH, Compiled, compiled
from controller.errors import WrongUsage
from controller.kinds.schedule import ScheduleChoice, expand_schedule
from controller.model.accepted import AcceptedState
from controller.model.canonical import parse_canonical
from controller.model.ref import ResourceRef
from controller.planning.overrides import BY_AGE, patch, segments
from controller.scheduling.schedule import InvalidSchedule, Schedule, ScheduleNeverRuns, State
from controller.scheduling.timeline import next_change, state_at

UNFIT: Final = InvalidSchedule(
    "an override does not fit what it is laid over", "envctl override list"
)
"""What is followed once an override that goes before such a one has ended."""


class Phase(NamedTuple):
    """What is followed from a moment on (aware), until the next phase begins."""

    begins: datetime
    schedule: Compiled


class ComingSwitch(NamedTuple):
    """A moment from which something else is asked for; None where that cannot be told."""

    at: datetime
    state: State | None


def phases(ref: ResourceRef, accepted: AcceptedState, now: datetime) -> tuple[Phase, ...]:
    """Return what an environment that can be read back follows, from ``now`` on and from each end of an override of its schedule.

    The newest of those that last counts. What Git ends, or nothing, lasts.
    """
    first = Phase(now, compiled(accepted.specs[ref].schedule, accepted))
    held = sorted(
        (
            override
            for override in accepted.overrides
            if override.ref == ref
            and override.puts_value
            and segments(override.path)[: len(SCHEDULE_PATH)] == SCHEDULE_PATH
        ),
        key=BY_AGE,
    )
    ends = sorted({override.until for override in held if override.until is not None})
    written = accepted.written
    found = [first]
    for end in ends:
        lasting = [override for override in held if override.until is None or override.until > end]
        try:
            document = patch(written.resources[ref].document, lasting, _written_out)
            choice = expand_schedule(parse_canonical(document)["spec"]["schedule"])
            schedule = compiled(ScheduleChoice.model_validate(choice), written)
        except (WrongUsage, ValidationError):
            schedule = UNFIT
        found.append(Phase(end, schedule))
    return tuple(found)


def _written_out(spec: dict[str, Any]) -> dict[str, Any]:
    return {**spec, "schedule": expand_schedule(spec["schedule"])}


def switches(coming: Sequence[Phase]) -> Iterator[ComingSwitch]:
    """Yield the moments, in order and without an end, at which something else is asked for than before."""
    wanted = _state(coming[0])
    for phase, following in zip(coming, (*coming[1:], None), strict=True):
        if (begun := _state(phase)) is not wanted:
            yield ComingSwitch(phase.begins, begun)
        wanted = begun
        at = phase.begins
        while (change := _change(phase.schedule, at)) is not None:
            if following is not None and change.at >= following.begins:
                break
            yield change
            at, wanted = change


def _state(phase: Phase) -> State | None:
    if isinstance(phase.schedule, InvalidSchedule):
        return None
    return state_at(phase.schedule, phase.begins)


def _change(schedule: Compiled, after: datetime) -> ComingSwitch | None:
    if not isinstance(schedule, Schedule):
        return None
    try:
        change = next_change(schedule, after)
    except ScheduleNeverRuns:
        return None
    return None if change is None else ComingSwitch(change.at.astimezone(UTC), change.state)
