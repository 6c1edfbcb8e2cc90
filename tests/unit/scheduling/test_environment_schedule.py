"""Three attributes of an environment's item, one schedule."""

import pytest

from controller.scheduling.environment_schedule import environment_schedule
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
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


def test_what_was_authored_stands_for_the_text() -> None:
    authored = compile_periods("UTC", [Period("mon-fri", "08:00", "19:00")])
    value = {"ScheduleAutomatically": True, "DefaultSchedule": TEXT}

    assert environment_schedule(value, authored) is authored
    assert environment_schedule(value | {"ManualScheduleUp": True}, authored) is ALWAYS_ON


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
    with pytest.raises(InvalidSchedule, match=message):
        environment_schedule({"ScheduleAutomatically": True} | value)
