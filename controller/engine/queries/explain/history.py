"""What last changed something, by the ledger, and where the rule that decides about power was written."""

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from controller.engine.installation.installation import Installation
from controller.engine.live.records import refs_of
from controller.engine.queries.explain.explanation import Subject, Written
from controller.kinds.parts.schedule_choice import ScheduleChoice
from controller.ledger.entities import entities_of
from controller.ledger.records import POWER, iso_ms
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import LedgerRecord
from controller.model.ref import ResourceRef
from controller.scheduling.decision import Rule, Verdict
from controller.scheduling.facts import Source

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
        entities = entities_of(
            kind,
            ref.key,
            master.settings.resource_prefix,
            lambda table: master.store.scan(table, 1),
        )
        found = [record for entity in entities for record in self._of_item(*entity)]
        yield from sorted(
            found, key=lambda record: (record.iso_timestamp, record.sequence), reverse=True
        )


def _schedule_of(image: Any) -> dict[str, Any]:
    value = (image or {}).get("Value") or {}
    return {name: value[name] for name in _SCHEDULE if name in value}


def owner_of(rule: Rule | None, subject: Subject, accepted: AcceptedState) -> ResourceRef | None:
    """Return the document that a deciding rule is of; None where it is a person's tag, an override, or none decides."""
    if rule is None or rule.verdict is not Verdict.DECIDES or rule.candidate.is_persons_tag:
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
    yield Written(owner, accepted.resources[owner].origin.at_line, record)
    used = used_schedule(spec.schedule)
    if used is not None and used in accepted.resources:
        origin = accepted.resources[used].origin.at_line
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
        yield Written(ref, accepted.resources[ref].origin.at_line, ledger.document(ref))
