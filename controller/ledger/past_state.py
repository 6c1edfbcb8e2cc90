"""Items as they were at a moment: those of now, with what was recorded since undone. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from controller.ledger.outside_record import GAP
from controller.ledger.records import EntityKey, iso_ms
from controller.ledger.replay import PHASES
from controller.ledger.summaries import BY_MOMENT, ChainLine
from controller.model.ledger_record import LedgerRecord

Image = Mapping[str, Any]


class Doubt(StrEnum):
    """Why an item may have been otherwise than told."""

    BEFORE_FIRST = "before its first record"
    """The ledger met the item later, as it is told."""
    IN_GAP = "in a gap"
    """Nobody read what others changed then; told is what the ledger knew before."""
    NOT_RECORDED = "changed since without a record"
    """The item says that it was changed later, and no record does: told is what it is now."""


class PastItem(NamedTuple):
    """One item as it was. ``image`` is full, sensitive values as their digests."""

    entity: EntityKey
    image: Image
    now: Image | None
    """The same item as it is now; None where it is gone."""
    doubt: Doubt | None


def earliest_changes(
    lines: Iterable[ChainLine], tables: frozenset[str]
) -> dict[EntityKey, ChainLine]:
    """Return the earliest of these lines of each item of the (physical) tables, whatever their order."""
    earliest: dict[EntityKey, ChainLine] = {}
    for line in lines:
        if line.phase in PHASES and line.entity.table in tables:
            known = earliest.get(line.entity)
            if known is None or BY_MOMENT(line) < BY_MOMENT(known):
                earliest[line.entity] = line
    return earliest


def undo(
    now: Mapping[EntityKey, Image], changes: Iterable[LedgerRecord], at: datetime
) -> Iterator[PastItem]:
    """Yield each item there was at ``at``; ``changes`` are the earliest record after it of each item that has one."""
    changed: set[EntityKey] = set()
    for record in changes:
        entity = EntityKey(record.entity_type, record.entity_key, record.entity_range)
        changed.add(entity)
        image, doubt = _before(record)
        if image is not None:
            yield PastItem(entity, image, now.get(entity), doubt)
    moment = iso_ms(at)
    for entity, image in now.items():
        if entity not in changed:
            later = _last_changed(image) > moment
            yield PastItem(entity, image, image, Doubt.NOT_RECORDED if later else None)


def _before(record: LedgerRecord) -> tuple[Image | None, Doubt | None]:
    value, meta = record.old_value, record.old_meta
    if record.change_type == "Baseline":
        if value is None:
            value, meta = record.new_value, record.new_meta
        return {**(value or {}), **meta}, Doubt.BEFORE_FIRST
    if value is None:
        return None, None
    return {**value, **meta}, Doubt.IN_GAP if record.cause == GAP else None


def _last_changed(image: Image) -> str:
    audit = image.get("Audit")
    found = audit.get("LastChanged") if isinstance(audit, Mapping) else None
    return found if isinstance(found, str) else ""
