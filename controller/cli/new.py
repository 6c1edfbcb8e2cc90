"""``envctl new``: a first document of a kind."""

import os
import posixpath
from pathlib import Path
from typing import Annotated

import typer

from controller import catalog
from controller.cli.invocation import Invocation, SourceOption
from controller.cli.process import note, note_problems, say
from controller.cli.terminal.completion import kind_names
from controller.cli.terminal.positional_source import SourceArgument, one_source
from controller.engine.authoring.scaffold import scaffold
from controller.engine.authoring.write_files import write_new_files
from controller.engine.desired.load_revision import RevisionLoader
from controller.engine.installation.desired_source import open_desired
from controller.errors import ExitCode, WrongUsage
from controller.views.schema_files import schema_files


def new(
    context: typer.Context,
    *,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="Service, Environment, …, or Defaults; with the name behind it: Kind/name.",
            autocompletion=kind_names,
        ),
    ],
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="What it is to be called.")
    ] = None,
    of: SourceArgument = None,
    source: SourceOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write a file; default: print the document."),
    ] = None,
) -> None:
    """Scaffold a document: next free ports, references that exist, its name checked. Exit 1: its name is wrong."""
    call: Invocation = context.obj
    kind, slash, rest = kind.partition("/")
    if slash:
        # The name was said with the kind, so what follows is the source.
        name, of = rest, name if of is None else of
    if not name:
        raise WrongUsage(f"what is the new {kind} to be called?", fix=f"envctl new {kind} NAME")
    opened = open_desired(one_source(of, source), call.settings, call.process)
    place = _inside(out, opened.name) if out else f"{name}.yaml"
    kinds = catalog.kinds()
    loader = RevisionLoader(kinds, call.settings.of_rules)
    made = scaffold(kind, name, place, opened, kinds, loader.load)
    note_problems(made.problems)
    if out is None:
        say(made.text)
    elif not made.problems:
        write_new_files({out: made.text.encode(), **_schemas_for(out, place, made.schemas)})
        say(f"wrote {out}")
    if made.remaining:
        note("still wrong until it is complete:")
        note_problems(made.remaining)
    if made.open_fields:
        note(f"to be filled in: {', '.join(made.open_fields)}")
    raise typer.Exit(ExitCode.DESIRED_STATE_WRONG if made.problems else ExitCode.DONE)


def _schemas_for(out: Path, place: str, folder: str) -> dict[Path, bytes]:
    """Return the schemas that editors look for in a folder seen from the file.

    None where there is one already, or it is not below the source's folder, in which the file is at ``place``.
    """
    schemas = Path(os.path.normpath(out.parent / folder))
    below = not posixpath.normpath(posixpath.join(posixpath.dirname(place), folder)).startswith(
        ".."
    )
    if schemas.exists() or not below:
        return {}
    return {schemas / name: text for name, text in schema_files(outputs=False).items()}


def _inside(out: Path, folder: str) -> str:
    """Return the file's path below the source's folder, so that the Defaults there count; its name if it is elsewhere."""
    try:
        return str(out.resolve().relative_to(Path(folder).resolve()))
    except ValueError:
        return out.name
