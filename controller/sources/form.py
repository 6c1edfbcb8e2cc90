"""How a source announces itself: the texts it accepts and what it needs to open."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controller.ports import Source
from controller.sources.git_credential import GitCredential


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What opening a source may need beyond its text."""

    cache_dir: Path
    """Where a source may keep what it can fetch again; made private to its user."""
    git_credential: GitCredential | None = None


@dataclass(frozen=True, slots=True)
class SourceForm:
    """One form of the SOURCE text.

    ``schemes`` are what stands before the first colon (``git+https``); the empty scheme is a text without one.
    ``open`` raises WrongUsage for a text it cannot accept and reads nothing yet.
    """

    schemes: tuple[str, ...]
    accepts: str
    open: Callable[[str, SourceContext], Source]
