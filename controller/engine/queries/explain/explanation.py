"""Why something is as it is: the answer as a value."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from controller.engine.desired.load_revision import LoadedRevision
from controller.engine.installation.installation import Installation
from controller.engine.power.fleet import GROUP, LIVE, AcceptedNow
from controller.engine.queries.effective import EffectiveDocument, effective_documents
from controller.kinds.language.kind import Kind
from controller.kinds.schedule import ScheduleChoice, ScheduleSpec
from controller.ledger.heads import Chained
from controller.ledger.records import EntityKey, entity_of_item, iso_ms, refs_of
from controller.ledger.summaries import RecordSummary, newest_first
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import LedgerRecord
from controller.model.live import FoundGroup, FoundInstance
from controller.model.override import Override
from controller.model.plan import Change, Note, ScopePlan, Violation
from controller.model.ref import Origin, ResourceRef
from controller.planning.scope_plan import blocks
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
    SHORT = "short"


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
    short: tuple[str, ...] = ()
    """Groups it is, or has, that are to be on and have fewer instances in service than they were asked for, or none."""
    lifecycle: str = ""
    """The instance's state in its group."""
    states: Mapping[str, int]
    """EC2 states of the instances it is, or has -> how many."""
    left_alone: Mapping[str, int] = field(default_factory=dict)
    """Of these, the ones it has that are noschedule, as their role or a tag says: they are in order as they are."""
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
    strays: tuple[RecordSummary, ...] = ()
    """Records of it that stand in no chain, newest first: none of them counts."""

    @property
    def in_order(self) -> bool | None:
        """Whether it is as it is wanted; None where nothing is wanted, or it cannot be told."""
        found = self.power
        if found is None or found.environment is None or self.at != self.now:
            return None
        wanted = found.decision.wanted
        if wanted not in STATES.values():
            return None
        counted = Counter(found.states)
        counted.subtract(found.left_alone)
        return not found.short and all(
            STATES.get(state) is wanted for state, count in counted.items() if count
        )


MOST: Final = 40
"""Records looked through for the one that made something as it is."""
_ENDED: Final = ("succeeded", "failed")
_SCHEDULE: Final = ("ManualScheduleUp", "ScheduleAutomatically", "DefaultSchedule")


@dataclass(frozen=True, slots=True)
class LedgerQuestions:
    """Asks the ledger of one installation. Everything raises as any read."""

    installation: Installation
    accepted: AcceptedState
    chained: Chained
    until: str
    """The last moment from which records count, as they spell it."""

    @classmethod
    def of(cls, state: AcceptedNow, until: datetime | None = None) -> "LedgerQuestions":
        """Return what asks an installation's ledger, up to a moment: None for all that is known now."""
        installation = state.accounts.installation
        last = "~" if until is None else iso_ms(until)
        return cls(installation, state.accepted, Chained(installation.leases), last)

    def ended(
        self, table: str, key: str, about: Collection[ResourceRef] = ()
    ) -> LedgerRecord | None:
        """Return the newest record of a live object, or of an environment's power, that ended and is about one of these, or any."""
        for record in self._of_item(table, key):
            if record.phase in _ENDED and (not about or not set(about).isdisjoint(refs_of(record))):
                return record
        return None

    def document(self, ref: ResourceRef) -> Iterator[LedgerRecord]:
        """Yield the newest records of a document's items, newest first."""
        entities = self.entities(ref)
        yield from newest_first(record for entity in entities for record in self._of_item(*entity))

    def entities(self, ref: ResourceRef) -> tuple[EntityKey, ...]:
        """Return what a group, or the items of a document that was accepted, are called in the ledger; instances by no name of theirs."""
        if ref.kind in LIVE:
            return (EntityKey(*ref),) if ref.kind == GROUP else ()
        master, items = self.installation.master, self.accepted.items.get(ref, {})
        return tuple(
            entity_of_item(table.prefixed(master.settings.resource_prefix), items[table.name])
            for table in master.kinds[ref.kind].tables
            if table.name in items
        )

    def strays(self, *entities: EntityKey) -> tuple[RecordSummary, ...]:
        """Return which of the newest records of these stand in no chain, newest first."""
        ledger = self.installation.ledger
        found = (next(ledger.lines_in_table(entity, MOST)) for entity in entities)
        newest = newest_first(chain.from_iterable(found))[:MOST]
        return tuple(
            replace(line, sequence=0)
            for line in newest
            if line.iso_timestamp <= self.until
            and not self.chained.holds(line.scope, line.sequence)
        )

    def _of_item(
        self, table: str, key: str, range_key: str | None = None
    ) -> Iterator[LedgerRecord]:
        """Return the newest records of an item that count, newest first."""
        of_item = self.installation.ledger.of_item(table, key, range_key)
        counted = (
            record
            for record in of_item
            if record.iso_timestamp <= self.until
            and self.chained.holds(record.scope, record.sequence)
        )
        return islice(counted, MOST)


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
    owner: ResourceRef | None, rule: Rule | None, accepted: AcceptedState, ledger: LedgerQuestions
) -> Iterator[Written]:
    """Yield where the deciding rule was written, which is of ``owner``. Raises as asking the ledger."""
    if rule is None or owner is None or owner not in accepted.resources:
        return
    if rule.source is not Source.ENVIRONMENT:
        yield written(owner, accepted, ledger)
        return
    record = None
    for older in ledger.document(owner):
        images = [(image or {}).get("Value") or {} for image in (older.old_value, older.new_value)]
        before, schedule = (
            {name: value[name] for name in _SCHEDULE if name in value} for value in images
        )
        if schedule:
            record = older
            if before != schedule:
                break
    yield Written(owner, accepted.resources[owner].origin._replace(column=0), record)
    choice = accepted.specs[owner].schedule
    used = ResourceRef("Schedule", choice.use or "")
    if choice.mode == "automatic" and used in accepted.resources:
        origin = accepted.resources[used].origin._replace(column=0)
        yield Written(used, origin, schedule=accepted.specs[used])


def written(ref: ResourceRef, accepted: AcceptedState, ledger: LedgerQuestions) -> Written:
    """Return where a document that can be read was written, and who changed it last."""
    return Written(
        ref, accepted.resources[ref].origin._replace(column=0), next(ledger.document(ref), None)
    )


@dataclass(frozen=True, slots=True)
class FromSource:
    """The source as just loaded, and the plan of the config scope made from it."""

    revision: LoadedRevision
    made: ScopePlan | None


def explain_document(
    ref: ResourceRef, state: AcceptedNow, at: datetime, now: datetime
) -> Explanation:
    """Return the answer for a document that was accepted. Raises as asking the ledger."""
    ledger, accepted = LedgerQuestions.of(state), state.accepted
    found = state.seen.scopes[0].objects.get(ref)
    return Explanation(
        ref=ref,
        at=at,
        now=now,
        revision=found.mark.revision if found is not None and found.mark is not None else "",
        last=LastChange(next(ledger.document(ref), None)),
        written=(written(ref, accepted, ledger),) if ref in accepted.resources else (),
        overrides=tuple(override for override in accepted.overrides if override.ref == ref),
        steps=(NextStep(StepKind.HISTORY, str(ref)), NextStep(StepKind.DOCUMENT, str(ref))),
        strays=ledger.strays(*ledger.entities(ref)),
    )


def with_source(
    answer: Explanation, source: FromSource, kinds: Mapping[str, Kind[Any]]
) -> Explanation:
    """Add where each value comes from and what keeps the document from being applied, as far as the source tells."""
    ref, plan = answer.ref, source.made
    if ref not in source.revision.loaded.resources:
        return replace(answer, source=SourceFacts(document=None))
    (document,) = effective_documents(source.revision, kinds, str(ref))
    facts = SourceFacts(
        document=document,
        changes=tuple(change for change in plan.changes if change.ref == ref) if plan else (),
        blocks=blocks(plan, ref) if plan else (),
    )
    return replace(answer, source=facts)
