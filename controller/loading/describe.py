"""Issues and broken files as Problems: with file, line, column, an excerpt and the fix."""

from collections.abc import Callable, Mapping

from controller.loading.field_origins import FieldOrigins
from controller.loading.issue import PlacedIssue
from controller.loading.load import Loaded
from controller.loading.positions import dotted
from controller.loading.text_problems import find_text_problems
from controller.model.problem import Excerpt, Problem, in_file_order


def problems_of(
    loaded: Loaded, files: Mapping[str, str], text_of: Callable[[str], bytes]
) -> tuple[Problem, ...]:
    """Return every problem and warning of a load, in file order, each once.

    ``text_of`` gives the text of a content id; it is asked only for files that have a problem.
    """
    if not loaded.issues and not loaded.broken:
        return ()
    problems = [
        problem
        for path, text in loaded.broken.items()
        for problem in find_text_problems(path, text)
    ]
    origins = FieldOrigins(files, loaded.memory.parsed, text_of)
    problems += [_problem(placed, origins) for placed in loaded.issues]
    return in_file_order(dict.fromkeys(problems))


def _problem(placed: PlacedIssue, origins: FieldOrigins) -> Problem:
    issue = placed.issue
    written = origins.written(placed.path, placed.index, issue.path)
    position = origins.position(written, key=issue.at_key)
    return Problem(
        origin=position.origin(written.path),
        path=dotted(written.field),
        message=issue.message,
        fix=issue.fix,
        excerpt=_hidden(position.excerpt) if issue.hidden else position.excerpt,
        warning=issue.warning,
    )


def _hidden(shown: Excerpt) -> Excerpt:
    """Cover the value and what follows it on the line: it may be a secret in the wrong place."""
    return Excerpt(f"{shown.text[: shown.start]}***", shown.start, 3)
