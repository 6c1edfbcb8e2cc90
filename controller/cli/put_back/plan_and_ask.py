"""What restore, rollback and an import of items do alike: show the plan, ask, and tell what came of it."""

from typing import Annotated, NamedTuple

import typer

from controller.cli.invocation import Format, Invocation, ask, say_answer
from controller.engine.authoring.override_files import OverrideFilesWriter
from controller.engine.commit.lease import Claim
from controller.engine.config.planner import Planner
from controller.engine.overrides.put_back import PreparedPutBack
from controller.engine.queries.moments import parse_duration
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.views.answer import Answer

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

    declined: str
    output: Format
    plan_only: bool
    yes: bool

    @property
    def as_json(self) -> bool:
        """Whether nothing but one document is printed."""
        return self.output is Format.JSON


def request_of(
    call: Invocation, command: str, approve: list[str] | None, wait: str | None
) -> ReconcileRequest:
    """Return what is asked of the reconciler. Raises WrongUsage for a wait that is no length of time."""
    return ReconcileRequest(
        requester=call.requester(command),
        claim=Claim(call.process.instance, wait_s=parse_duration(wait) if wait else 0.0),
        approvals=tuple(approve or ()),
        strict=True,
    )


def plan_and_ask(planned: Answer, prepared: PreparedPutBack, asked: Asked) -> None:
    """Show the plan, and ask. Raises Exit where only the plan was asked for, with its code."""
    if asked.plan_only or not asked.as_json:
        say_answer(planned, asked.output)
    if asked.plan_only:
        raise typer.Exit(planned.exit_code)
    if prepared.waits_for_a_word and not asked.yes:
        ask(as_json=asked.as_json, fix="add --yes", declined=asked.declined)


def override_files_writer(call: Invocation, source: str | None = None) -> OverrideFilesWriter:
    """Return what writes down what overrides hold, as files of a source: that of the settings, if none is given."""
    return OverrideFilesWriter(call.planner(source), call.master.kinds, call.settings.of_rules)


def own_planner(call: Invocation) -> Planner | None:
    """Return what plans the settings' own source; None where they name none: nothing then takes a restore back."""
    return call.planner(None) if call.settings.source.is_named else None
