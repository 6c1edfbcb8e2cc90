"""What schedule an environment's operational item amounts to."""

from collections.abc import Mapping

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import ALWAYS_OFF, ALWAYS_ON, InvalidSchedule, Schedule

SCHEDULE_ATTRIBUTES = ("ManualScheduleUp", "ScheduleAutomatically", "DefaultSchedule")


def environment_schedule(value: Mapping[str, object], authored: Schedule | None = None) -> Schedule:
    """Return the schedule of an environment from the ``Value`` of its operational item.

    Off only when both switches are explicitly false; automatic only when ScheduleAutomatically is
    true and ManualScheduleUp is not; on in every other case, absent switches included.
    ``authored`` stands for DefaultSchedule where what was written says more than the text can.

    Raises InvalidSchedule when it is automatic and DefaultSchedule is missing or invalid.
    """
    manual = value.get("ManualScheduleUp")
    automatic = value.get("ScheduleAutomatically")
    if manual is False and automatic is False:
        return ALWAYS_OFF
    if manual is True or automatic is not True:
        return ALWAYS_ON
    if authored is not None:
        return authored
    text = value.get("DefaultSchedule")
    if not isinstance(text, str):
        raise InvalidSchedule(
            "the environment is scheduled automatically but has no DefaultSchedule",
            "write DefaultSchedule, or set ScheduleAutomatically to false",
        )
    return parse_schedule(text)
