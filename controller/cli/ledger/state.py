"""``envctl audit state``: the tables as they were."""

from enum import StrEnum
from typing import Annotated

import typer

from controller.cli.invocation import Format, Invocation, say_answer
from controller.cli.remote.server import Request
from controller.cli.terminal.completion import object_names
from controller.engine.queries.moments import parse_moment
from controller.engine.queries.past_state import past_state
from controller.views.past_state import state_answer


class StateFormat(StrEnum):
    """How a past state is shown."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


def state(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[REF]",
            help="One object: Kind/name, or a name that one alone had; default: all.",
            autocompletion=object_names,
        ),
    ] = None,
    *,
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="2026-11-24T19:00 (UTC), yesterday 18:00, 2h."),
    ],
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Objects of one kind alone.")
    ] = None,
    output: Annotated[
        StateFormat,
        typer.Option("--format", "-o", help="text, one JSON document, or YAML documents."),
    ] = StateFormat.TEXT,
) -> None:
    """Show the config tables as they were at a moment: those of now, with every change since undone."""
    call: Invocation = context.obj
    as_yaml, as_json = output is StateFormat.YAML, output is StateFormat.JSON
    if call.server is not None:
        asked = Request("/state", {"at": at, "what": what, "kind": kind, "yaml": as_yaml})
        raise typer.Exit(call.server.answer(asked, as_json=as_json))
    moment = parse_moment(at, call.process.clock())
    found = past_state(call.installation, moment, kind, what)
    say_answer(
        state_answer(moment, found, as_yaml=as_yaml), Format.JSON if as_json else Format.TEXT
    )
