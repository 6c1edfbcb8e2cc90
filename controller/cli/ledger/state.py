"""``envctl audit state``: the tables as they were."""

from enum import StrEnum
from typing import Annotated

import typer

from controller.cli.invocation import Invocation
from controller.cli.process import counted, note, say, say_document
from controller.engine.queries.moments import parse_moment
from controller.engine.queries.past_state import doubtful, past_state
from controller.views.past_state import state_json, state_lines, state_yaml


class StateFormat(StrEnum):
    """How a past state is shown."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


def state(
    context: typer.Context,
    *,
    at: Annotated[
        str,
        typer.Option("--at", metavar="TIME", help="2026-11-24T19:00 (UTC), yesterday 18:00, 2h."),
    ],
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="Objects of one kind alone.")
    ] = None,
    output: Annotated[
        StateFormat, typer.Option("--format", help="text, one JSON document, or YAML documents.")
    ] = StateFormat.TEXT,
) -> None:
    """Show the config tables as they were at a moment: those of now, with every change since undone."""
    call: Invocation = context.obj
    moment = parse_moment(at, call.process.clock())
    found = past_state(call.installation, moment, kind)
    if output is StateFormat.JSON:
        say_document("audit-state", state_json(moment, found))
        return
    lines = state_lines if output is StateFormat.TEXT else state_yaml
    say("\n".join(lines(moment, found)))
    count = doubtful(found)
    if count:
        note(f"{counted(count, 'object')} may have been otherwise: see what is said of each")
