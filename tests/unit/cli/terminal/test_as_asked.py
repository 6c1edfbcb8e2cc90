"""What a message tells to type has the settings that the command was given, and no others."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from controller.cli.terminal.as_asked import (
    plan_as_asked,
    result_as_asked,
    settings_of,
    status_as_asked,
    verification_as_asked,
    with_settings,
)
from controller.engine.config.apply import NOTHING_APPLIED
from controller.engine.queries.status.view import ScopeLine, SourceView, StatusView
from controller.engine.reconcile.combined_plan import CombinedPlan
from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import ExitCode, PlanRefused
from controller.ledger.chain import Finding, FindingKind, Verification, VerificationReport
from controller.model.observed import ScopeState, ScopeStatus
from controller.model.plan import Outcome, Plan, ScopePlan, Status, Violation
from controller.model.ref import Reason
from controller.planning.fields import PLAIN_NAMES

COMMANDS = {"plan", "apply"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan"], "run envctl plan"),
        (["--config", "of mine.yaml", "plan"], "run envctl --config 'of mine.yaml' plan"),
        (["--config=a.yaml", "plan"], "run envctl --config a.yaml plan"),
        (["--events", "--config", "plan"], "run envctl plan"),
        (["--events", "-", "--config", "a", "plan"], "run envctl --config a plan"),
        (["plan", "--config", "a"], "run envctl plan"),
        (["--config"], "run envctl --config '' plan"),
    ],
)
def test_settings_are_named_again(arguments: list[str], told: str) -> None:
    assert with_settings("run envctl plan", settings_of(arguments), COMMANDS) == told


def test_what_is_no_command_stays_as_it_is() -> None:
    text = "an envctl as new as that; see https://acme.example/envctl plan; envctl version"

    assert with_settings(text, "a", COMMANDS) == text


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SAID = Reason("envctl plan failed", detail="git: envctl plan", fix="run envctl plan")
TOLD = "envctl plan failed\ngit: envctl plan\n  fix: run envctl --config a plan"
TYPED = partial(with_settings, settings="a", commands=COMMANDS)


def planned() -> CombinedPlan:
    violation = Violation("g", "config", "envctl plan", "d", (), hint="envctl apply --ref A")
    scopes = (
        ScopePlan("config", ScopeState.UNKNOWN, reason=SAID, violations=(violation,)),
        ScopePlan("a/r", ScopeState.OK),
    )
    observed: Any = None
    plan = Plan("r", "l", scopes, "d")
    return CombinedPlan(None, None, plan, PLAIN_NAMES, {}, ExitCode.CHANGES, observed)


def test_of_a_plan_only_what_it_tells_to_do_names_the_settings() -> None:
    config, account = plan_as_asked(planned(), TYPED).plan.scopes

    assert config.reason == TOLD
    assert config.violations[0].message == "envctl plan"
    assert config.violations[0].hint == "envctl --config a apply --ref A"
    assert not account.reason


def test_what_came_of_a_run_names_them_too() -> None:
    change: Any = SimpleNamespace()
    outcomes = (Outcome(change, Status.FAILED, SAID), Outcome(change, Status.APPLIED))
    refused = PlanRefused("envctl plan", fix="envctl apply")
    report = replace(NOTHING_APPLIED, outcomes=outcomes, stopped=str(SAID))
    found = result_as_asked(Reconciled(planned=planned(), report=report, refused=refused), TYPED)

    assert found.planned.plan.scopes[0].reason == TOLD
    assert found.report is not None
    assert [one.message for one in found.report.outcomes] == [TOLD, ""]
    assert found.report.stopped == TOLD
    assert str(found.refused) == "envctl plan\n  fix: envctl --config a apply"
    assert result_as_asked(Reconciled(planned=planned()), TYPED).report is None


def test_the_reasons_of_a_status_name_them_too() -> None:
    status = ScopeStatus(
        scope="a/r", state=ScopeState.UNKNOWN, since=NOW, tried_at=NOW, reason=SAID
    )
    view = StatusView(
        at=NOW,
        version="1",
        installation="i",
        source=SourceView("", "none"),
        scopes=(ScopeLine(name="a/r", status=status), ScopeLine(name="b/r", status=None)),
        overrides=(),
        storms=(),
        power=None,
    )
    seen, unseen = status_as_asked(view, TYPED).scopes

    assert seen.status is not None
    assert seen.status.reason == TOLD
    assert unseen.status is None


@pytest.mark.parametrize("is_compared", [True, False])
def test_what_mends_a_ledger_names_them_too(is_compared: bool) -> None:
    found = Finding(1, 1, FindingKind.HEAD, "config", "envctl plan", "envctl apply")
    told = replace(found, fix="envctl --config a apply")
    chain = Verification("config", 1, 1, "h", (found,))
    tables = (found,) if is_compared else None
    report = VerificationReport((chain,), tables, strays=(found,), unusable=(found,))

    assert verification_as_asked(report, TYPED) == VerificationReport(
        (replace(chain, findings=(told,)),),
        (told,) if is_compared else None,
        strays=(told,),
        unusable=(told,),
    )
