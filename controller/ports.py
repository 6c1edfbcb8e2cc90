"""Protocols between the engine and the outside: sources, targets and stores."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from controller.model.origin import Authorship
from controller.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a source. ``id`` is a commit (40 hex digits) or, for a folder, a digest of its files.

    ``message`` is the commit message, whose ``Envctl-Override:`` trailers approve guard violations.
    """

    id: str
    label: str
    """As people say it: ``main@9f1e0aa``, ``working tree``."""
    author: str = "unknown"
    message: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The files of one revision: path below the source's root -> content id (equal ids, equal bytes)."""

    revision: Revision
    files: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    """Symbolic links out of the tree, submodules, files over the size limit: refused, never followed."""
    sizes: Mapping[str, int] = field(default_factory=dict)


class Source(Protocol):
    """Where desired state is read from. Raises SourceUnavailable or AccessDenied, never returns a partial tree."""

    @property
    def name(self) -> str:
        """How the source is named in messages, without credentials."""

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell cheaply (one remote call, no content read) whether ``fetch`` would return another revision."""

    def fetch(self) -> SourceTree:
        """Return the tree of the source's current revision; no file content is read yet."""

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ``(content id, bytes)`` for the ids asked for, each once, in the order asked."""

    def authorship(self, paths: Iterable[str]) -> Mapping[str, Authorship]:
        """Say who last touched each path, in one pass over the history; unknown where it does not reach."""
