"""``envctl sandbox``: an AWS in memory to play with."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from controller.cli.process import say


def sandbox(
    *,
    port: Annotated[int, typer.Option("--port", metavar="PORT", help="0: any free port.")] = 0,
    fleet: Annotated[
        Path | None,
        typer.Option(
            "--fleet", metavar="DIR", help="Folder whose accounts it has; default: the examples."
        ),
    ] = None,
    unconnected: Annotated[
        list[str] | None,
        typer.Option(
            "--unconnected",
            metavar="ACCOUNT",
            help="This account has no role yet, to practise connecting it. Repeatable.",
        ),
    ] = None,
) -> None:
    """Run an AWS in memory until Ctrl-C, and print what to export to use it."""
    from controller.sandbox.run import run_sandbox

    run_sandbox(port, say_at_once, fleet, unconnected=unconnected or ())


def say_at_once(line: str) -> None:
    """Print a line that somebody waits for, also through a pipe."""
    say(line)
    sys.stdout.flush()
