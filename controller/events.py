"""What happens, as values: one class per event, told to whoever listens.

An event's name is its class's ``name``, a dotted noun.verb; its facts are its fields. No secret is ever one of them.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal, Self, TextIO

import orjson

from controller.model.plan import Outcome
from controller.model.printable import printable_json
from controller.redactor import REDACTOR

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True)
class Event:
    """Root of all events."""

    name: ClassVar[str] = "event"
    level: ClassVar[Level] = "info"

    def __init_subclass__(cls, *, name: str, level: Level = "info") -> None:
        """Take the name, and how much it matters."""
        cls.name, cls.level = name, level


@dataclass(frozen=True)
class DesiredLoaded(Event, name="desired.loaded"):
    """A revision was read and is right."""

    source: str
    revision: str
    objects: int
    warnings: int


@dataclass(frozen=True)
class DesiredRejected(Event, name="desired.rejected", level="error"):
    """A revision was read and is wrong."""

    source: str
    revision: str
    problems: int
    warnings: int


@dataclass(frozen=True)
class RevisionApplied(Event, name="revision.applied"):
    """The tables hold a revision that they did not hold before, in full; ``seconds`` after its commit, null where that has no date."""

    revision: str
    seconds: float | None


@dataclass(frozen=True)
class PlanComputed(Event, name="plan.computed"):
    """A plan was made."""

    revision: str
    digest: str
    changes: int


@dataclass(frozen=True)
class PlanRefusedByGuard(Event, name="plan.refused", level="error"):
    """A guard stands in the way of a plan."""

    scope: str
    guard: str
    token: str


@dataclass(frozen=True)
class EpochTaken(Event, name="epoch.taken"):
    """A worker became the owner of a scope."""

    scope: str
    epoch: int
    owner: str


@dataclass(frozen=True)
class ApplyProgressed(Event, name="apply.progressed", level="debug"):
    """So many of the changes of a scope have an outcome."""

    scope: str
    done: int
    total: int


@dataclass(frozen=True)
class SnapshotProgressed(Event, name="snapshot.progressed", level="debug"):
    """So many items of about so many are through; ``doing`` is what is done with them: ``copied``, ``verified``."""

    doing: str
    done: int
    total: int


@dataclass(frozen=True)
class SnapshotTaken(Event, name="snapshot.taken"):
    """A snapshot is whole in its store."""

    snapshot: str
    items: int
    size: int
    seconds: float


@dataclass(frozen=True)
class SnapshotVerified(Event, name="snapshot.verified"):
    """A snapshot was read back, and compared with the ledger; ``differing`` items are otherwise there than the ledger says."""

    snapshot: str
    items: int
    differing: int


@dataclass(frozen=True)
class SnapshotRemoved(Event, name="snapshot.removed"):
    """A snapshot is no longer kept."""

    snapshot: str


@dataclass(frozen=True)
class RecordsArchived(Event, name="records.archived"):
    """Records of a scope, up to the one with the sequence ``to``, were written to a segment, and read back."""

    scope: str
    records: int
    to: int
    segment: str


@dataclass(frozen=True)
class RecordsCleared(Event, name="records.cleared"):
    """Records that are in segments were taken out of the audit table."""

    scope: str
    records: int


@dataclass(frozen=True)
class LeaseNotReleased(Event, name="lease.notReleased", level="warning"):
    """A scope could not be given back after a run: until its lease ends the next worker waits. What was done is done."""

    scope: str
    because: str


@dataclass(frozen=True)
class NotKept(Event, name="run.notKept", level="error"):
    """What is written down after a run could not be: what was done is done."""

    what: str
    because: str


@dataclass(frozen=True)
class ScopeStands(Event, name="scope.stands"):
    """A scope stands otherwise than after the run before, or could again not be brought in order; status has the whole reason.

    ``failures`` are tries in a row; ``revision`` is the one applied last, ``epoch`` that of the run.
    """

    scope: str
    state: str
    before: str
    because: str
    failures: int
    revision: str
    epoch: int


@dataclass(frozen=True)
class ChangeSettled(Event, name="change.settled"):
    """One change has its outcome."""

    ref: str
    action: str
    cause: str
    outcome: str
    transaction: str

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """Return the event of an outcome."""
        change, status = outcome.change, outcome.status.value
        return cls(
            str(change.ref), change.action, change.cause.value, status, outcome.transaction_id
        )


@dataclass(frozen=True)
class RunStopped(Event, name="run.stopped", level="error"):
    """An apply ended before its end."""

    scope: str
    because: str


@dataclass(frozen=True)
class DriftStormFound(Event, name="drift.storm", level="error"):
    """An object is written back and forth by us and by somebody else: it is left alone for a while. Told once."""

    scope: str
    ref: str
    ours: str
    theirs: str
    until: str


@dataclass(frozen=True)
class OpenRecordSettled(Event, name="record.settled", level="warning"):
    """What an earlier run had announced and not ended was settled by looking."""

    scope: str
    ref: str
    record: str
    phase: str
    because: str


@dataclass(frozen=True)
class WorkDone(Event, name="work.done", level="debug"):
    """A job of the daemon was done for a scope; how the scope stands is in its status."""

    scope: str
    job: str
    seconds: float


@dataclass(frozen=True)
class WorkFailed(Event, name="work.failed", level="warning"):
    """A job of the daemon could not be done for a scope; it is tried again when its status says so, or with the next tick."""

    scope: str
    job: str
    because: str


@dataclass(frozen=True)
class WorkGivenUp(Event, name="work.givenUp", level="error"):
    """A work lies among the dead letters: trying it again would not help."""

    scope: str
    job: str
    because: str


@dataclass(frozen=True)
class DaemonStarted(Event, name="daemon.started"):
    """The daemon works."""

    instance: str
    version: str
    scopes: int


@dataclass(frozen=True)
class DaemonStopped(Event, name="daemon.stopped"):
    """The daemon ended; ``left`` are works that did not end in time and go to others."""

    instance: str
    left: int


@dataclass(frozen=True)
class SettingsRefused(Event, name="settings.refused", level="error"):
    """The daemon was told to read its settings again, and they cannot be used: it goes on with those of before."""

    because: str


@dataclass(frozen=True)
class HttpListening(Event, name="http.listening"):
    """The HTTP interface answers."""

    url: str


@dataclass(frozen=True)
class BugFound(Event, name="bug.found", level="error"):
    """Something in envctl itself is wrong; ``traceback`` is the file to report it with."""

    error: str
    traceback: str


@dataclass(frozen=True)
class LibraryWarned(Event, name="library.warned", level="warning"):
    """A library that envctl runs on said something."""

    library: str
    text: str


@dataclass(frozen=True)
class RequestServed(Event, name="http.served"):
    """A request to the HTTP interface that asked for a change, or that could not be answered; ``request`` is in the answer too.

    ``route`` is the path with its variable parts unfilled; ``actor`` is the name of the token, empty where none was taken.
    """

    request: str
    method: str
    route: str
    status: int
    actor: str
    seconds: float


@dataclass(frozen=True)
class OverrideEndsSoon(Event, name="override.endsSoon", level="warning"):
    """What is otherwise for a while will not be for long."""

    override: str
    ref: str
    what: str
    until: str


@dataclass(frozen=True)
class OverrideEnded(Event, name="override.ended"):
    """What was otherwise for a while is as documents and schedules say again."""

    override: str
    ref: str
    what: str
    because: str


@dataclass(frozen=True)
class AlertRaised(Event, name="alert.raised", level="error"):
    """Something stands that somebody has to look at; told once, by one daemon. ``docs/runbooks`` has a page for each ``alert``."""

    alert: str
    subject: str
    text: str
    next: str


@dataclass(frozen=True)
class AlertCleared(Event, name="alert.cleared"):
    """What was an alert stands no more."""

    alert: str
    subject: str


@dataclass(frozen=True)
class NotificationSent(Event, name="notification.sent", level="debug"):
    """A sink took so many alerts or changes."""

    sink: str
    messages: int


@dataclass(frozen=True)
class NotificationFailed(Event, name="notification.failed", level="warning"):
    """A sink did not take what it was sent; it is tried again later. ``failures`` are those in a row."""

    sink: str
    failures: int
    because: str


@dataclass(frozen=True)
class NotificationDropped(Event, name="notification.dropped", level="error"):
    """So many changes are told to nobody: they were refused, or could not be told for a day. They are on record all the same."""

    sink: str
    messages: int
    because: str


Emit = Callable[[Event], None]


def discard_event(_event: Event) -> None:
    """Take an event and do nothing with it."""


def lines_to(stream: TextIO, moment: Callable[[], str]) -> Emit:
    """Return what writes each event as a line of JSON, at once; progress alone is passed over. ``moment`` is as ISO 8601."""

    def emit(event: Event) -> None:
        if event.level == "debug":
            return
        facts = {"at": moment(), "event": event.name, "level": event.level, **asdict(event)}
        line = REDACTOR.redact_bytes(orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE))
        stream.write(printable_json(line).decode())
        stream.flush()

    return emit
