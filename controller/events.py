"""What happens, as values: one class per event, told to whoever listens.

An event's name is its class's ``name``, a dotted noun.verb; its facts are its fields. No secret is ever one of them.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import ClassVar, Literal, Self, TextIO

import orjson

from controller.model.plan import Outcome

Level = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Event:
    """Root of all events."""

    name: ClassVar[str] = "event"
    level: ClassVar[Level] = "info"


@dataclass(frozen=True, slots=True)
class DesiredLoaded(Event):
    """A revision was read and is right."""

    name: ClassVar[str] = "desired.loaded"
    source: str
    revision: str
    objects: int
    warnings: int


@dataclass(frozen=True, slots=True)
class DesiredRejected(Event):
    """A revision was read and is wrong."""

    name: ClassVar[str] = "desired.rejected"
    level: ClassVar[Level] = "error"
    source: str
    revision: str
    problems: int
    warnings: int


@dataclass(frozen=True, slots=True)
class PlanComputed(Event):
    """A plan was made."""

    name: ClassVar[str] = "plan.computed"
    revision: str
    digest: str
    changes: int


@dataclass(frozen=True, slots=True)
class PlanRefusedByGuard(Event):
    """A guard stands in the way of a plan."""

    name: ClassVar[str] = "plan.refused"
    level: ClassVar[Level] = "error"
    scope: str
    guard: str
    token: str


@dataclass(frozen=True, slots=True)
class EpochTaken(Event):
    """A worker became the owner of a scope."""

    name: ClassVar[str] = "epoch.taken"
    scope: str
    epoch: int
    owner: str


@dataclass(frozen=True, slots=True)
class ApplyProgressed(Event):
    """So many of the changes of a scope have an outcome."""

    name: ClassVar[str] = "apply.progressed"
    level: ClassVar[Level] = "debug"
    scope: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class LeaseNotReleased(Event):
    """A scope could not be given back after a run: until its lease ends the next worker waits. What was done is done."""

    name: ClassVar[str] = "lease.notReleased"
    level: ClassVar[Level] = "warning"
    scope: str
    because: str


@dataclass(frozen=True, slots=True)
class ChangeSettled(Event):
    """One change has its outcome."""

    name: ClassVar[str] = "change.settled"
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


@dataclass(frozen=True, slots=True)
class RunStopped(Event):
    """An apply ended before its end."""

    name: ClassVar[str] = "run.stopped"
    level: ClassVar[Level] = "error"
    scope: str
    because: str


@dataclass(frozen=True, slots=True)
class DriftStormFound(Event):
    """An object is written back and forth by us and by somebody else: it is left alone for a while. Told once."""

    name: ClassVar[str] = "drift.storm"
    level: ClassVar[Level] = "error"
    scope: str
    ref: str
    ours: str
    theirs: str
    until: str


@dataclass(frozen=True, slots=True)
class OpenRecordSettled(Event):
    """What an earlier run had announced and not ended was settled by looking."""

    name: ClassVar[str] = "record.settled"
    level: ClassVar[Level] = "warning"
    scope: str
    ref: str
    record: str
    phase: str
    because: str


@dataclass(frozen=True, slots=True)
class OverrideEndsSoon(Event):
    """What is otherwise for a while will not be for long."""

    name: ClassVar[str] = "override.endsSoon"
    level: ClassVar[Level] = "warning"
    override: str
    ref: str
    what: str
    until: str


@dataclass(frozen=True, slots=True)
class OverrideEnded(Event):
    """What was otherwise for a while is as documents and schedules say again."""

    name: ClassVar[str] = "override.ended"
    override: str
    ref: str
    what: str
    because: str


Emit = Callable[[Event], None]


def discard_event(_event: Event) -> None:
    """Take an event and do nothing with it."""


def line_of(event: Event, at: str) -> str:
    """Return an event as one line of JSON, ended; ``at`` is its moment as ISO 8601."""
    facts = {"at": at, "event": event.name, "level": event.level, **asdict(event)}
    return orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE).decode()


def lines_to(stream: TextIO, moment: Callable[[], str]) -> Emit:
    """Return what writes each event as a line, at once; progress alone is passed over."""

    def emit(event: Event) -> None:
        if event.level == "debug":
            return
        stream.write(line_of(event, moment()))
        stream.flush()

    return emit
