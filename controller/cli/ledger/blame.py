"""``envctl audit blame``: who gave each field its value."""

from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation, say_answer
from controller.cli.remote.server import Request
from controller.cli.terminal.completion import object_names
from controller.engine.queries.blame import blame as who_set
from controller.views.audit.blame import blame_answer


def blame(
    context: typer.Context,
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="Kind/name, or a name that one alone has.",
            autocompletion=object_names,
        ),
    ],
    output: FormatOption = Format.TEXT,
) -> None:
    """Say of each field of an object who gave it its value, when, in which commit, and which line asked for it."""
    call: Invocation = context.obj
    if call.server is not None:
        asked = Request("/blame", {"what": ref})
        raise typer.Exit(call.server.answer(asked, as_json=output is Format.JSON))
    say_answer(blame_answer(who_set(call.installation, ref)), output)
