"""``envctl audit blame``: who gave each field its value."""

from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import say, say_document
from controller.engine.queries.blame import blame as who_set
from controller.views.audit_blame import blame_json, blame_lines


def blame(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(metavar="REF", help="Kind/name.")],
    output: FormatOption = Format.TEXT,
) -> None:
    """Say of each field of an object who gave it its value, when, in which commit, and which line asked for it."""
    call: Invocation = context.obj
    found = who_set(call.installation, ref)
    if output is Format.JSON:
        say_document("audit-blame", blame_json(found))
    else:
        say("\n".join(blame_lines(found)))
