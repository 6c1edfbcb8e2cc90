"""Where output goes: results to standard output, everything about them to standard error; one JSON document if asked."""

import sys
from collections.abc import Iterable, Mapping

from controller.cli.process import wants_colour
from controller.model.ref import Problem
from controller.views.documents.envelope import document_text
from controller.views.style import Line, coloured, plain

_OBEYED = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"
}
"""Characters that a terminal would obey, and what is shown for them: names come from tables that others write too."""


def say(text: str) -> None:
    """Print a result."""
    shown = text.translate(_OBEYED)
    sys.stdout.write(shown if shown.endswith("\n") else f"{shown}\n")


def say_lines(lines: Iterable[Line]) -> None:
    """Print styled lines, in colour where that is wanted."""
    sys.stdout.write(coloured(lines) if wants_colour() else plain(lines))


def say_document(name: str, fields: Mapping[str, object]) -> None:
    """Print a result as one JSON document in its envelope."""
    sys.stdout.write(document_text(name, fields).decode())


def note(text: str) -> None:
    """Print something about a result."""
    sys.stdout.flush()
    sys.stderr.write(f"{text.translate(_OBEYED)}\n")


def note_problems(problems: Iterable[Problem]) -> None:
    """Print problems, in the order given."""
    for problem in problems:
        note(str(problem))


def counted(count: int, noun: str) -> str:
    """Return ``1 table``, ``2 tables``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
