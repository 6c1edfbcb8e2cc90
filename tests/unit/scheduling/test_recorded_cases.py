"""Answers recorded from the scheduler these texts were written for, and where we differ on purpose."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.scheduling.recorded_case import MalformedLine, answer, decide_case, evaluate_line

CASES = Path(__file__).parents[2] / "cases"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANSWERS = {"INVALID SCHEDULE": "invalid", "NOT FOUND": "none", "NO SCHEDULE": "noschedule"}
WELL_FORMED = {
    "stop: @daily",
    "start: @hourly",
    "start: 0  8 * * *",
    "start: 0 8 * * *; stop: 0 8 * * *",
}
"""Odd rows that are plainly well-formed all the same; the other odd ones are refused."""


def recorded(name: str) -> list[Any]:
    cases: list[Any] = json.loads((CASES / name).read_text(encoding="utf-8"))["cases"]
    return cases


@pytest.mark.parametrize("case", recorded("schedule_states.json"), ids=lambda case: case["id"])
def test_states(case: dict[str, Any]) -> None:
    wanted = case.get("expected_here", case["result"])
    if case.get("category") == "odd-or-invalid" and case["schedule"] not in WELL_FORMED:
        wanted = "invalid"

    assert evaluate_line(case, NOW) == {"state": ANSWERS.get(wanted, wanted)}


@pytest.mark.parametrize("case", recorded("instance_actions.json"), ids=lambda case: case["id"])
def test_decisions(case: dict[str, Any]) -> None:
    given, wanted = answer(decide_case(case["input"], NOW)), case["expected"]

    assert (given["action"], given["source"]) == (wanted["action"], wanted["source"])
    if wanted["reason"] is not None and "Error:" in wanted["reason"]:
        wanted["reason"] = wanted["reason"].partition("Error:")[0]
        given["reason"] = (given["reason"] or "").partition("Error:")[0]
    assert given["reason"] == wanted["reason"]


@pytest.mark.parametrize(
    ("schedule", "state"),
    [
        (None, "invalid"),
        ({}, "invalid"),
        ({"Other": True}, "invalid"),
        ({"ManualScheduleUp": None}, "on"),
        ({"ScheduleAutomatically": True, "DefaultSchedule": "noschedule"}, "noschedule"),
        (5, "invalid"),
    ],
)
def test_states_of_odd_values(schedule: object, state: str) -> None:
    assert evaluate_line({"schedule": schedule, "utc": None}, NOW) == {"state": state}


INPUT: dict[str, Any] = {"instance_id": "i-1", "state": "running", "environment_schedule": {}}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"instance_id": None}, "instance_id is missing or no text"),
        ({"state": 5}, "state is missing or no text"),
        ({"tags": "Schedule"}, "tags are no list"),
        ({"tags": ["Schedule"]}, "'Schedule' is no"),
        ({"tags": [5]}, "5 is no"),
        ({"tags": [["Schedule"]]}, "is no"),
        ({"tags": [["Schedule", None]]}, "no pair of texts"),
        ({"tags": [[None, "Schedule"]]}, "no pair of texts"),
        ({"environment_schedule": "on"}, "environment_schedule is neither"),
        ({"asg": "x"}, "asg is neither"),
        ({"asg": {"name": "x", "instances": "x"}}, "no list of objects"),
        ({"asg": {"name": "x", "instances": 5}}, "no list of objects"),
        ({"asg": {"instances": []}}, "name is missing"),
        ({"datetime": "tomorrow"}, "'tomorrow' is no ISO 8601"),
        ({"datetime": 5}, "5 is no ISO 8601"),
    ],
)
def test_a_line_of_another_form_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedLine, match=message):
        decide_case(INPUT | changed, NOW)


def test_a_group_without_instances_does_not_list_its_member() -> None:
    decision = decide_case(INPUT | {"asg": {"name": "x"}}, NOW)
    assert answer(decision)["action"] == "skip"


def test_no_environment_is_never_touched() -> None:
    decision = decide_case(INPUT | {"environment_schedule": None}, NOW)
    assert answer(decision) == {
        "action": "skip",
        "source": None,
        "reason": "This instance has no environment",
    }
