"""Why something is as it is: the answer as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from controller.engine.queries.effective import EffectiveDocument
from controller.kinds.parts.schedule_choice import ScheduleChoice
from controller.kinds.schedule import ScheduleSpec
from controller.model.ledger_record import LedgerRecord
from controller.model.live import FoundGroup, FoundInstance
from controller.model.override import Override
from controller.model.plan import Change, Note, Violation
from controller.model.ref import Origin, ResourceRef
from controller.scheduling.decision import Decision
from controller.scheduling.facts import EnvironmentFacts
from controller.scheduling.schedule import State

STATES: Final = {"running": State.ON, "stopped": State.OFF}
"""EC2's states of instances that are where they may be wanted."""


class BlockCode(StrEnum):
    """What keeps something from being as it is wanted, or might be taken for it."""

    MODE = "mode"
    NOT_OBSERVED = "not observed"
    DECISION = "decision"
    NOT_VALID = "not valid"
    MAINTENANCE = "maintenance"
    DEPLOYMENTS_LOCKED = "deployments locked"
    SCHEDULE_PROTECTED = "schedule protected"


class Block(NamedTuple):
    """``subject`` is the scope, or the environment type, it is about; ``detail`` the mode, or why."""

    code: BlockCode
    subject: str = ""
    detail: str = ""


class StepKind(StrEnum):
    """What to do next."""

    CORRECT_TAG = "correct tag"
    REMOVE_TAG = "remove tag"
    OVERRIDE = "override"
    HISTORY = "history"
    DOCUMENT = "document"


class NextStep(NamedTuple):
    """What to do next, with what."""

    kind: StepKind
    target: str
    tag: str = ""
    """Key of the tag."""
    state: State = State.NONE
    """What an override would have it be."""
    instances: int = 1
    """How many an override would concern."""


class NextChange(NamedTuple):
    """A change to come: ``on``, ``off`` or ``noschedule``."""

    at: datetime
    state: State


class Written(NamedTuple):
    """Where a document was written, the record of what last changed it, and the Schedule it is, if it is one."""

    ref: ResourceRef
    origin: Origin
    record: LedgerRecord | None = None
    schedule: ScheduleSpec | None = None


class LastChange(NamedTuple):
    """The record that made something as it is, when that began, and the last start of its instances."""

    record: LedgerRecord | None
    begun: LedgerRecord | None = None
    launched_at: datetime | None = None


class Subject(NamedTuple):
    """What is explained: what it belongs to. Empty texts where there is none."""

    environment: str
    role: str = ""
    group: str = ""
    instance: str = ""

    def refs(self, scope: str) -> tuple[ResourceRef, ...]:
        """Return everything an override may be of, narrowest first."""
        found = (
            ResourceRef("Instance", f"{scope}/{self.instance}") if self.instance else None,
            ResourceRef("Group", f"{scope}/{self.group}") if self.group else None,
            ResourceRef("Environment", self.environment) if self.environment else None,
        )
        return tuple(ref for ref in found if ref is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerFacts:
    """An instance, a group or an environment as it was found, what is wanted of it, and by which rule."""

    scope: str
    subject: Subject
    environment_type: str = ""
    """Of an environment."""
    instance: FoundInstance | None = None
    group: FoundGroup | None = None
    """The group it is, or the instance is in."""
    groups: int = 0
    """How many groups an environment's instances are in."""
    lifecycle: str = ""
    """The instance's state in its group."""
    states: Mapping[str, int]
    """EC2 states of the instances it is, or has -> how many."""
    decision: Decision
    environment: EnvironmentFacts | None
    """As documents have it, no override over it; None where the environment is not known."""
    known_as_ours: bool = False
    """Of something of no known environment: whether the ledger knows it as ours."""
    owner: ResourceRef | None = None
    """The document whose schedule decides; None where a tag or an override does."""
    choice: ScheduleChoice | None = None
    """What the environment says of its schedule; None where it cannot be read back."""
    next: tuple[NextChange, ...] = ()

    @property
    def switches(self) -> bool:
        """Tell whether it is to be on or off, not left alone."""
        return self.decision.wanted in (State.ON, State.OFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What the source says of a document. ``document`` is None where it has it no more."""

    document: EffectiveDocument | None
    changes: tuple[Change, ...] = ()
    """Changes of it that a plan of the source has."""
    blocks: tuple[Violation | Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer. ``at`` is the moment asked about, ``now`` that of the look; what does not apply is empty or None."""

    ref: ResourceRef
    at: datetime
    now: datetime
    zone: tzinfo = UTC
    power: PowerFacts | None = None
    """None for a document that is no environment."""
    revision: str = ""
    """Of a document: the revision it was last applied from."""
    last: LastChange
    written: tuple[Written, ...] = ()
    """The documents that say so."""
    overrides: tuple[Override, ...] = ()
    blocks: tuple[Block, ...] = ()
    information: tuple[Block, ...] = ()
    """What might be taken for a block and is none."""
    steps: tuple[NextStep, ...] = ()
    source: SourceFacts | None = None
    """None where the source was not read."""

    @property
    def in_order(self) -> bool | None:
        """Whether it is as it is wanted; None where nothing is wanted, or it cannot be told."""
        found = self.power
        if found is None or found.environment is None or not found.switches or self.at != self.now:
            return None
        return all(STATES.get(state) is found.decision.wanted for state in found.states)
