"""When something last changed, by what, and whose commit that was: the ledger asked on behalf of an explanation."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any, Final

from controller.engine.installation.installation import Installation
from controller.engine.live.records import refs_of
from controller.kinds.language.kind import Kind
from controller.ledger.entities import entities_of
from controller.ledger.records import iso_ms
from controller.ledger.summary import POWER
from controller.model.ledger_record import LedgerRecord
from controller.model.origin import UNKNOWN_AUTHORSHIP
from controller.model.ref import ResourceRef

MOST: Final = 40
"""Records looked through for the one that made something as it is."""
_ENDED: Final = ("succeeded", "failed")
_SCHEDULE: Final = ("ManualScheduleUp", "ScheduleAutomatically", "DefaultSchedule")
_SHORT: Final = 7


class LedgerQuestions:
    """Asks the ledger of one installation. Everything raises as any read."""

    def __init__(
        self, installation: Installation, zone: tzinfo = UTC, until: datetime | None = None
    ) -> None:
        """Take the installation, the zone moments are told in, and the moment later records do not count from."""
        self._installation = installation
        self._zone = zone
        self._until = "~" if until is None else iso_ms(until)

    def switched(
        self, scope: str, environment: str, refs: Collection[ResourceRef]
    ) -> LedgerRecord | None:
        """Return the newest record of power that ended and is about one of these instances and groups."""
        for record in self._of_item(POWER, f"{scope}/{environment}"):
            if record.phase in _ENDED and not set(refs).isdisjoint(refs_of(record)):
                return record
        return None

    def switched_environment(self, scope: str, environment: str) -> LedgerRecord | None:
        """Return the newest record of power of an environment that ended."""
        of_item = self._of_item(POWER, f"{scope}/{environment}")
        return next((one for one in of_item if one.phase in _ENDED), None)

    def live(self, ref: ResourceRef) -> LedgerRecord | None:
        """Return the newest record of a live object itself that ended."""
        of_item = self._of_item(ref.kind, ref.key)
        return next((one for one in of_item if one.phase in _ENDED), None)

    def document(self, ref: ResourceRef) -> LedgerRecord | None:
        """Return the newest record of a document's items."""
        return next(self._records(ref), None)

    def schedule_set(self, environment: str) -> LedgerRecord | None:
        """Return the record that gave an environment the schedule it has."""
        oldest = None
        for record in self._records(ResourceRef("Environment", environment)):
            if not _has_schedule(record.new_value):
                continue
            oldest = record
            if _schedule_of(record.old_value) != _schedule_of(record.new_value):
                return record
        return oldest

    def by(self, record: LedgerRecord) -> str:
        """Return by whom: ``tango-dev, 4e0c2d1, 3 Nov``."""
        actor, at = record.actor, datetime.fromisoformat(record.iso_timestamp)
        commit = actor.commit[:_SHORT]
        local = at.astimezone(self._zone)
        author = "" if actor.author == UNKNOWN_AUTHORSHIP.author else actor.author
        who = author or record.changed_by or "somebody"
        return ", ".join(filter(None, (who, commit, f"{local.day} {local:%b}")))

    def when(self, record: LedgerRecord) -> str:
        """Return the moment with seconds: ``Tue 24 Nov 19:00:41 GMT``."""
        local = datetime.fromisoformat(record.iso_timestamp).astimezone(self._zone)
        return f"{local:%a} {local.day} {local:%b %H:%M:%S %Z}"

    def took(self, record: LedgerRecord) -> str:
        """Return from when to when a live change was made: ``Tue 24 Nov 19:00:22-19:00:41 GMT``."""
        begun = next(self._installation.ledger.records([record.intended]), None)
        text = self.when(record)
        if begun is None or begun.iso_timestamp[:19] == record.iso_timestamp[:19]:
            return text
        start = datetime.fromisoformat(begun.iso_timestamp).astimezone(self._zone)
        day, _, end = text.rpartition(f"{text.split()[-2]}")
        return f"{day}{start:%H:%M:%S}\N{EN DASH}{text.split()[-2]}{end}"

    def _of_item(
        self, table: str, key: str, range_key: str | None = None
    ) -> Iterator[LedgerRecord]:
        """Yield the newest records of an item that count, newest first."""
        of_item = self._installation.ledger.of_item(table, key, range_key)
        yield from islice((one for one in of_item if one.iso_timestamp <= self._until), MOST)

    def _records(self, ref: ResourceRef) -> Iterator[LedgerRecord]:
        """Yield the newest records of a document's items, newest first."""
        master = self._installation.master
        kind: Kind[Any] | None = master.kinds.get(ref.kind)
        if kind is None:
            return
        entities = entities_of(
            kind,
            ref.key,
            master.settings.resource_prefix,
            lambda table: master.store.scan(table, 1),
        )
        found = [record for entity in entities for record in self._of_item(*entity)]
        yield from sorted(found, key=lambda one: (one.iso_timestamp, one.sequence), reverse=True)


def change_line(record: LedgerRecord, ref: ResourceRef) -> str:
    """Return what a live change did to an object: ``InService, running → Standby, stopped``."""
    before, after = (_image(image, ref) for image in (record.old_value, record.new_value))
    text = f"{_state(before)} → {_state(after)}"
    return (
        f"{text}  FAILED: {record.new_meta.get('Message', '')}"
        if record.phase == "failed"
        else text
    )


def by_line(record: LedgerRecord) -> str:
    """Return ``by envctl (scheduled), audit 01JDF…``."""
    commit = (
        f"  commit {record.actor.commit[:_SHORT]} {record.actor.author}"
        if record.actor.commit
        else ""
    )
    return f"by {record.changed_by or record.actor.applied_by} ({record.cause}), audit {record.transaction_id}{commit}"


def _image(image: Any, ref: ResourceRef) -> Any:
    return image.get(str(ref), image) if image else None


def _state(image: Any) -> str:
    if not image:
        return "nothing"
    words: Iterable[Any] = (image.get("lifecycle"), image.get("state"))
    told = ", ".join(str(word) for word in words if word)
    return told or ", ".join(f"{name} {value}" for name, value in sorted(image.items()))


def _has_schedule(image: Any) -> bool:
    return bool(_schedule_of(image))


def _schedule_of(image: Any) -> dict[str, Any]:
    value = (image or {}).get("Value") or {}
    return {name: value[name] for name in _SCHEDULE if name in value}
