"""One idea per file, and none that has to be scrolled through twice."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.repository import package_files, python_files, text, tree

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_MODULES_IN_A_FOLDER = 25


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_file_is_longer_than_400_lines() -> None:
    sizes = {path: len(text(path).splitlines()) for path in python_files()}

    assert [f"{p}: {n} lines" for p, n in sizes.items() if n > MAX_FILE_LINES] == []


def test_no_function_is_longer_than_50_lines() -> None:
    too_long = [
        f"{path}:{function.lineno}: {function.name} has {length} lines"
        for path in python_files()
        for function in _functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]

    assert too_long == []


def test_no_folder_of_the_package_holds_more_than_25_modules() -> None:
    modules = Counter(path.parent for path in package_files() if path.stem != "__init__")

    assert [f"{f}: {n} modules" for f, n in modules.items() if n > MAX_MODULES_IN_A_FOLDER] == []
