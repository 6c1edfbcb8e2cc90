"""Texts that the old product obeyed and that are refused now are rewritten so that they mean what they meant."""

import json
from datetime import datetime
from typing import Any

import pytest

from controller.scheduling.grammar import schedule_or_refusal
from controller.scheduling.old_forms import OldMeaning, old_meaning
from controller.scheduling.schedule import Schedule
from controller.scheduling.timeline import state_at
from tests.unit.scheduling.test_recorded_cases import CASES

REFUSED_NOW = [
    case
    for case in json.loads((CASES / "schedule_states.json").read_text())["cases"]
    if isinstance(case["schedule"], str)
    and not isinstance(schedule_or_refusal(case["schedule"]), Schedule)
]


@pytest.mark.parametrize("case", REFUSED_NOW, ids=lambda case: case["id"])
def test_recorded_decisions_about_texts_that_are_refused_now(case: dict[str, Any]) -> None:
    schedule, obeyed = old_meaning(case["schedule"])

    assert obeyed is (case["result"] != "INVALID SCHEDULE")
    if schedule is not None:
        at = datetime.fromisoformat(case["utc"])
        assert state_at(schedule, at).value == case["result"]
        assert schedule_or_refusal(schedule.text) == schedule


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Start: 0 8 * * 1-7; Stop: 0 19 * * 1-7", "start: 0 8 * * 1-6; stop: 0 19 * * 1-6"),
        ("stop: 61 25 * * 7", "stop: 59 23 * * 6"),
        ("start: 0 8 * * 6-7 | GMT Standard Time", "start: 0 8 * * 6"),
        ("start: 0 8 * * 6,8 | europe/london", "start: 0 8 * * 6,6 | europe/london"),
        ("stop: 0 13", "stop: 0 13 * * *"),
        ("start: 0 8 * * 5#2; stop: 5/70 9 * * *", "start: 0 8 * * 5#2; stop: 5/70 9 * * *"),
        ("on", "on"),
    ],
)
def test_how_a_text_is_rewritten(text: str, written: str) -> None:
    schedule, obeyed = old_meaning(text)
    assert obeyed
    assert schedule is None or schedule.text == written


@pytest.mark.parametrize("text", ["", "start:", "begin: 0 8 * * *", "start: 0 8 * * *;"])
def test_what_the_old_product_refused_means_nothing(text: str) -> None:
    assert old_meaning(text) == OldMeaning(None, obeyed=False)


def test_what_was_obeyed_by_accident_is_not_guessed() -> None:
    assert old_meaning("start: 0 20-2 * * foo") == OldMeaning(None, obeyed=True)
