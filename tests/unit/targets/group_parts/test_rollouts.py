"""Whose turn it is to replace instances."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.targets.group_parts.found import FoundAttributes
from controller.targets.group_parts.rollouts import (
    FAILED,
    RUNNING,
    Candidate,
    Turn,
    rollout_text,
    turns,
)


def seen(refresh: str = "", version: str = "2", running: int = 0) -> FoundAttributes:
    return {
        "environment": "c50", "template": f"lt-1:{version}", "configuration": "", "image": "",
        "digest": "", "deep": "", "schedule": None, "refresh": refresh, "behind": 1, "behind_running": running,
        "lifecycles": ["InService"], "parked": False, "deleting": False, "mixed": False,
        "drains_until": "", "scaling_schedules": "",
    }  # fmt: skip


def candidate(name: str, refresh: str = "", **fields: Any) -> Candidate:
    return Candidate(name, True, 1, False, seen(refresh))._replace(**fields)


def known(**statuses: str) -> dict[str, Any]:
    return {f"refresh/{name}": {"status": status} for name, status in statuses.items()}


@pytest.mark.parametrize(
    ("one", "answers", "turn", "because"),
    [
        (candidate("a"), {}, Turn.NOW, "never begun"),
        (candidate("a", rolls=False), {}, Turn.NONE, "only new instances get it"),
        (candidate("a", behind=0), {}, Turn.NONE, "nothing is behind"),
        (candidate("a", "1 r-1"), known(a="Successful"), Turn.NOW, "it was for an older version"),
        (candidate("a", "1 r-1"), known(a="Failed"), Turn.NOW, "what failed is no longer wanted"),
        (candidate("a", "1 r-1"), known(a="InProgress"), Turn.RUNS, "one at a time"),
        (candidate("a", "2 r-1"), {}, Turn.UNKNOWN, "has to be asked for"),
        (candidate("a", "2 r-1"), known(a="InProgress"), Turn.RUNS, "it runs"),
        (candidate("a", "2 r-1"), known(a="Successful"), Turn.NONE, "the rest is in standby"),
        (
            candidate("a", seen=seen("2 r-1", running=1)),
            known(a="Successful"),
            Turn.NOW,
            "what was in standby runs again",
        ),
        (candidate("a", "2 r-1"), known(a="Failed"), Turn.FAILED, "it failed"),
        (candidate("a", "2 r-1"), {"refresh/a": None}, Turn.NOW, "AWS forgot it"),
        (candidate("a", changes=True), {}, Turn.NOW, "another template comes"),
        (candidate("a", "2 r-1", changes=True), known(a="Failed"), Turn.NOW, "another comes"),
        (candidate("a", "2 r-1", changes=True), known(a="Pending"), Turn.RUNS, "one at a time"),
    ],
)
def test_one_group(one: Candidate, answers: dict[str, Any], turn: Turn, because: str) -> None:
    assert turns([one], answers, 1)["a"] is turn, because


def test_what_a_refresh_left_out_is_told() -> None:
    told = rollout_text(Turn.NONE, "a", known(a="Successful"), 1)
    assert told == "instances in standby, or protected from scale-in, keep the template before"
    assert rollout_text(Turn.NONE, "a", {}, 1) == ""


def test_a_rollout_that_runs_is_told_with_what_aws_says_of_it() -> None:
    answers = {"refresh/a": {"status": "InProgress", "percent": 40, "reason": "Waiting for b."}}
    told = "its instances are being replaced: 40 % (InProgress: Waiting for b)"
    assert rollout_text(Turn.RUNS, "a", answers, 1) == told
    del answers["refresh/a"]["reason"]
    assert rollout_text(Turn.RUNS, "a", answers, 1) == told.replace(": Waiting for b", "")


def test_those_that_run_take_the_places() -> None:
    three = [candidate("a", "2 r-1"), candidate("b"), candidate("c")]
    assert turns(three, known(a="Pending"), 2) == {
        "a": Turn.RUNS,
        "b": Turn.NOW,
        "c": Turn.WAITS,
    }


statuses = st.sampled_from([*sorted(RUNNING), *sorted(FAILED), "Successful", ""])


@given(st.lists(statuses, max_size=12), st.integers(1, 5))
def test_never_more_at_once_and_none_after_a_failure(found: list[str], at_once: int) -> None:
    candidates = [
        candidate(f"g{number}", "2 r-1" if status else "") for number, status in enumerate(found)
    ]
    answers = known(**{f"g{number}": status for number, status in enumerate(found) if status})
    made = list(turns(candidates, answers, at_once).values())
    beginning, running = made.count(Turn.NOW), made.count(Turn.RUNS)
    assert beginning == 0 or beginning + running <= at_once
    if FAILED & set(found):
        assert beginning == 0
