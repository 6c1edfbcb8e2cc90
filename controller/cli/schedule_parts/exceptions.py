"""``envctl schedule exceptions``: what does not follow its schedule, and why."""

import typer

from controller.cli.invocation import invocation
from controller.cli.options import Format, FormatOption
from controller.cli.output import say, say_json
from controller.cli.schedule_parts.filters import LabelOption, TeamOption, TypeOption, filter_of
from controller.engine.power.accepted_now import accepted_now
from controller.engine.power.evaluate import evaluate_fleet
from controller.engine.queries.schedules.exceptions import exceptions_of
from controller.views.schedule_tables import exception_lines, exceptions_json


def exceptions(
    context: typer.Context,
    *,
    team: TeamOption = None,
    kind: TypeOption = None,
    label: LabelOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """List what is on outside its schedule, what old tags keep, and environments that are always on."""
    call = invocation(context)
    wanted = filter_of(team, kind, label)
    now = call.process.clock()
    state = accepted_now(call.installation, now, call.live)
    sights = evaluate_fleet(
        state.accounts, state.accepted, state.accounts.scopes(state.accepted), now
    )
    found = exceptions_of(sights, state.accepted, now, wanted)
    unknown = {name: one.reason for name, one in sights.dark.items()}
    if output is Format.JSON:
        say_json(exceptions_json(found, unknown, now))
    else:
        say("\n".join(exception_lines(found, unknown, now)))
