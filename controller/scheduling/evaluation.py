"""What a schedule in the recorded form asks for: one JSON object per question."""

from collections.abc import Mapping
from datetime import datetime

from controller.scheduling.environment_schedule import SCHEDULE_ATTRIBUTES, environment_schedule
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.recorded_case import read_moment
from controller.scheduling.refusals import InvalidSchedule
from controller.scheduling.schedule import Schedule
from controller.scheduling.timeline import state_at

INVALID = "invalid"


def evaluate_line(line: Mapping[str, object], now: datetime) -> dict[str, str]:
    """Return ``{"state": on | off | noschedule | none | invalid}`` for ``{"schedule", "utc"}``.

    ``schedule`` is a text or the Value of an environment's operational item; ``utc`` is ISO 8601 (UTC
    without an offset), null for ``now``.

    Raises MalformedLine when ``utc`` is no moment.
    """
    at = read_moment(line.get("utc"), now)
    try:
        schedule = read_schedule(line.get("schedule"))
    except InvalidSchedule:
        return {"state": INVALID}
    return {"state": state_at(schedule, at).value}


def read_schedule(value: object) -> Schedule:
    """Return the schedule of a text or of an environment's attributes.

    An object with none of these attributes is no schedule here, although an environment whose item
    has none of them is on. Raises InvalidSchedule.
    """
    if isinstance(value, str):
        return parse_schedule(value)
    if isinstance(value, Mapping) and any(name in value for name in SCHEDULE_ATTRIBUTES):
        return environment_schedule(value)
    raise InvalidSchedule(
        f"{value!r} is no schedule",
        f"write a text, or an object with {', '.join(SCHEDULE_ATTRIBUTES)}",
    )
