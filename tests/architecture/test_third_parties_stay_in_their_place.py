"""A library that one part knows can be replaced there; one that every part knows cannot be replaced at all."""

import pytest

from tests.architecture.repository import imported_modules, package_files

PLACES = {
    "apscheduler": {"daemon"},
    "cronsim": {"sandbox"},
    "fastapi": {"api"},
    "flask": {"sandbox"},
    "git": {"sources"},
    "moto": {"sandbox"},
    "starlette": {"api"},
    "structlog": {"api", "daemon"},
    "typer": {"cli"},
    "uvicorn": {"api", "cli", "daemon"},
    "werkzeug": {"sandbox"},
    "yaml": {"loading", "cli", "sandbox"},
}
"""Which parts of the controller may import what. AWS and the pure core are kept by ``.importlinter``."""


@pytest.mark.parametrize("library", sorted(PLACES))
def test_a_library_is_imported_only_where_it_belongs(library: str) -> None:
    strangers = [
        str(path)
        for path in package_files()
        if path.parts[1] not in PLACES[library]
        and library in {name.split(".")[0] for name in imported_modules(path)}
    ]

    assert strangers == []
