"""How a command that did not come to its end says so: on standard error, and as JSON where that was asked for."""

import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from controller.cli.output import counted, note, note_problems, say_document
from controller.errors import (
    EnvctlError,
    ExitCode,
    InvalidDesiredState,
    WrongUsage,
    exit_code_of,
)
from controller.model.ref import Reason
from controller.views.documents.problem import error_json

INTERRUPTED = 130
"""What shells give a program that Ctrl-C ended."""


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell from the bare arguments whether JSON was asked for, also where they are wrong otherwise."""
    pairs = zip(arguments, (*arguments[1:], ""), strict=False)
    return any(
        one == "--format=json" or (one == "--format" and after == "json") for one, after in pairs
    )


def fail(error: EnvctlError, *, as_json: bool) -> int:
    """Report an error of ours; return the exit code."""
    code = exit_code_of(error)
    if as_json:
        say_document("error", error_json(error))
    if type(error) is EnvctlError:
        return _bug(error)
    if isinstance(error, InvalidDesiredState):
        note_problems(error.problems)
        wrong = sum(not problem.warning for problem in error.problems)
        note(f"{counted(wrong, 'problem')}: nothing is planned from this")
    else:
        note(f"envctl: {error}")
    return code


def fail_usage(message: str, command: str, *, as_json: bool) -> int:
    """Report arguments of a command (``envctl plan``) that are wrong; return the exit code."""
    if message.startswith("Usage:"):
        # A group called without a command says what it has.
        note(message)
        return ExitCode.USAGE
    # The parser passes on what Python's exception is called where a value is none of those there are.
    said = message.replace(": Value error, ", ": ").removesuffix(".")
    return fail(WrongUsage(said, fix=f"{command} --help shows what there is"), as_json=as_json)


def fail_unknown(error: Exception, *, as_json: bool) -> int:
    """Report an error that is not ours, which makes it our bug; return the exit code."""
    if as_json:
        say_document("error", error_json(EnvctlError(f"{type(error).__name__}: {error}")))
    return _bug(error)


def fail_interrupted() -> int:
    """Say that Ctrl-C ended the command; return the exit code."""
    note(
        "envctl: interrupted; what was applied before is in the ledger, the next run goes on from there"
    )
    return INTERRUPTED


def _bug(error: Exception) -> int:
    first = Reason.stored(str(error)).message
    note(f"envctl: this is a bug of envctl: {type(error).__name__}: {first}")
    note(
        Reason(
            f"  traceback: {_keep_traceback(error)}",
            fix="report it with that file; nothing else is known to be wrong",
        )
    )
    return ExitCode.BUG


def _keep_traceback(error: Exception) -> str:
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="envctl-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
        return str(Path(file.name))
    except OSError:
        sys.stderr.write(text)
        return "above, as no file could be written"
