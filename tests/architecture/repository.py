"""The files of this repository, as the house rules look at them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_FOLDERS = ("controller", "tests", "benchmarks", "pull_requests")


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is or would be committed, relative to the root, in name order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = (Path(name) for name in sorted(set(listed.split("\0"))) if name)
    return tuple(path for path in paths if (ROOT / path).is_file())


def python_files() -> tuple[Path, ...]:
    """Return the Python files of the package, its tests and its benchmarks."""
    return tuple(p for p in files() if p.suffix == ".py" and p.parts[0] in PYTHON_FOLDERS)


def package_files() -> tuple[Path, ...]:
    """Return the Python files of the package alone."""
    return tuple(path for path in python_files() if path.parts[0] == "controller")


@cache
def text(path: Path) -> str:
    """Return a file's text; what is not UTF-8 has none to judge."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(text(path), filename=str(path))


@cache
def imported_modules(path: Path) -> frozenset[str]:
    """Return the full name of every module that a Python file imports, at its top or later."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return frozenset(names)


def lines_matching(paths: tuple[Path, ...], pattern: str) -> Iterator[str]:
    """Yield ``file:line: text`` for each line in which the regular expression is found."""
    wanted = re.compile(pattern)
    for path in paths:
        for number, line in enumerate(text(path).splitlines(), start=1):
            if wanted.search(line):
                yield f"{path}:{number}: {line.strip()[:120]}"
