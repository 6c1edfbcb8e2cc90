"""What an apply says at its end."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from controller.engine.config.apply import NOTHING_APPLIED
from controller.model.plan import Status
from controller.views.outcomes import next_run_line, tally_line


def planned(*waits: str, left: int = 0, live: bool = True) -> Any:
    scopes = [
        SimpleNamespace(setup=SimpleNamespace(scope=SimpleNamespace(name=f"a{n}/eu"), waits=why))
        for n, why in enumerate(waits)
    ]
    return SimpleNamespace(
        live=SimpleNamespace(scopes=scopes) if live else None,
        plan=SimpleNamespace(scopes=[SimpleNamespace(left_to_next_run=left)]),
    )


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (planned(live=False), ""),
        (planned("", ""), ""),
        (planned("", "new"), "Applied first; the next run reaches a1/eu: envctl apply"),
        (
            planned(*["new"] * 5),
            "Applied first; the next run reaches a0/eu, a1/eu, a2/eu and 2 more: envctl apply",
        ),
        (planned(left=1), "Applied first; the next run goes on with 1 change: envctl apply"),
        (
            planned("new", "new", left=1200),
            "Applied first; the next run reaches a0/eu, a1/eu and goes on with 1,200 changes: envctl apply",
        ),
    ],
)
def test_where_another_run_is_due_its_command_is_told(plan: Any, line: str) -> None:
    assert next_run_line(plan, NOTHING_APPLIED, "envctl apply") == line


def test_a_run_that_ended_early_says_only_that() -> None:
    stopped = replace(NOTHING_APPLIED, stopped="AWS throttles")
    assert next_run_line(planned("new"), stopped, "envctl apply") == ""


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
