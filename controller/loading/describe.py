"""Issues and broken files as Problems: with file, line, column, an excerpt and the fix."""

from collections.abc import Iterator
from itertools import groupby

from controller.loading.compiled import CompiledKinds
from controller.loading.field_origins import FieldOrigins
from controller.loading.issue import PlacedIssue
from controller.loading.load import Loaded
from controller.loading.positions import dotted
from controller.loading.text_problems import MAX_PROBLEMS, find_text_problems
from controller.model.ref import Excerpt, Origin, Problem, ProblemCode, in_file_order


def problems_of(loaded: Loaded, origins: FieldOrigins, kinds: CompiledKinds) -> tuple[Problem, ...]:
    """Return every problem and warning of a load, in file order, each once; of a file with very many the first ones.

    ``origins`` are those of the revision; it reads only files that have a problem.
    """
    problems = [
        problem
        for path, text in loaded.broken.items()
        for problem in find_text_problems(path, text, kinds.secret_names)
    ]
    by_file = sorted(loaded.issues, key=lambda placed: (placed.path, placed.index))
    for _, of_file in groupby(by_file, key=lambda placed: placed.path):
        problems += _of_file(list(dict.fromkeys(of_file)), origins)
    return in_file_order(dict.fromkeys(problems))


def _of_file(issues: list[PlacedIssue], origins: FieldOrigins) -> Iterator[Problem]:
    told = [issue for issue in issues if not issue.issue.others]
    first = [problem_of(issue, origins) for issue in told[:MAX_PROBLEMS]]
    yield from first
    others = len(told) - len(first) + sum(issue.issue.others for issue in issues)
    if others:
        last = in_file_order(first)[-1].origin
        yield Problem(
            last,
            "",
            f"and {others:,} more problems in this file",
            "mend these first",
            code=ProblemCode.MORE,
        )


def problem_of(placed: PlacedIssue, origins: FieldOrigins) -> Problem:
    """Return an issue with the place where what it is about was written, and the line there."""
    issue = placed.issue
    if not origins.has(placed.path):
        # What is no YAML has no lines: its origin names the object.
        return issue.at(Origin(placed.path), dotted(issue.path))
    written = origins.written(placed.path, placed.index, issue.path)
    position = origins.position(written, key=issue.at_key)
    excerpt = position.excerpt
    return issue.at(
        position.origin(written.path),
        dotted(written.field),
        _hidden(excerpt, key=issue.at_key) if issue.hidden else excerpt,
    )


def _hidden(shown: Excerpt, *, key: bool) -> Excerpt:
    """Cover the value and what follows it on the line: it may be a secret in the wrong place. A key is left."""
    if key:
        end = shown.start + shown.length
        return Excerpt(f"{shown.text[:end]}: ***", shown.start, shown.length)
    return Excerpt(f"{shown.text[: shown.start]}***", shown.start, 3)
