"""Three attributes of an environment's item, one schedule."""

import pytest

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.recorded_case import environment_schedule
from controller.scheduling.schedule import ALWAYS_OFF, ALWAYS_ON, InvalidSchedule, Schedule

TEXT = "start: 0 8 * * *; stop: 0 19 * * *"
PARSED = parse_schedule(TEXT)


@pytest.mark.parametrize(
    ("manual", "automatic", "wanted"),
    [
        (False, False, ALWAYS_OFF),
        (False, None, ALWAYS_ON),
        (None, False, ALWAYS_ON),
        (None, None, ALWAYS_ON),
        (True, False, ALWAYS_ON),
        (True, None, ALWAYS_ON),
        (True, True, ALWAYS_ON),
        (False, True, PARSED),
        (None, True, PARSED),
    ],
)
def test_the_switches(manual: bool | None, automatic: bool | None, wanted: Schedule) -> None:
    value = {
        "ManualScheduleUp": manual,
        "ScheduleAutomatically": automatic,
        "DefaultSchedule": TEXT,
    }

    assert environment_schedule(value) == wanted
    assert environment_schedule({k: v for k, v in value.items() if v is not None}) == wanted


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "has no DefaultSchedule"),
        ({"DefaultSchedule": None}, "has no DefaultSchedule"),
        ({"DefaultSchedule": ""}, "the schedule is empty"),
        ({"DefaultSchedule": "rubbish"}, "'rubbish' is no schedule"),
    ],
)
def test_automatic_without_a_schedule_is_refused(value: dict[str, object], message: str) -> None:
    refusal = environment_schedule({"ScheduleAutomatically": True} | value)
    assert isinstance(refusal, InvalidSchedule)
    assert message in str(refusal)
