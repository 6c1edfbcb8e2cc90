"""Subcommands of ``envctl schedule`` that ask about an installation or a source: calendars, exceptions, hours."""

from typing import Annotated

import typer

from controller import catalog
from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.remote.server import Request
from controller.engine.desired.accepted import accepted_of
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.schedules.exceptions import filter_of, find_exceptions
from controller.engine.queries.schedules.hours import report_now
from controller.engine.queries.schedules.preview import previewed, view_of
from controller.model.accepted import AcceptedState
from controller.views.calendar_text import preview_answer
from controller.views.schedule_tables import exceptions_answer, report_answer

TeamOption = Annotated[
    str | None, typer.Option("--team", metavar="CLUSTER", help="Only this team's environments.")
]
TypeOption = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="Only environments of this type.")
]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="KEY=VALUE", help="Only environments with this label. Repeatable."
    ),
]


def preview(
    context: typer.Context,
    *,
    what: Annotated[
        str,
        typer.Argument(
            metavar="REF|EXPRESSION",
            help="Schedule/NAME, Environment/NAME, a bare name, or a schedule written out.",
        ),
    ],
    first: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day; default: today.")
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How many days.")] = 7,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="Read it from this source, without AWS; default: what the tables hold.",
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show some days of a schedule: when it is on, holidays, changes of the clocks, the next change."""
    call: Invocation = context.obj
    if call.server is not None and source is None:
        # A source is read without AWS, so without a server too.
        request = Request("/schedules/preview", {"what": what, "from": first, "days": days})
        raise typer.Exit(call.server.answer(request, as_json=output is Format.JSON))
    shown = previewed(what, lambda: _accepted(call, source))
    view = view_of(shown, first, days, call.process.clock())
    say_answer(preview_answer(shown, view), output)


def _accepted(call: Invocation, source: str | None) -> AcceptedState:
    if source is None:
        return accepted_now(call.installation, call.process.clock()).accepted
    revision = call.planner(source).load()
    desired, kinds = revision.desired, catalog.kinds()
    return accepted_of(desired.resources, kinds, call.settings.options, desired.revision)


def exceptions(
    context: typer.Context,
    *,
    team: TeamOption = None,
    kind: TypeOption = None,
    label: LabelOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """List what is on outside its schedule, what old tags keep, and environments that are always on."""
    call: Invocation = context.obj
    if call.server is not None:
        request = Request("/schedules/exceptions", {"team": team, "type": kind, "label": label})
        raise typer.Exit(call.server.answer(request, as_json=output is Format.JSON))
    now, wanted = call.process.clock(), filter_of(team, kind, label)
    state = accepted_now(call.installation, now, call.live)
    say_answer(exceptions_answer(find_exceptions(state, now, wanted), now), output)


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
    call: Invocation = context.obj
    if call.server is not None:
        request = Request(
            "/schedules/report", {"days": days, "team": team, "type": kind, "label": label}
        )
        raise typer.Exit(call.server.answer(request, as_json=output is Format.JSON))
    now, wanted = call.process.clock(), filter_of(team, kind, label)
    state = accepted_now(call.installation, now, call.live)
    say_answer(report_answer(report_now(state, days, now, wanted)), output)
