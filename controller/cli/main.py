"""``envctl``: the entry point, and how every end of a command becomes an exit code."""

import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from controller import __version__
from controller.cli.commands import COMMANDS, AllCommands
from controller.cli.process import (
    is_completing,
    log_without_secrets,
    note,
    note_as_is,
    note_error,
    say,
    say_document,
)
from controller.cli.terminal.with_settings import with_settings
from controller.cli.terminal.words_of_others import option_here
from controller.errors import (
    EnvctlError,
    ExitCode,
    WrongUsage,
    exit_code_of,
)
from controller.model.ref import Reason
from controller.redactor import REDACTOR

INTERRUPTED = 130
"""What shells give a program that Ctrl-C ended."""
PIPE_CLOSED = 141
"""What shells give a program whose reader went away."""

OWN_PACE = frozenset({"demo", "run", "sandbox"})
"""Commands that go on until they are ended, or say themselves what they do: nobody waits for their end."""

app = typer.Typer(
    name="envctl",
    cls=AllCommands,
    suggest_commands=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


@app.callback(invoke_without_command=True)
def envctl(
    context: typer.Context,
    *,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="Settings: a path or s3://BUCKET/KEY; default: ENVCTL_CONFIG.",
        ),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option(
            "--events",
            metavar="FILE",
            help="Append events as JSON lines to a file; - is standard error.",
        ),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Keep the environments of many AWS accounts as YAML in Git says."""
    if version:
        say(f"envctl {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        note(context.get_help())
        raise typer.Exit(ExitCode.USAGE)
    from controller.cli.invocation import Invocation

    context.obj = Invocation(config, events)
    context.call_on_close(context.obj.opened.close)
    if sys.stderr.isatty() and events != "-" and context.invoked_subcommand not in OWN_PACE:
        from controller.cli.terminal.waiting import WaitingLine

        line = WaitingLine(context.obj.process.interruption)
        context.call_on_close(line.end)
        line.start()


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; nothing is raised but what ends the process by request."""
    log_without_secrets()
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        code = typer.main.get_command(app).main(
            list(arguments), prog_name="envctl", standalone_mode=False
        )
    except BrokenPipeError:
        # The reader (head, less) went away; nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - what is not ours is our bug and becomes exit code 70
        if isinstance(error, EnvctlError):
            error.fix = with_settings(error.fix, settings_named(arguments))
        return fail(error, as_json=wants_json(arguments))
    if code == INTERRUPTED:
        # Typer has caught it already.
        return _interrupted()
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run what the command line says and end the process."""
    if is_completing():
        # Importing a command, or what reads parameters, would take longer than anybody waits.
        from typer._completion_classes import completion_init

        from controller.cli.terminal.completion import ShapedCommand

        completion_init()
        ShapedCommand(COMMANDS).main(prog_name="envctl")
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or PIPE_CLOSED
    # Python's collector would walk all that was ever made before the process ends, which frees it anyway.
    gc.freeze()
    sys.exit(code)


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell from the bare arguments whether JSON was asked for, also where they are wrong otherwise."""
    pairs = zip(arguments, (*arguments[1:], ""), strict=False)
    return any(
        argument in ("--format=json", "-ojson")
        or (argument in ("--format", "-o") and following == "json")
        for argument, following in pairs
    )


def settings_named(arguments: Sequence[str]) -> str | None:
    """Return what ``--config`` names in the bare arguments; None where they have none."""
    pairs = zip(arguments, (*arguments[1:], ""), strict=False)
    named = (
        following if argument == "--config" else argument.removeprefix("--config=")
        for argument, following in pairs
        if argument == "--config" or argument.startswith("--config=")
    )
    return next(named, None)


def fail(error: Exception, *, as_json: bool) -> int:
    """Report how a command did not come to its end, as JSON too where that was asked for; return the exit code."""
    if isinstance(error, typer.Abort):
        return _interrupted()
    if isinstance(error, TyperException):
        return _wrong_arguments(error, as_json=as_json)
    # What is not ours is our bug, as is an error of ours that has no class.
    ours = (
        error if isinstance(error, EnvctlError) else EnvctlError(f"{type(error).__name__}: {error}")
    )
    if as_json:
        # Only who prints JSON pays for loading what writes it.
        from controller.views.documents.problem import error_json

        say_document("error", error_json(ours))
    if type(ours) is EnvctlError:
        first = Reason.stored(str(error)).message
        note(f"envctl: this is a bug of envctl: {type(error).__name__}: {first}")
        note(
            Reason(
                f"  traceback: {keep_traceback(error)}",
                fix="report it with that file; nothing else is known to be wrong",
            )
        )
    else:
        note_error(ours)
    return exit_code_of(ours)


def _wrong_arguments(error: TyperException, *, as_json: bool) -> int:
    message = error.format_message()
    if message.startswith("Usage:"):
        # A group called without a command says what it has.
        note(message)
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "envctl"
    # The parser passes on what Python's exception is called where a value is none of those there are.
    said = message.replace(": Value error, ", ": ").removesuffix(".")
    fix = _option_here(error) or f"{command} --help shows what there is"
    return fail(WrongUsage(said, fix=fix), as_json=as_json)


def _option_here(error: TyperException) -> str | None:
    """Return what to type in place of an option that other tools have; None where it is not about one."""
    option, context = getattr(error, "option_name", None), getattr(error, "ctx", None)
    if option is None or context is None:
        return None
    known = {name for one in context.command.params for name in one.opts}
    return option_here(context.info_name, option, known)


def _interrupted() -> int:
    note(
        "envctl: interrupted; what was applied before is in the ledger, the next run goes on from there"
    )
    return INTERRUPTED


def keep_traceback(error: Exception) -> str:
    """Write a traceback, without secrets, where it can be reported from; return the file's name."""
    # Errors of others within it may quote in part.
    lines = REDACTOR.redact("".join(traceback.format_exception(error))).splitlines(keepends=True)
    text = "".join(map(REDACTOR.redact_quoted, lines))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="envctl-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        return str(Path(file.name))
    except OSError:
        note_as_is(text)
        return "above, as no file could be written"
