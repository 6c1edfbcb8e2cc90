"""Which version this is, and the formats it reads and writes: of older ones all, of newer ones none."""

import platform
from typing import Final, TypedDict

from controller import __version__
from controller.model.ledger_record import LEDGER_FORMAT
from controller.model.plan import FORMAT_VERSION as PLAN_FORMAT
from controller.snapshots.manifest import FORMAT as SNAPSHOT_FORMAT

_FORMATS: Final = {"ledger": LEDGER_FORMAT, "plan": PLAN_FORMAT, "snapshot": SNAPSHOT_FORMAT}


class VersionDocument(TypedDict):
    """Which version this is, and what it understands."""

    version: str
    python: str
    formats: dict[str, int]


def version_json() -> VersionDocument:
    """Return it as one JSON document."""
    return {"version": __version__, "python": platform.python_version(), "formats": _FORMATS}


def version_text() -> str:
    """Return it in two lines."""
    formats = ", ".join(f"{name} {number}" for name, number in _FORMATS.items())
    return f"envctl {__version__}, Python {platform.python_version()}\nformats: {formats}"
