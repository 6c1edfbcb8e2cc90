"""Whoever edits a module of the engine finds what tests it: a unit test by its name, or a test that says so in its docstring."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.repository import package_files, python_files, text, tree

COVERS = re.compile(r"^Covers: (.*?)\.$", re.MULTILINE | re.DOTALL)
ENGINE = {
    ".".join(path.with_suffix("").parts[1:]): path
    for path in package_files()
    if path.parts[1] == "engine" and path.stem != "__init__"
}
"""``engine.live.journal`` -> its file."""


def _covered(path: Path) -> Iterator[str]:
    """Yield the modules that a test says it covers: ``Covers: engine.live.journal, engine.live.access.``"""
    if "Covers: " not in text(path):
        return
    for names in COVERS.findall(ast.get_docstring(tree(path)) or ""):
        yield from (name.strip() for name in names.split(","))


def _unit_test(module: Path) -> Path:
    return Path("tests/unit", *module.parts[1:-1], f"test_{module.name}")


TESTS = tuple(path for path in python_files() if path.parts[0] == "tests")


@cache
def covered() -> dict[str, Path]:
    """Return the modules that tests say they cover, and where: looked for once it is asked, which few processes do."""
    return {name: path for path in TESTS for name in _covered(path)}


def test_every_module_of_the_engine_has_a_test_that_is_found() -> None:
    missing = [
        f"{name}: no {_unit_test(path)}, and no test's docstring has a line Covers: {name}."
        for name, path in ENGINE.items()
        if name not in covered() and _unit_test(path) not in TESTS
    ]

    assert missing == []


def test_what_is_said_to_be_covered_exists() -> None:
    assert [f"{path}: {name}" for name, path in covered().items() if name not in ENGINE] == []


def test_unit_tests_lie_where_what_they_test_lies() -> None:
    folders = {path.parent for path in package_files()}
    apart = ("benchmarks", "pull_requests")
    beside = {Path("tests/unit"), *(Path("tests/unit", name) for name in apart)}
    astray = [
        str(path)
        for path in TESTS
        if path.parts[1] == "unit" and path.name.startswith("test_") and path.parent not in beside
        if Path("controller", *path.parts[2:-1]) not in folders
    ]

    assert astray == []
