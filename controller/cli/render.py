"""``envctl render``: documents as they count."""

from typing import Annotated

import typer

from controller import catalog
from controller.cli.invocation import (
    Format,
    FormatOption,
    Invocation,
    RefOption,
    SourceOption,
    at_ref,
)
from controller.cli.process import note_problems, say, say_document
from controller.cli.terminal.completion import object_names
from controller.cli.terminal.positional_source import SourceArgument, is_source, one_source
from controller.engine.queries.effective import effective_documents
from controller.errors import ExitCode
from controller.views.effective import effective_json, effective_yaml


def render(
    context: typer.Context,
    ref: Annotated[
        str | None,
        typer.Argument(
            metavar="[REF]",
            help="Kind/name, or a name that one alone has; default: all documents.",
            autocompletion=object_names,
        ),
    ] = None,
    of: SourceArgument = None,
    source: SourceOption = None,
    branch: RefOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Print effective documents: defaults merged, inheritance written out, each value with its file and line."""
    call: Invocation = context.obj
    if ref is not None and of is None and is_source(ref):
        ref, of = None, ref
    source = one_source(of, source)
    planner = call.planner(source if branch is None else at_ref(branch, source))
    revision = planner.load()
    errors = [problem for problem in revision.problems if not problem.warning]
    shown = list(effective_documents(revision, catalog.kinds(), ref))
    if output is Format.JSON:
        say_document("render", effective_json(shown))
    else:
        say("---\n".join(map(effective_yaml, shown)))
    note_problems(errors)
    raise typer.Exit(ExitCode.DESIRED_STATE_WRONG if errors else ExitCode.DONE)
