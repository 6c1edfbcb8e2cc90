"""Subcommands of ``envctl schedule`` that ask about an installation or a source: calendars, exceptions, hours."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from controller import catalog
from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import say, say_document
from controller.engine.desired.accepted import accepted_of
from controller.engine.power.fleet import CachedLook, accepted_now
from controller.engine.queries.schedules.exceptions import Filter, exceptions_of
from controller.engine.queries.schedules.hours import report_of
from controller.engine.queries.schedules.preview import (
    is_expression,
    of_expression,
    of_name,
    view_of,
)
from controller.errors import WrongUsage
from controller.model.accepted import AcceptedState
from controller.views.calendar_text import preview_json, preview_text
from controller.views.schedule_tables import (
    exception_lines,
    exceptions_json,
    report_json,
    report_lines,
)

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


def filter_of(team: str | None, kind: str | None, labels: Sequence[str] | None) -> Filter:
    """Return the filter. Raises WrongUsage for a label that is no KEY=VALUE."""
    pairs = {}
    for label in labels or ():
        key, equals, value = label.partition("=")
        if not (key and equals):
            raise WrongUsage(f"--label {label}: no KEY=VALUE", fix="write purpose=performance")
        pairs[key] = value
    return Filter(team=team or "", type=kind or "", labels=pairs)


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
            help="Read it from this source, without AWS; default: what the tables hold.",
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Show some days of a schedule: when it is on, holidays, changes of the clocks, the next change."""
    call: Invocation = context.obj
    shown = of_expression(what) if is_expression(what) else of_name(what, _accepted(call, source))
    view = view_of(shown, first, days, call.process.clock())
    if output is Format.JSON:
        say_document("schedule-preview", preview_json(shown, view))
    else:
        say(preview_text(shown, view))


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
    wanted = filter_of(team, kind, label)
    now = call.process.clock()
    state = accepted_now(call.installation, now, call.live)
    fleet = CachedLook(state, now).evaluate()
    found = exceptions_of(fleet, state.accepted, now, wanted)
    unknown = {name: scope.reason for name, scope in fleet.unreachable.items()}
    if output is Format.JSON:
        say_document("schedule-exceptions", exceptions_json(found, unknown, now))
    else:
        say("\n".join(exception_lines(found, unknown, now)))


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
    wanted = filter_of(team, kind, label)
    now = call.process.clock()
    state = accepted_now(call.installation, now, call.live)
    made = report_of(
        CachedLook(state, now).evaluate(),
        state.accepted,
        call.installation.ledger,
        now - timedelta(days=days),
        now,
        wanted,
        call.settings.prices,
    )
    if output is Format.JSON:
        say_document("schedule-report", report_json(made))
    else:
        say("\n".join(report_lines(made)))
