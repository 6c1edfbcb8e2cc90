"""``envctl schedule report``: hours on and off, and what schedules saved."""

from datetime import timedelta
from typing import Annotated

import typer

from controller.cli.invocation import invocation
from controller.cli.options import Format, FormatOption
from controller.cli.output import say, say_json
from controller.cli.schedule_parts.filters import LabelOption, TeamOption, TypeOption, filter_of
from controller.engine.power.accepted_now import accepted_now
from controller.engine.power.evaluate import evaluate_fleet
from controller.engine.queries.schedules.hours import report_of
from controller.views.schedule_tables import report_json, report_lines


def report(
    context: typer.Context,
    *,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, max=366, help="The last N days.")
    ] = 7,
    team: TeamOption = None,
    kind: TypeOption = None,
    label: LabelOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Add up the hours instances were on and off, from the ledger; what it cost, if the settings give prices."""
    call = invocation(context)
    wanted = filter_of(team, kind, label)
    now = call.process.clock()
    state = accepted_now(call.installation, now, call.live)
    sights = evaluate_fleet(
        state.accounts, state.accepted, state.accounts.scopes(state.accepted), now
    )
    made = report_of(
        sights,
        state.accepted,
        call.installation.ledger,
        now - timedelta(days=days),
        now,
        wanted,
        call.settings.prices,
    )
    if output is Format.JSON:
        say_json(report_json(made))
    else:
        say("\n".join(report_lines(made)))
