"""What an apply says at its end."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from controller.engine.config.apply import NOTHING_APPLIED
from controller.model.observed import ScopeState
from controller.model.plan import Plan, ScopePlan, Status
from controller.views.outcomes import next_run_line, tally_line


def planned(*waits: bool, left: int = 0) -> Any:
    scopes = [
        ScopePlan(f"a{n}/eu", ScopeState.WAITING, awaits_run=awaits)
        for n, awaits in enumerate(waits)
    ]
    config = ScopePlan("config", ScopeState.OK, left_to_next_run=left)
    return SimpleNamespace(plan=Plan("r", "l", (config, *scopes), "d"))


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (planned(), ""),
        (planned(False, False), ""),
        (planned(False, True), "Applied first; the next run reaches a1/eu: envctl apply"),
        (
            planned(*[True] * 5),
            "Applied first; the next run reaches a0/eu, a1/eu, a2/eu and 2 more: envctl apply",
        ),
        (planned(left=1), "Applied first; the next run goes on with 1 change: envctl apply"),
        (
            planned(True, True, left=1200),
            "Applied first; the next run reaches a0/eu, a1/eu and goes on with 1,200 changes: envctl apply",
        ),
    ],
)
def test_where_another_run_is_due_its_command_is_told(plan: Any, line: str) -> None:
    assert next_run_line(plan, NOTHING_APPLIED, "envctl apply") == line


def test_a_run_that_ended_early_says_only_that() -> None:
    stopped = replace(NOTHING_APPLIED, stopped="AWS throttles")
    assert next_run_line(planned(True), stopped, "envctl apply") == ""


@pytest.mark.parametrize(
    ("status", "audit_ids", "led"),
    [
        (Status.APPLIED, ("a1",), True),
        (Status.UNKNOWN, (), True),
        (Status.SKIPPED, (), False),
        (Status.CONFLICTED, (), False),
    ],
)
def test_the_ledger_is_named_only_where_it_may_hold_something(
    status: Status, audit_ids: tuple[str, ...], led: bool
) -> None:
    outcome: Any = SimpleNamespace(status=status, audit_ids=audit_ids)
    line = tally_line(replace(NOTHING_APPLIED, transaction="run-1", outcomes=(outcome,)))
    assert line.startswith(f"1 {status.value}")
    assert ("envctl audit show run-1" in line) == led
    named = tally_line(
        replace(NOTHING_APPLIED, transaction="run-1", outcomes=(outcome,)), " --config a"
    )
    assert ("envctl --config a audit show run-1" in named) == led
