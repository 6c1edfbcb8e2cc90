"""``envctl doctor``: what a scope lacks, and the command that mends it."""

from typing import Annotated

import typer

from controller.cli.invocation import invocation
from controller.cli.options import Format, FormatOption
from controller.cli.output import say_json, say_lines
from controller.engine.doctor_checks import examine
from controller.engine.doctor_report import exit_code, report_json, report_lines


def doctor(
    context: typer.Context,
    scope: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCOPE]",
            help="config, an account's name or number, ACCOUNT/REGION; default: everything.",
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check what is needed, changing nothing. Exit 0: nothing lacks; 5: something cannot be told; 7: something lacks."""
    checks = examine(invocation(context), scope)
    if output is Format.JSON:
        say_json(report_json(checks))
    else:
        say_lines(tuple(report_lines(checks)))
    raise typer.Exit(exit_code(checks))
