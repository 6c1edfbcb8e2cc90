"""``envctl``: the entry point, and how every end of a command becomes an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from controller import __version__
from controller.cli.commands import CommandGroup
from controller.cli.failure import (
    INTERRUPTED,
    fail,
    fail_interrupted,
    fail_unknown,
    fail_usage,
    wants_json,
)
from controller.errors import EnvctlError, ExitCode

PIPE_CLOSED = 141
"""What shells give a program whose reader went away."""

app = typer.Typer(
    name="envctl",
    cls=CommandGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"envctl {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def envctl(
    context: typer.Context,
    *,
    config: Annotated[
        str | None,
        typer.Option(
            "--config", help="Settings: a path or s3://BUCKET/KEY; default: ENVCTL_CONFIG."
        ),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(
            "--events", help="Append events as JSON lines to a file; - is standard error."
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Keep the environments of many AWS accounts as YAML in Git says."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)
    from controller.cli.invocation import Invocation

    context.obj = Invocation(config, events)
    context.call_on_close(context.obj.close)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing is raised but what ends the process by request."""
    as_json = wants_json(arguments)
    try:
        code = typer.main.get_command(app).main(
            list(arguments), prog_name="envctl", standalone_mode=False
        )
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "envctl"
        return fail_usage(error.format_message(), command, as_json=as_json)
    except EnvctlError as error:
        return fail(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return fail_interrupted()
    except BrokenPipeError:
        # The reader (head, less) went away; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - whatever it is, it is our bug and becomes exit code 70
        return fail_unknown(error, as_json=as_json)
    if code == INTERRUPTED:
        # Typer has caught it already.
        return fail_interrupted()
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run what the command line says and end the process."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or PIPE_CLOSED
    sys.exit(code)
