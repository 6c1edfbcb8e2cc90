"""Where output goes: results to standard output, everything about them to standard error; one JSON document if asked."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from controller.cli.process import wants_colour
from controller.model.problem import Problem
from controller.planning.render_style import Line, coloured, plain


def say(text: str) -> None:
    """Print a result."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def say_lines(lines: Iterable[Line]) -> None:
    """Print styled lines, in colour where that is wanted."""
    sys.stdout.write(coloured(lines) if wants_colour() else plain(lines))


def say_json(value: Any) -> None:
    """Print a result as one JSON document."""
    sys.stdout.write(json_text(value))


def json_text(value: Any) -> str:
    """Return a value as indented JSON with sorted keys, ended."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(value, option=options).decode()


def note(text: str) -> None:
    """Print something about a result."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def note_problems(problems: Iterable[Problem]) -> None:
    """Print problems, in the order given."""
    for problem in problems:
        note(str(problem))


def note_warnings(warnings: Sequence[Problem]) -> None:
    """Say how many warnings there are and where to read them: a plan is read for its changes."""
    if warnings:
        note(
            f"{counted(len(warnings), 'warning')} in the desired state: envctl validate shows what"
        )


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return a problem for programs."""
    shown = {
        "path": problem.origin.path,
        "line": problem.origin.line,
        "column": problem.origin.column,
        "field": problem.path,
        "level": "warning" if problem.warning else "error",
        "message": problem.message,
    }
    return {**shown, "fix": problem.fix} if problem.fix else shown


def counted(count: int, noun: str) -> str:
    """Return ``1 table``, ``2 tables``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
