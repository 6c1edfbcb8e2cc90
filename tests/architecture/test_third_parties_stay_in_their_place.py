"""A library that one part knows can be replaced there; one that every part knows cannot be replaced at all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.repository import package_files, tree

PLACES = {
    "apscheduler": {"daemon"},
    "fastapi": {"api"},
    "flask": {"sandbox"},
    "git": {"sources"},
    "moto": {"sandbox"},
    "rich": {"cli"},
    "starlette": {"api"},
    "typer": {"cli"},
    "uvicorn": {"api", "cli", "daemon"},
    "werkzeug": {"sandbox"},
    "yaml": {"loading", "cli", "sandbox"},
}
"""Which parts of the controller may import what. AWS and the pure core are kept by ``.importlinter``."""


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    strangers = [
        str(path)
        for path in package_files()
        if path.parts[1] not in PLACES[library] and library in _imported(path)
    ]

    assert strangers == []
