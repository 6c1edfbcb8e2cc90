"""``envctl validate``: check the YAML, all problems at once."""

from typing import Annotated

import typer

from controller.cli.invocation import (
    Format,
    FormatOption,
    Invocation,
    RefOption,
    SourceOption,
    at_ref,
)
from controller.cli.process import counted, note_problems, say, say_document
from controller.cli.terminal.positional_source import SourceArgument, one_source
from controller.errors import ExitCode
from controller.views.documents.validation import validate_json


def validate(
    context: typer.Context,
    *,
    of: SourceArgument = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 1 where there are only warnings, too.")
    ] = False,
    source: SourceOption = None,
    ref: RefOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check YAML: every problem with its place and its fix. Needs no AWS."""
    call: Invocation = context.obj
    named = one_source(of, source)
    planner = call.planner(named if ref is None else at_ref(ref, named))
    revision = planner.load()
    problems, errors = revision.problems, [p for p in revision.problems if not p.warning]
    if output is Format.JSON:
        say_document("validate", validate_json(planner.source.name, revision))
    else:
        note_problems(problems)
        found = [
            counted(count, noun)
            for count, noun in (
                (len(errors), "problem"),
                (len(problems) - len(errors), "warning"),
            )
            if count
        ]
        what = f"{counted(len(revision.loaded.resources), 'object')} in {counted(len(revision.tree.files), 'file')}"
        say(f"{', '.join(found) or 'no problems'}: {what} of {planner.source.name}")
    raise typer.Exit(
        ExitCode.DESIRED_STATE_WRONG if errors or (strict and problems) else ExitCode.DONE
    )
