"""``envctl doctor``: what a scope lacks, and the command that mends it."""

from dataclasses import replace
from typing import Annotated

import typer

from controller.cli.invocation import Format, FormatOption, Invocation
from controller.cli.process import say_document, say_lines
from controller.cli.terminal.completion import scope_names
from controller.engine.queries.doctor.checks import examine
from controller.engine.queries.doctor.report import exit_code
from controller.views.doctor import doctor_json, doctor_lines


def doctor(
    context: typer.Context,
    scope: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCOPE]",
            help="config, an account's name or number, ACCOUNT/REGION; default: everything.",
            autocompletion=scope_names,
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check what is needed, changing nothing. Exit 0: nothing lacks; 5: something cannot be told; 7: something lacks."""
    call: Invocation = context.obj
    checks = [replace(one, fix=call.as_typed(one.fix)) for one in examine(call, scope)]
    if output is Format.JSON:
        say_document("doctor", doctor_json(checks))
    else:
        say_lines(doctor_lines(checks))
    raise typer.Exit(exit_code(checks))
