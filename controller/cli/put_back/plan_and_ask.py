"""What restore and rollback do alike: show the plan, ask, and tell what came of it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import typer

from controller.cli.invocation import Invocation, ask
from controller.cli.plan import note_unused_tokens
from controller.cli.process import note, note_error, say, say_document, say_lines
from controller.engine.commit.lease import Claim
from controller.engine.config.planner import Planner
from controller.engine.overrides.put_back import PreparedPutBack
from controller.engine.queries.moments import parse_duration
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciled
from controller.errors import ExitCode, WrongUsage
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_until
from controller.views.outcomes import failure_lines, tally_line
from controller.views.plan.text import text_lines

ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; everybody sees it.")
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="TIME",
        help="What is put back holds until then (UTC; +2h); default: until Git changes it.",
    ),
]
PlanOption = Annotated[bool, typer.Option("--plan", help="Stop after the plan.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class Asked(NamedTuple):
    """How a command was asked for; ``declined`` says what did not happen where somebody says no."""

    command: str
    declined: str
    as_json: bool
    plan_only: bool
    yes: bool


def request_of(
    call: Invocation, command: str, override: list[str] | None, wait: str | None
) -> ReconcileRequest:
    """Return what is asked of the reconciler. Raises WrongUsage for a wait that is no length of time."""
    return ReconcileRequest(
        requester=call.requester(command),
        claim=Claim(call.process.instance, wait_s=parse_duration(wait) if wait else 0.0),
        approvals=tuple(override or ()),
        strict=True,
    )


def plan_and_ask(
    prepared: PreparedPutBack,
    lines: Iterable[str],
    document: Callable[[], Mapping[str, object]],
    asked: Asked,
    exit_code: ExitCode | None = None,
) -> None:
    """Show the plan and the lines below it, and ask. Raises Exit where only the plan was asked for, with its code or the given one."""
    planned = prepared.planned
    if not asked.as_json:
        shown = text_lines(planned.plan, names=planned.names)
        # Without the last line, which says what to type next: that is being done.
        say_lines(shown[:-1] if planned.plan.changes and not planned.plan.refused else shown)
        for line in lines:
            say(line)
        note_unused_tokens(planned)
    elif asked.plan_only:
        say_document(asked.command, document())
    if asked.plan_only:
        raise typer.Exit(planned.exit_code if exit_code is None else exit_code)
    if prepared.waits_for_a_word and not asked.yes:
        ask(as_json=asked.as_json, fix="add --yes", declined=asked.declined)


def tell_result(result: Reconciled, *, held: bool) -> None:
    """Say what came of it. Raises what refuses it as a whole."""
    report = result.report
    if report is not None and report.outcomes:
        for line in failure_lines(report):
            note(line)
        say(tally_line(report))
        if held and report.exit_code is ExitCode.DONE:
            say(
                "Next: envctl import --out DIR writes the YAML of what holds now; commit what Git should keep."
            )
    if result.refused is not None:
        if report is None:
            raise result.refused
        note_error(result.refused)


def own_planner(call: Invocation) -> Planner | None:
    """Return what plans the settings' own source; None where they name none: nothing then takes a restore back."""
    source = call.settings.source
    return call.planner(None) if source.git is not None or source.folder is not None else None


def until_of(call: Invocation, text: str | None) -> datetime | None:
    """Return when what is put back ends to hold. Raises WrongUsage for what is no moment to come."""
    if text is None:
        return None
    try:
        return parse_until(text, call.process.clock(), UTC)
    except InvalidSchedule as refusal:
        raise WrongUsage(f"--until: {refusal.message}", fix=f"{refusal.fix}") from None
