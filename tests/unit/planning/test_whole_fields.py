"""An edit of a schedule is one line of a plan, as it was written; what somebody changed of it elsewhere is told as found."""

from typing import Any

import pytest

from controller.catalog import kinds
from controller.engine.desired.find_edits import yaml_field_names
from controller.model.plan import FieldChange
from controller.planning.diff import collapse_fields, diff
from tests.unit.planning.worlds import desired_of, found, options, scope_of, wanted

ENVIRONMENT = kinds()["Environment"]
OFFICE = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"


def side(
    auto: bool, manual: bool, text: str = "", use: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    value = {"ScheduleAutomatically": auto, "ManualScheduleUp": manual}
    items = {"InfraOpsEnvironment": {"Value": value | ({"DefaultSchedule": text} if text else {})}}
    return items, {"spec": {"schedule.use": use}} if use else {}


FOLLOWS, ON, OFF = side(True, False, OFFICE, "office-hours"), side(False, True), side(False, False)
FIELDS = tuple(
    FieldChange(name, "a", "b")
    for name in ("owningCluster", "schedule", "schedule.mode", "schedule.mode", "scheduleX")
)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (FOLLOWS, ON, ("office-hours", "on")),
        (side(True, False, OFFICE), OFF, (OFFICE, "off")),
        (OFF, side(True, False, "noschedule"), ("off", "noschedule")),
        (({}, {}), side(True, False), ("on", "automatic")),
        (({"InfraOpsEnvironment": {"Value": "garbage"}}, {}), OFF, ("on", "off")),
        ((FOLLOWS[0], {"spec": ["garbage"]}), OFF, (OFFICE, "off")),
    ],
)
def test_a_schedule_is_told_as_it_is_written(
    before: Any, after: Any, told: tuple[str, str]
) -> None:
    found = collapse_fields(FIELDS, ENVIRONMENT, before, after)

    assert found == (FIELDS[0], FieldChange("schedule", *told), FIELDS[-1])


def test_the_rest_is_told_as_it_is() -> None:
    other = side(True, False, "stop: 0 20 * * *", "office-hours")
    assert collapse_fields(FIELDS, ENVIRONMENT, FOLLOWS, other) == FIELDS, "reads the same"
    assert collapse_fields(FIELDS[:1], ENVIRONMENT, FOLLOWS, ON) == FIELDS[:1], "nothing of it"
    assert collapse_fields(FIELDS, kinds()["Service"], FOLLOWS, ON) == FIELDS, "another kind"


def test_a_plan_tells_an_edited_schedule_in_one_line() -> None:
    kept = found("Environment/c50", FOLLOWS[0])

    names = yaml_field_names({"Environment": ENVIRONMENT})
    asked = options(kinds={"Environment": ENVIRONMENT}, names=names)
    (made,) = diff(desired_of(wanted("Environment/c50", ON[0])), scope_of(kept), asked).changes

    assert FieldChange("schedule", OFFICE, "on") in made.fields
