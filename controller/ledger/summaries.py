"""Lines of records, and their order: what indexes hold of them, whoever wrote them, so that lists show also what is no record of ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

from controller.ledger.records import (
    ACTOR,
    ATTRIBUTES,
    OF_SOME_ACTORS,
    POWER,
    EntityKey,
    actor_of_item,
    is_sequence,
    to_item,
)
from controller.model.ledger_record import Actor, LedgerRecord

NOBODY = Actor("", "", "", "")


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """What the indexes hold of a record. Texts are empty for records other programs wrote; ``sequence`` is 0 for what stands in no chain."""

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
    def is_in_no_chain(self) -> bool:
        """Whether it has no place in any scope's chain, as far as the line was compared with heads: others wrote it, whoever it names."""
        return not self.scope or self.sequence == 0

    @property
    def is_power(self) -> bool:
        """Whether it is of instances switched: many, and seldom what is looked for, so lists show them only when asked."""
        return self.entity.table == POWER


class ChainLine(NamedTuple):
    """The little of a record that tells which one it is, of which item, and when: less to read than a summary where there are many."""

    audit_id: str
    iso_timestamp: str
    sequence: int
    phase: str
    entity: EntityKey
    scope: str


OF_CHAIN_LINE: Final = ("AuditID", "ISOTimestamp", "Sequence", "Phase", "Entity")


def chain_line_of_item(item: Mapping[str, Any], scope: str) -> ChainLine:
    """Read a plain item of a scope in an index that holds these attributes, whoever wrote it."""
    return ChainLine(
        _shown(item.get("AuditID")),
        _shown(item.get("ISOTimestamp")),
        item["Sequence"] if is_sequence(item.get("Sequence")) else 0,
        _shown(item.get("Phase")),
        _entity(item.get("Entity")),
        scope,
    )


def _entity(named: Any) -> EntityKey:
    said = named if isinstance(named, Mapping) else {}
    range_key = said.get("Range")
    range_text = None if range_key is None else str(range_key)
    return EntityKey(str(said.get("Type", "")), str(said.get("Key", "")), range_text)


def summary_of_item(item: Mapping[str, Any]) -> RecordSummary:
    """Read a plain item of the audit table or of one of its indexes, whoever wrote it."""
    entity, actor = item.get("Entity"), item.get("Actor")
    version = entity.get("Version") if isinstance(entity, Mapping) else None
    return RecordSummary(
        **{field: _shown(item.get(name)) for name, field in _OF_SUMMARY.items()},
        entity=_entity(entity),
        entity_version=version if isinstance(version, int) else None,
        sequence=item["Sequence"] if is_sequence(item.get("Sequence")) else 0,
        actor=_shown_actor(actor) if isinstance(actor, Mapping) else NOBODY,
    )


_OF_SUMMARY: Final = {
    "AuditID": "audit_id",
    **{
        name: field
        for name, field in ATTRIBUTES.items()
        if field != "sequence" and field in RecordSummary.__slots__
    },
}
_LONGEST_GARBAGE: Final = 40


def _shown(value: Any) -> str:
    """Return a text as it is, empty for nothing, and the beginning of whatever else stands in its place."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)[:_LONGEST_GARBAGE]


def _shown_actor(item: Mapping[str, Any]) -> Actor:
    texts = (ACTOR | OF_SOME_ACTORS).items()
    try:
        return actor_of_item(item)
    except (KeyError, TypeError, AttributeError):
        shown: dict[str, Any] = {field: _shown(item.get(name)) for name, field in texts}
        return Actor(**shown)


def summary_of(record: LedgerRecord) -> RecordSummary:
    """Return the line of a full record."""
    return summary_of_item(to_item(record))


BY_MOMENT: Final = attrgetter("iso_timestamp", "sequence")
"""Sorts records and their lines by time; those of one moment, which an index holds in no order, by sequence."""
Placed = TypeVar("Placed", LedgerRecord, RecordSummary)


def newest_first(records: Iterable[Placed]) -> list[Placed]:
    """Sort records by time, newest first, but those of one scope by sequence: the clock of a writer may have been wrong."""
    by_time = sorted(records, key=BY_MOMENT, reverse=True)
    of_scopes: dict[str, list[Placed]] = {}
    for record in by_time:
        of_scopes.setdefault(record.scope, []).append(record)
    in_sequence = {
        scope: iter(sorted(found, key=attrgetter("sequence"), reverse=True) if scope else found)
        for scope, found in of_scopes.items()
    }
    return [next(in_sequence[record.scope]) for record in by_time]
