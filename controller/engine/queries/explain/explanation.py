"""Why something is as it is: the answer as a value."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Any, Final, NamedTuple

from controller.engine.installation.installation import Installation
from controller.engine.live.journal import refs_of
from controller.engine.queries.effective import EffectiveDocument
from controller.kinds.schedule import ScheduleChoice, ScheduleSpec
from controller.ledger.queries import entities_of
from controller.ledger.records import BY_MOMENT, POWER, iso_ms
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import LedgerRecord
from controller.model.live import FoundGroup, FoundInstance
from controller.model.override import Override
from controller.model.plan import Change, Note, Violation
from controller.model.ref import Origin, ResourceRef
from controller.scheduling.decision import Decision, Rule, Verdict
from controller.scheduling.facts import EnvironmentFacts, Source
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


MOST: Final = 40
"""Records looked through for the one that made something as it is."""
_ENDED: Final = ("succeeded", "failed")
_SCHEDULE: Final = ("ManualScheduleUp", "ScheduleAutomatically", "DefaultSchedule")


class LedgerQuestions:
    """Asks the ledger of one installation. Everything raises as any read."""

    def __init__(self, installation: Installation, until: datetime | None = None) -> None:
        """Take the installation, and the moment later records do not count from."""
        self._installation = installation
        self._until = "~" if until is None else iso_ms(until)

    def switched(
        self, scope: str, environment: str, refs: Collection[ResourceRef] | None = None
    ) -> LedgerRecord | None:
        """Return the newest record of power of an environment that ended and is about one of these instances and groups, or any."""
        for record in self._of_item(POWER, f"{scope}/{environment}"):
            if record.phase in _ENDED and (
                refs is None or not set(refs).isdisjoint(refs_of(record))
            ):
                return record
        return None

    def live(self, ref: ResourceRef) -> LedgerRecord | None:
        """Return the newest record of a live object itself that ended."""
        of_item = self._of_item(ref.kind, ref.key)
        return next((record for record in of_item if record.phase in _ENDED), None)

    def document(self, ref: ResourceRef) -> LedgerRecord | None:
        """Return the newest record of a document's items."""
        return next(self._records(ref), None)

    def schedule_set(self, environment: str) -> LedgerRecord | None:
        """Return the record that gave an environment the schedule it has."""
        oldest = None
        for record in self._records(ResourceRef("Environment", environment)):
            schedule = _schedule_of(record.new_value)
            if not schedule:
                continue
            oldest = record
            if _schedule_of(record.old_value) != schedule:
                return record
        return oldest

    def _of_item(
        self, table: str, key: str, range_key: str | None = None
    ) -> Iterator[LedgerRecord]:
        """Yield the newest records of an item that count, newest first."""
        of_item = self._installation.ledger.of_item(table, key, range_key)
        yield from islice(
            (record for record in of_item if record.iso_timestamp <= self._until), MOST
        )

    def _records(self, ref: ResourceRef) -> Iterator[LedgerRecord]:
        """Yield the newest records of a document's items, newest first."""
        master = self._installation.master
        kind = master.kinds.get(ref.kind)
        if kind is None:
            return
        prefix = master.settings.resource_prefix
        entities = entities_of(kind, ref.key, prefix, master.store.scan)
        found = [record for entity in entities for record in self._of_item(*entity)]
        yield from sorted(found, key=BY_MOMENT, reverse=True)


def _schedule_of(image: Any) -> dict[str, Any]:
    value = (image or {}).get("Value") or {}
    return {name: value[name] for name in _SCHEDULE if name in value}


def owner_of(rule: Rule | None, subject: Subject, accepted: AcceptedState) -> ResourceRef | None:
    """Return the document that a deciding rule is of; None where it is a person's tag, an override, or none decides."""
    if rule is None or rule.verdict is not Verdict.DECIDES or rule.is_persons_tag:
        return None
    environment = ResourceRef("Environment", subject.environment)
    if rule.source is Source.ENVIRONMENT:
        return environment
    if rule.source not in (Source.ROLE, Source.GROUP):
        return None
    spec = accepted.specs.get(environment)
    role = (spec.roles or {}).get(subject.role) if spec is not None else None
    if spec is None or getattr(role, "schedule", None) is not None:
        return environment
    return ResourceRef("DeploymentMap", spec.deployment_map)


def deciding_documents(
    rule: Rule | None, subject: Subject, accepted: AcceptedState, ledger: LedgerQuestions
) -> Iterator[Written]:
    """Yield where the deciding rule was written. Raises as asking the ledger."""
    owner = owner_of(rule, subject, accepted)
    if rule is None or owner is None:
        return
    if rule.source is not Source.ENVIRONMENT:
        yield from written(owner, accepted, ledger)
        return
    spec = accepted.specs.get(owner)
    if spec is None:
        return
    record = ledger.schedule_set(subject.environment)
    yield Written(owner, accepted.resources[owner].origin._replace(column=0), record)
    used = used_schedule(spec.schedule)
    if used is not None and used in accepted.resources:
        origin = accepted.resources[used].origin._replace(column=0)
        yield Written(used, origin, schedule=accepted.specs[used])


def used_schedule(choice: ScheduleChoice) -> ResourceRef | None:
    """Return the Schedule that an environment follows; None where it has one of its own, or a mode."""
    follows = choice.use if choice.mode == "automatic" else None
    return ResourceRef("Schedule", follows) if follows else None


def written(
    ref: ResourceRef, accepted: AcceptedState, ledger: LedgerQuestions
) -> Iterator[Written]:
    """Yield where a document was written, and who changed it last; nothing where it cannot be read."""
    if ref in accepted.resources:
        yield Written(ref, accepted.resources[ref].origin._replace(column=0), ledger.document(ref))
