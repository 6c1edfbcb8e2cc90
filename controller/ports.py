"""Protocols between the engine and the outside: sources, targets and stores."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controller.model.ledger_record import LedgerRecord
from controller.model.observed import ObservedState
from controller.model.origin import Authorship
from controller.model.plan import Change
from controller.model.problem import Problem
from controller.model.ref import ResourceRef
from controller.model.resource import DesiredState, Projection


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


class Target(Protocol):
    """Something that can be made as the desired state says, one scope at a time."""

    @property
    def name(self) -> str:
        """How plans and settings call the target: ``tables``."""

    def project(self, desired: DesiredState, now: datetime) -> Mapping[ResourceRef, Projection]:
        """Return what the desired state asks of this target. Pure and deterministic."""

    def observe(self, scope: str) -> ObservedState:
        """Look, and write nothing. What cannot be read makes the scope unknown, with the reason; it is not raised."""


class LiveTarget(Target, Protocol):
    """A target whose changes cannot join a transaction: each is recorded as intended before, and as done or failed after."""

    def act(self, change: Change, token: str) -> None:
        """Bring one object to what the change says, absolutely, never "one more"; doing it twice is doing it once.

        ``token`` goes with the request where AWS takes a client token. Raises our errors.
        """


class History(Protocol):
    """What the ledger knows about single items."""

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterable[LedgerRecord]:
        """Return the records of one item of a (physical) table, newest first. Raises as any read."""
