"""What last changed something: the ledger asked on behalf of an explanation."""

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from controller.engine.installation.installation import Installation
from controller.engine.live.records import refs_of
from controller.ledger.entities import entities_of
from controller.ledger.records import POWER, iso_ms
from controller.model.ledger_record import LedgerRecord
from controller.model.ref import ResourceRef

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

    def begun(self, record: LedgerRecord) -> LedgerRecord | None:
        """Return the record that announced a live change."""
        return next(self._installation.ledger.records([record.intended]), None)

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
