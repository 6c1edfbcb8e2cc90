"""Schedules in the words of people."""

from typing import Any

import pytest

from controller.scheduling.schedule import State
from tests.unit.kinds.small_fleet import (
    FLEET,
    PERIODS,
    FleetWorld,
    changed,
    complaints,
    findings,
    items,
)


def test_its_item_is_in_the_controllers_own_table() -> None:
    spec = {
        "timezone": "Europe/London",
        "periods": [{"days": ["sat", "sun"], "from": "22:00", "to": "06:00"}],
        "except": ["holidays"],
    }
    assert items("Schedule", "nights", spec) == {
        "EnvctlConfig": {
            "Kind": "Schedule",
            "Name": "nights",
            "Value": {
                "Timezone": "Europe/London",
                "Periods": [{"Days": ["sat", "sun"], "From": "22:00", "To": "06:00"}],
                "Except": ["holidays"],
            },
        }
    }


@pytest.mark.parametrize(
    ("spec", "at", "words"),
    [
        ({}, "spec", "expected either periods or expression"),
        ({"periods": PERIODS, "expression": "on"}, "spec", "expected either periods or expression"),
        ({"expression": "on", "timezone": "UTC"}, "spec.expression", "belong to periods"),
        ({"expression": "start: 61 * * * *"}, "spec.expression", "minute 61 is out of range"),
        ({"periods": PERIODS, "timezone": "London"}, "spec.timezone", "unknown time zone 'London'"),
        ({"periods": []}, "spec.periods", "at least 1"),
        ({"periods": [{**PERIODS[0], "days": "fri-mon"}]}, "spec.periods.0", "run backwards"),
        ({"periods": [{**PERIODS[0], "days": "weekdays"}]}, "spec.periods.0", "no day of the week"),
        ({"periods": [{**PERIODS[0], "days": 5}]}, "spec.periods.0.days", "days of the week"),
        (
            {"periods": [{**PERIODS[0], "from": "8:00"}]},
            "spec.periods.0.from",
            "time of day such as 08:00",
        ),
        ({"periods": [{**PERIODS[0], "from": "24:00"}]}, "spec.periods.0", "no time of day"),
        ({"periods": [{**PERIODS[0], "to": "24:01"}]}, "spec.periods.0", "no time of day"),
    ],
)
def test_what_is_refused(spec: dict[str, Any], at: str, words: str) -> None:
    (found,) = complaints("Schedule", "x", spec)
    assert found.startswith(f"{at}: ")
    assert words in found


@pytest.mark.parametrize("name", ["on", "off", "noschedule", "automatic"])
def test_a_name_that_is_a_state_could_not_be_used(name: str) -> None:
    (found,) = complaints("Schedule", name, {"periods": PERIODS})
    assert f"'schedule: {name}' could not mean this Schedule" in found


def test_both_forms_compile_and_calendars_are_found_by_name() -> None:
    fleet = changed(FLEET, "Schedule", "office-hours", **{"except": ["holidays", "nobody"]})
    fleet = {**fleet, ("Schedule", "always"): {"expression": "247"}}
    world = FleetWorld(fleet)
    compiled = world.facts("Schedule", "office-hours").compiled(world)
    assert (compiled.zone, [one.name for one in compiled.exceptions]) == (
        "Europe/London",
        ["Good Friday"],
    )
    assert world.facts("Schedule", "always").compiled(world).fixed is State.ON


def test_what_other_programs_cannot_read_is_noted_once_at_the_schedule() -> None:
    (note,) = findings("Schedule", "x", {"periods": PERIODS, "except": ["holidays"]})
    assert note.warning
    assert note.path == ("spec", "except")
    assert findings("Schedule", "x", {"periods": PERIODS}) == []
