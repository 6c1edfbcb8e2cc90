"""``envctl schedule preview``: some days of a schedule as a calendar."""

from typing import Annotated

import typer

from controller import catalog
from controller.cli.invocation import Invocation, invocation
from controller.cli.options import Format, FormatOption
from controller.cli.output import say, say_json
from controller.engine.desired.accepted_from_source import accepted_of
from controller.engine.power.accepted_now import accepted_now
from controller.engine.queries.schedules.preview import (
    is_expression,
    of_expression,
    of_name,
    view_of,
)
from controller.loading.compiled import compile_kinds
from controller.model.accepted import AcceptedState
from controller.views.calendar_text import preview_json, preview_text


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
    call = invocation(context)
    shown = of_expression(what) if is_expression(what) else of_name(what, _accepted(call, source))
    view = view_of(shown, first, days, call.process.clock())
    if output is Format.JSON:
        say_json(preview_json(shown, view))
    else:
        say(preview_text(shown, view))


def _accepted(call: Invocation, source: str | None) -> AcceptedState:
    if source is None:
        return accepted_now(call.installation, call.process.clock()).accepted
    revision = call.planner(source).load()
    return accepted_of(revision, compile_kinds(catalog.kinds().values()), call.settings.options)
