"""What a message tells to type, with the settings that the command was given which says it.

Only what tells to do something is looked through: never what happened, nor what others say of it.
"""

import re
import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from controller.model.ref import Reason

if TYPE_CHECKING:
    # What fails early pays for none of them.
    from controller.engine.config.apply import ApplyReport
    from controller.engine.queries.status.view import ScopeLine, StatusView
    from controller.engine.reconcile.combined_plan import CombinedPlan
    from controller.engine.reconcile.reconciler import Reconciled
    from controller.ledger.chain import Finding, VerificationReport
    from controller.model.plan import ScopePlan

_COMMAND: Final = re.compile(r"(?<![\w/:.-])envctl (?=([a-z-]+))")
_WITH_VALUE: Final = ("--config", "--events")
"""Options before a command that have a value."""
Typed = Callable[[str], str]
"""Returns a text whose commands have the settings that were given."""


def with_settings(text: str, settings: str | None, commands: Collection[str]) -> str:
    """Return a text in which each of our commands has the ``--config`` that was given: without it another installation is meant."""
    if settings is None:
        return text

    def told(found: re.Match[str]) -> str:
        return f"{found[0]}--config {shlex.quote(settings)} " if found[1] in commands else found[0]

    return _COMMAND.sub(told, text)


def settings_of(arguments: Sequence[str]) -> str | None:
    """Return what ``--config`` before the command says; None without one."""
    found, words = None, iter(arguments)
    for word in words:
        name, is_one, value = word.partition("=")
        if not name.startswith("-"):
            break
        if name in _WITH_VALUE:
            value = value if is_one else next(words, "")
            found = value if name == "--config" else found
    return found


def plan_as_asked(planned: "CombinedPlan", typed: Typed) -> "CombinedPlan":
    """Return a plan as it is shown: what it says of scopes and refusals names commands as they are typed."""
    scopes = tuple(_scope(scope, typed) for scope in planned.plan.scopes)
    return replace(planned, plan=replace(planned.plan, scopes=scopes))


def result_as_asked(result: "Reconciled", typed: Typed) -> "Reconciled":
    """Return what came of a run as it is shown, in the same way."""
    for error in (result.refused, result.planned.source_error):
        if error is not None:
            error.fix = typed(error.fix)
    report = None if result.report is None else _report(result.report, typed)
    return replace(result, planned=plan_as_asked(result.planned, typed), report=report)


def status_as_asked(view: "StatusView", typed: Typed) -> "StatusView":
    """Return how everything stands as it is shown: the reasons of scopes name commands as they are typed."""
    return replace(view, scopes=tuple(_line(scope, typed) for scope in view.scopes))


def verification_as_asked(report: "VerificationReport", typed: Typed) -> "VerificationReport":
    """Return what was found in the ledger as it is shown: what to do about it names commands as they are typed."""

    def told(findings: "tuple[Finding, ...]") -> "tuple[Finding, ...]":
        return tuple(replace(found, fix=typed(found.fix)) for found in findings)

    return replace(
        report,
        scopes=tuple(replace(scope, findings=told(scope.findings)) for scope in report.scopes),
        tables=None if report.tables is None else told(report.tables),
        strays=told(report.strays),
        unusable=told(report.unusable),
    )


def _scope(scope: "ScopePlan", typed: Typed) -> "ScopePlan":
    violations = tuple(replace(found, hint=typed(found.hint)) for found in scope.violations)
    return replace(scope, reason=scope.reason.with_fix(typed), violations=violations)


def _report(report: "ApplyReport", typed: Typed) -> "ApplyReport":
    outcomes = tuple(
        replace(outcome, message=outcome.message.with_fix(typed)) for outcome in report.outcomes
    )
    stopped = Reason.stored(report.stopped).with_fix(typed)
    return replace(report, outcomes=outcomes, stopped=stopped)


def _line(scope: "ScopeLine", typed: Typed) -> "ScopeLine":
    if scope.status is None:
        return scope
    status = replace(scope.status, reason=scope.status.reason.with_fix(typed))
    return replace(scope, status=status)
