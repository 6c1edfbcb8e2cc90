"""Files of a source that are not envctl's: what ``.envctlignore`` at its top names.

A line names a file or a folder with all below it, wherever it lies (``Chart.yaml``, ``charts/``), or from the top where it has
a slash before its end (``/legacy``, ``deploy/k8s``). ``*`` stands for any characters of a name, ``?`` for one, ``**/`` at the
beginning for any folders; ``#`` begins a comment. Nothing that is ignored is taken back (``!``).

Whoever writes the file decides neither time nor memory: lines are few and short, and their engine never backtracks.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pydantic_core import SchemaValidator, ValidationError, core_schema

from controller.model.ref import Origin, Problem, ProblemCode

IGNORE_FILE: Final = ".envctlignore"
MAX_LINES: Final = 100
MAX_CHARACTERS: Final = 200
"""Of a line."""

_WILDCARDS: Final = {"*": "[^/]*", "?": "[^/]"}


class RemainingFiles(NamedTuple):
    """The files that are not ignored (path -> content id), those problems that are not about ignored ones, and what is wrong with the file itself."""

    files: Mapping[str, str]
    problems: tuple[Problem, ...]


def without_ignored(
    files: Mapping[str, str], problems: tuple[Problem, ...], text: str
) -> RemainingFiles:
    """Leave out of a source's files and of what was refused in it what the ``text`` of its ``.envctlignore`` names.

    With lines that cannot be read nothing is left out.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    own = {path: content_id for path, content_id in files.items() if path != IGNORE_FILE}
    if wrong := tuple(_faults(lines)):
        return RemainingFiles(own, (*problems, *wrong))
    if not lines:
        return RemainingFiles(own, problems)
    pattern = "|".join(_expression(line) for _, line in lines)
    named = SchemaValidator(core_schema.str_schema(pattern=pattern))
    return RemainingFiles(
        {path: own[path] for path in own if not _fits(named, path)},
        tuple(problem for problem in problems if not _fits(named, problem.origin.path)),
    )


def _faults(lines: list[tuple[int, str]]) -> Iterator[Problem]:
    if len(lines) > MAX_LINES:
        message = f"{len(lines):,} lines, expected at most {MAX_LINES}"
        yield _fault(lines[MAX_LINES][0], message, "name folders instead of their files")
    for number, line in lines[:MAX_LINES]:
        if line.startswith("!"):
            message = "what is ignored cannot be taken back"
            yield _fault(number, message, "remove the line, and name what is to be ignored alone")
        elif len(line) > MAX_CHARACTERS or not line.isprintable():
            message = f"expected printable text of at most {MAX_CHARACTERS} characters"
            yield _fault(number, message, "name a folder or a file, such as charts/")
        elif "**" in line.removeprefix("**/").removesuffix("/**") or not line.strip("/*"):
            message = "'**' stands at the beginning or the end alone, and not for everything"
            yield _fault(number, message, "name a folder or a file, such as charts/")


def _fault(line: int, message: str, fix: str) -> Problem:
    return Problem(Origin(IGNORE_FILE, line), "", message, fix, code=ProblemCode.SYNTAX)


def _expression(line: str) -> str:
    anywhere = line.startswith("**/")
    line = line.removeprefix("**/")
    if line.endswith("/**"):
        line = line[:-2]
    is_folder, body = line.endswith("/"), line.rstrip("/")
    start = "^" if "/" in body and not anywhere else "^(?:.*/)?"
    names = "".join(_WILDCARDS.get(char, re.escape(char)) for char in body.strip("/"))
    return f"{start}{names}{'/' if is_folder else '(?:/|$)'}"


def _fits(named: SchemaValidator, path: str) -> bool:
    try:
        named.validate_python(path)
    except ValidationError:
        return False
    return True
