"""What is installed is imported: the runtime by all of the controller, an extra by the part it is for alone."""

import re
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT, imported_modules, package_files

BY_THE_STANDARD_LIBRARY = {"tzdata"}
"""Read by ``zoneinfo`` where the system has no time zones."""
BY_MOTO = {"flask", "flask-cors"}
"""Imported by moto's server."""
SANDBOX_COMMANDS = {
    Path("controller/cli/sandbox.py"),
    *(path for path in package_files() if path.parent.name == "tour"),
}
PACKAGE = tuple(path for path in package_files() if path.parts[1] != "sandbox")
SANDBOX = tuple(path for path in package_files() if path.parts[1] == "sandbox")


def _required(name: str) -> set[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {
        re.split(r"[\[<>=]", line)[0].lower() for line in lines if line and not line.startswith("#")
    }


def _imported(paths: Iterable[Path]) -> set[str]:
    """Return the distributions that files import from."""
    known = packages_distributions()
    libraries = {name.split(".")[0] for path in paths for name in imported_modules(path)}
    return {name.lower() for library in libraries for name in known.get(library, ())}


def test_the_runtime_is_imported_outside_of_the_sandbox() -> None:
    imported = _imported(PACKAGE)

    assert _required("requirements.in") - imported - BY_THE_STANDARD_LIBRARY == set()


@pytest.mark.parametrize(
    ("extra", "parts"), [("sandbox", {"sandbox"}), ("daemon", {"api", "daemon"})]
)
def test_nothing_else_imports_an_extra(extra: str, parts: set[str]) -> None:
    imported = _imported(path for path in package_files() if path.parts[1] not in parts)

    assert _required(f"requirements-{extra}.in") & imported == set()


def test_the_sandbox_imports_its_extra() -> None:
    assert _required("requirements-sandbox.in") - _imported(SANDBOX) == BY_MOTO


def test_only_the_commands_about_it_import_the_sandbox() -> None:
    importers = {
        path
        for path in PACKAGE
        if any(name.startswith("controller.sandbox") for name in imported_modules(path))
    }

    assert importers <= SANDBOX_COMMANDS
