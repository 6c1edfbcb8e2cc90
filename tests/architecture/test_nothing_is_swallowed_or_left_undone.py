"""Errors go on to whoever must act; what is not done is in an issue, not in a comment."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.repository import files, lines_matching, python_files, text, tree

CATCH_EVERYTHING = {
    Path(
        "controller/api/requests.py"
    ): "one broken answer must not end the listener; it is reported as our bug",
    Path(
        "controller/cli/main.py"
    ): "an error that is not ours becomes exit code 70 with its traceback kept",
    Path(
        "controller/daemon/worker.py"
    ): "one broken look must not end the loop; it is reported as our bug",
}
"""The only files that may catch what they do not know, and why."""

PRAGMA_ALLOWANCE = 5
"""Lines that no test need reach. Raise it in the same commit as the line, with the reason beside the line."""


def _names(expression: ast.expr | None) -> Iterator[str]:
    if expression is None:
        yield "everything"
        return
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            yield node.id


def test_only_the_outermost_loops_catch_what_they_do_not_know() -> None:
    blind = {"everything", "Exception", "BaseException"}
    found = [
        f"{path}:{node.lineno}"
        for path in python_files()
        if path not in CATCH_EVERYTHING
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and blind & set(_names(node.type))
    ]

    assert found == []


def test_nothing_is_left_to_be_done() -> None:
    code = tuple(p for p in files() if p.suffix in {".py", ".yaml", ".yml", ".toml", ".sh", ".in"})
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"))

    assert list(lines_matching(code, rf"\b({marks})\b")) == []


def test_a_silenced_checker_says_which_rule_it_silences() -> None:
    assert list(lines_matching(python_files(), r"#\s*type:\s*ignore(?!\[)")) == []
    assert list(lines_matching(python_files(), r"#\s*noqa(?!:)")) == []


def test_lines_excused_from_coverage_are_within_the_allowance() -> None:
    pragma = "pragma: no " + "cover"
    found = [path for path in python_files() for _ in range(text(path).count(pragma))]

    assert len(found) <= PRAGMA_ALLOWANCE, found
