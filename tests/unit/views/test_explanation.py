"""An explanation as people read it, and as programs do."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.engine.queries.explain.explanation import Command, Explanation, NextShown, RuleShown
from controller.views.explanation import explanation_json, explanation_lines

NOW = datetime(2026, 7, 24, 3, tzinfo=UTC)


def explanation(**more: Any) -> Explanation:
    given: dict[str, Any] = {
        "ref": "Environment/c50",
        "heading": ("Environment/c50",),
        "verdict": "",
        **more,
    }
    return Explanation(at=NOW, **given)


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        ("decides", "[environment office-hours]"),
        ("absent", "environment \N{EN DASH}"),
        ("beaten", "environment office-hours"),
        ("ended", "environment office-hours (ended)"),
        ("passed over", "environment office-hours (passed over)"),
    ],
)
def test_a_rule_of_the_order(verdict: str, shown: str) -> None:
    assert str(RuleShown("environment", "office-hours", verdict)) == shown


def test_what_does_not_apply_is_not_shown() -> None:
    assert explanation_lines(explanation()) == ("Environment/c50", "", "Blocks        nothing")


def test_everything_has_its_line() -> None:
    told = explanation(
        heading=("Environment/c50", "", "type Staging"),
        verdict="OFF since 19:00",
        zone=ZoneInfo("Europe/London"),
        last_change=("stopped at 19:00", "by the schedule"),
        why=("office-hours says off",),
        order=(
            RuleShown("tag", "", "absent"),
            RuleShown("environment", "office-hours", "decides", "weekday evening"),
        ),
        values=("mode: automatic",),
        overrides=("none",),
        blocks=("deployments locked", "frozen"),
        information=("in maintenance",),
        next=(NextShown(datetime(2026, 7, 24, 7, tzinfo=UTC), "on"),),
        has_next=True,
        commands=(Command("keep it on", "envctl override"), Command("", "envctl explain --json")),
    )

    assert explanation_lines(told) == (
        "Environment/c50    type Staging",
        "OFF since 19:00",
        "",
        "Last change   stopped at 19:00",
        "              by the schedule",
        "Why           office-hours says off",
        "Order         tag \N{EN DASH} · [environment office-hours]",
        "              environment: weekday evening",
        "Values        mode: automatic",
        "Overrides     none",
        "Blocks        deployments locked (in maintenance: information only)",
        "              frozen",
        "Next          ON   Fri 24 Jul 08:00 BST  07:00 UTC",
        "",
        "keep it on:   envctl override",
        "              envctl explain --json",
    )


@pytest.mark.parametrize(
    ("coming", "line"),
    [
        ((), "Next          it changes no more"),
        ((NextShown(NOW, "off"),), "Next          OFF  Fri 24 Jul 03:00 UTC"),
    ],
    ids=["nothing to come", "a time of UTC is said once"],
)
def test_what_comes_next(coming: tuple[NextShown, ...], line: str) -> None:
    assert explanation_lines(explanation(next=coming, has_next=True))[-1] == line


def test_programs_get_times_in_both_zones() -> None:
    told = explanation(
        zone=ZoneInfo("Europe/London"),
        next=(NextShown(NOW, "on"),),
        has_next=True,
        order=(RuleShown("tag", "", "absent"),),
        commands=(Command("keep it on", "envctl override"),),
    )

    found = explanation_json(told)

    assert json.loads(json.dumps(found)) == found
    assert found["next"] == [
        {"at": "2026-07-24T04:00:00+01:00", "utc": "2026-07-24T03:00:00+00:00", "state": "on"}
    ]
    assert found["order"][0]["verdict"] == "absent"
    assert found["commands"] == [{"purpose": "keep it on", "text": "envctl override"}]
