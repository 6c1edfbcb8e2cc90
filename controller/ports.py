"""Protocols between the engine and the outside: sources and targets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from controller.errors import EnvctlError
from controller.model.accepted import AcceptedState, LiveOptions
from controller.model.ledger_record import LedgerRecord
from controller.model.live import LiveLook, LiveScope
from controller.model.observed import ObservedState
from controller.model.plan import Action, Cause, Change, Note
from controller.model.ref import Authorship, DocumentPlace, Origin, Problem, ResourceRef
from controller.model.resource import DesiredState, Projection
from controller.planning.scope_plan import Barrier

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of a source. ``id`` is a commit (40 hex digits) or, for a folder, a digest of its files.

    ``message`` is the commit message, whose ``Envctl-Approve:`` lines may approve guard violations; ``committer`` who wrote it,
    ``NAME <EMAIL>``, as far as Git says.
    """

    id: str
    label: str
    """As people say it: ``main@9f1e0aa``, ``working tree``."""
    author: str = ""
    """Who committed it; empty where that is not known."""
    message: str = ""
    date: str = ""
    committer: str = "unknown"
    merged_by: str = ""
    """Who made it, where it is a merge of others' commits."""
    parents: tuple[str, ...] = ()
    """The commits it was made on top of; none where there is no history."""


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

    def follows(self, revision_id: str) -> bool:
        """Tell whether the revision fetched last has another in its history; True where the source has no history, or the other is none of it."""

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield ``(content id, bytes)`` for the ids asked for, each once, in the order asked."""

    def authorship(self, places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        """Say who last touched each document, in one pass over the history; unknown where it does not reach."""


@runtime_checkable
class DesiredSource(Protocol):
    """Where desired state comes from that is not YAML: a snapshot, the ledger.

    Raises SourceUnavailable, AccessDenied or InvalidDesiredState, never gives a part of it.
    """

    @property
    def name(self) -> str:
        """How the source is named in messages."""

    @property
    def cause(self) -> Cause:
        """What changes come from that this source wants: ``restored``, ``rolledBack``."""

    def desired(self) -> DesiredState:
        """Return the desired state, its references checked; origins name the snapshot or the record."""


class History(Protocol):
    """What the ledger knows about single items."""

    def of_item(self, table: str, hash_key: str, range_key: str | None) -> Iterable[LedgerRecord]:
        """Return the records of one item of a (physical) table, newest first. Raises as any read."""


class Shaping(NamedTuple):
    """What a live target knows of a change that a comparison of attributes cannot tell; None leaves it as compared.

    ``effects`` are instances ``launched``, ``ended``, ``replaced``, ``stopped``: guards and headlines count them.
    """

    action: Action | None = None
    cause: Cause | None = None
    because: str | None = None
    effects: Mapping[str, int] | None = None
    depends_on: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Projected:
    """What the accepted state asks of one live target in one scope.

    ``notes`` say what is not done and why: category ``missing`` for what a role needs and the account lacks.
    ``left`` are objects that are neither made, changed nor deleted this time, as something they need is missing or cannot
    be told; each should have a note. ``barriers`` hold single changes, beside those of the engine (deploy lock, freezes).
    ``shapings`` are by object and only count where it changes; also for objects that are to be deleted.
    """

    projections: Mapping[ResourceRef, Projection]
    origins: Mapping[ResourceRef, Origin] = field(default_factory=dict)
    """Where an object's desired state was written: the place a reader is sent to."""
    notes: tuple[Note, ...] = ()
    left: frozenset[ResourceRef] = frozenset()
    barriers: tuple[Barrier, ...] = ()
    shapings: Mapping[ResourceRef, Shaping] = field(default_factory=dict)
    environments: Mapping[ResourceRef, str] = field(default_factory=dict)
    """The environment each object belongs to, of those found too: deploy lock, freezes and protection go by it."""
    asks: frozenset[str] = frozenset()
    """What has to be read before the rest can be told, in the target's own words (see AskingTarget); its objects are left
    until it is. Empty where the look was enough, as it is when all is in order."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What it worked out of the look and has not to work out again: facts of what was observed, once what it asks for is read."""
    behind_since: datetime | None = None
    """When the oldest source of a copy changed that did not follow yet; None where nothing is a copy, or all followed."""
    waits_for_environment: bool = True
    """Whether a deploy lock, a freeze, or an override of its environment holds a change. None touches schedules."""
    deletes_end_instances: bool = False
    """Whether deleting one of the objects ends instances: that needs the environment retired, and unprotected."""
    members: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Of each environment how many instances are on, and how many it has; of the target alone that looks at instances."""
    emptied: frozenset[ResourceRef] = frozenset()
    """Objects whose change ends all instances they have, for good and not by a schedule: that needs the environment unprotected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActResult:
    """What an act gave. ``request_id`` is AWS's id of the (last) request that changed something.

    ``look_again_s`` is for what AWS goes on doing (instances that stop): the act is done so far, and the scope is looked at
    again after so many seconds; what is then to be done is planned from that look alone. ``after`` is what the object has become, canonical
    JSON, where that is not what the change says; of a delete, where the object is still there on its way: it is recorded as changed.
    """

    request_id: str = ""
    look_again_s: float | None = None
    after: bytes | None = None
    message: str = ""


class LiveReads(Protocol):
    """AWS as one scope's role may read it."""

    @property
    def scope(self) -> LiveScope:
        """Where this reads."""

    @property
    def installation(self) -> str:
        """The installation's id, which marks of ours carry."""

    @property
    def options(self) -> LiveOptions:
        """What the settings say."""

    @property
    def history(self) -> History:
        """What the ledger knows: deleting needs our mark and a record that we made or adopted the object."""

    def client(self, service: str) -> Any:
        """Return the scope's boto3 client of a service; calls that are made with it are counted and tried again.

        Wrap them in ``controller.aws.errors.aws_errors``, so that AWS's errors become ours. Raises RoleRefused,
        RoleNotReady.
        """

    def once(self, name: str, read: Callable[[], Value]) -> Value:
        """Return what another scope read under this name moments ago, else read it: for what is of no account. Raises as that."""

    def of_account(self, service: str, account: str) -> Any:
        """Return the client of a service in another account that documents name, by that account's own role, in the scope's region.

        Raises RoleRefused, RoleNotReady.
        """

    def master(self, service: str) -> Any:
        """Return the controller's own boto3 client of a service, for what only the master account knows."""

    def master_account(self) -> str:
        """Return the number of the master account; AWS is asked once a process. Raises as any call."""


class LiveActs(LiveReads, Protocol):
    """AWS as one scope's role may change it, while the scope is ours."""

    @property
    def look(self) -> LiveLook | None:
        """The look the changes were planned from; None where it is too old to act on."""

    @property
    def waits_since(self) -> datetime | None:
        """Since when the run waits for what AWS goes on with; None where that is left to whoever looks again."""

    @property
    def revision(self) -> str:
        """Revision the accepted state came from."""

    @property
    def token(self) -> str:
        """Client token for requests that take one: the same for the same intended record, at most 64 characters."""

    def check(self) -> None:
        """Make sure that the scope is still ours, before a request that changes something; cheap while it is.

        Called by the engine before each act; a target calls it before each further request. Raises StaleEpoch, and for
        changes that are sent many at a time Interrupted: what was asked for by then should have its result all the same.
        """

    def now(self) -> datetime:
        """Return the moment, aware."""

    def sleep(self, seconds: float, /) -> None:
        """Pause. Raises Interrupted, as ``check`` does."""


class ObservingTarget(Protocol):
    """What every target in child accounts says: what there is, and what there should be. It keeps nothing between calls."""

    @property
    def name(self) -> str:
        """How plans and settings call the target: ``groups``, ``scaling-schedules``."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of the objects it manages; no other target has them. A ref's key begins with the scope's name and ``/``."""

    @property
    def summary(self) -> str:
        """One sentence for the reference."""

    def observe(self, look: LiveLook, reads: LiveReads, deep: bool) -> ObservedState:
        """Say what there is, writing nothing: from the look, and, where ``deep`` says so, from calls of its own.

        Raises our errors; the engine makes the scope unknown then. Objects others made are UNMANAGED, and left alone.
        """

    def project(
        self, accepted: AcceptedState, look: LiveLook, observed: ObservedState, now: datetime
    ) -> Projected:
        """Say what there should be in the scope of a look. Pure and deterministic.

        ``observed`` is what the target said of the same look. Must not raise: what cannot be told is left, with a note.
        """


class ActingTarget(ObservingTarget, Protocol):
    """A target whose objects are changed each by itself."""

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        """Bring one object to what the change says, absolutely, never "one more"; doing it twice is doing it once.

        Raises our errors: an error is this change's outcome, others go on.
        """


@runtime_checkable
class AskingTarget(Protocol):
    """What a live target has besides if, of what a light look does not show, it only reads what a change needs."""

    def answer(
        self, asks: frozenset[str], look: LiveLook, observed: ObservedState, reads: LiveReads
    ) -> ObservedState:
        """Read what ``Projected.asks`` names, writing nothing; the target is projected again from what is returned.

        The same question is not asked twice: what is not there is an answer too. Raises our errors.
        """


class Batch(NamedTuple):
    """Changes of one action that share one record of the ledger, such as all instances of an environment to stop."""

    ref: ResourceRef
    changes: tuple[Change, ...]


@runtime_checkable
class BatchingTarget(ObservingTarget, Protocol):
    """A target whose changes are sent many at a time."""

    def batches(self, changes: Sequence[Change]) -> tuple[Batch, ...]:
        """Group changes by the record they share. Pure; every change once."""

    def act_together(
        self, changes: Sequence[Change], acts: LiveActs
    ) -> Mapping[ResourceRef, ActResult | EnvctlError]:
        """Send changes that depend on none of each other, in batches; return what became of each, by object.

        What can be done now is done, and what is ready within seconds; for what AWS takes longer with the result says when to
        look again, so that nobody waits here. What holds for all of them (the scope is no longer ours, no access) may be
        raised.
        """


LiveTarget = ActingTarget | BatchingTarget
"""Something in child accounts that follows the accepted state.

Its changes cannot join a transaction: each is recorded as intended before, and as succeeded or failed after. Modules of
``controller.targets`` define one as the constant ``TARGET``.
"""


class TargetCounts(NamedTuple):
    """What a target counts in one scope; None for what it does not look at."""

    instances_on: int | None = None
    instances_off: int | None = None
    to_switch: int | None = None
    copies_behind: int | None = None
    to_start: int | None = None
    """Of those to be switched, the ones that are off and should be on."""


@runtime_checkable
class CountingTarget(Protocol):
    """What a live target has besides if status shows counts of its objects."""

    def counts(
        self, observed: ObservedState, left: Sequence[Change], done: Sequence[Change]
    ) -> TargetCounts:
        """Count what was observed, once ``done`` is done; ``left`` are the target's changes that are not. Pure."""
