"""``envctl explain``: why something is as it is, and what to type next."""

import shlex
from functools import partial
from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.remote.server import Request, only_here
from controller.cli.terminal.completion import object_names
from controller.engine.power.fleet import accepted_now
from controller.engine.queries.explain.answer import explained
from controller.views.documents.explanation import explain_answer
from controller.views.plan.wording import Asked


def explain(
    context: typer.Context,
    *,
    what: Annotated[
        str,
        typer.Argument(
            metavar="REF|INSTANCE|ADDRESS|NAME",
            help="Kind/name, an environment, a group, or an instance by id, private address or Name.",
            autocompletion=object_names,
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="2026-11-25T03:00 (UTC), or 2h ago. Default: now."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="Where values come from; default: the settings' source.",
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Say why something is as it is: last change, rule, place, commit, what overrides, what blocks, what comes next."""
    call: Invocation = context.obj
    if call.server is not None:
        only_here(source=source)
        request = Request("/explain", {"what": what, "at": at})
        raise typer.Exit(call.server.answer(request, as_json=output is Format.JSON))
    now = call.process.clock()
    sourceless = source is None and not call.settings.source.is_named
    make_planner = None if sourceless else partial(call.planner, source)
    state = accepted_now(call.installation, now, call.live)
    found = explained(what, at, state, now, make_planner)
    asked = Asked(
        "" if call.config is None else f" --config {shlex.quote(call.config)}",
        "" if source is None else f" --source {shlex.quote(source)}",
    )
    say_answer(explain_answer(found, asked), output)
