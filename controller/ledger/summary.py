"""One line of the ledger: who changed which item when and why, without the images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.ledger.entities import EntityKey
from controller.ledger.record_items import actor_of, to_item
from controller.model.ledger_record import Actor, LedgerRecord

NOBODY = Actor("", "", "", "")
POWER: Final = "Power"
"""Entity type of a record of instances that were switched; its key is ``<scope>/<environment>``."""


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What the indexes hold of a record. Texts are empty and ``sequence`` is 0 for records other programs wrote."""

    audit_id: str
    iso_timestamp: str
    """UTC, milliseconds, ``Z``."""
    transaction_id: str
    changed_by: str
    entity: EntityKey
    entity_version: int | None
    change_type: str
    cause: str
    phase: str
    origin: str
    scope: str
    sequence: int
    actor: Actor

    @property
    def is_power(self) -> bool:
        """Whether it is of instances switched: many, and seldom what is looked for, so lists show them only when asked."""
        return self.entity.table == POWER


def summary_of_item(item: Mapping[str, Any]) -> RecordSummary:
    """Read a plain item of the audit table or of one of its indexes, whoever wrote it."""
    entity: Mapping[str, Any] = item.get("Entity") or {}
    actor = item.get("Actor")
    range_key = entity.get("Range")
    return RecordSummary(
        audit_id=item["AuditID"],
        iso_timestamp=item.get("ISOTimestamp") or "",
        transaction_id=item.get("TransactionID") or "",
        changed_by=item.get("ChangedBy") or "",
        entity=EntityKey(
            str(entity.get("Type", "")),
            str(entity.get("Key", "")),
            None if range_key is None else str(range_key),
        ),
        entity_version=entity.get("Version"),
        change_type=item.get("ChangeType") or "",
        cause=item.get("Cause") or "",
        phase=item.get("Phase") or "",
        origin=item.get("Origin") or "",
        scope=item.get("Scope") or "",
        sequence=item.get("Sequence") or 0,
        actor=actor_of(actor) if isinstance(actor, Mapping) else NOBODY,
    )


def summary_of(record: LedgerRecord) -> RecordSummary:
    """Return the line of a full record."""
    return summary_of_item(to_item(record))
