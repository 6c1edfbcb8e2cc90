"""Items as they were at a moment: those of now, with what was recorded since undone. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from controller.ledger.outside_record import GAP
from controller.ledger.records import EntityKey, iso_ms
from controller.ledger.replay import PHASES
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.ledger.summaries import BY_MOMENT, ChainLine
from controller.model.ledger_record import LedgerRecord

_SECOND: Final = len("2026-11-24T19:00:00")
"""So much of a moment names its second. Streams tell no more of an event."""
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
) -> dict[EntityKey, tuple[ChainLine, ...]]:
    """Return the earliest of these lines of each item of the (physical) tables, whatever their order.

    Where that is of a change by others it is the first; those of ours of the same second follow it: which came first their
    images tell.
    """
    ours: dict[EntityKey, list[ChainLine]] = {}
    others: dict[EntityKey, ChainLine] = {}
    for line in lines:
        if line.phase not in PHASES or line.entity.table not in tables:
            continue
        if line.scope.startswith(STREAM_PREFIX):
            others[line.entity] = min(others.get(line.entity, line), line, key=BY_MOMENT)
            continue
        known = ours.setdefault(line.entity, [])
        if known and _second(line) < _second(known[0]):
            known.clear()
        if not known or _second(line) == _second(known[0]):
            known.append(line)
    return {
        entity: _candidates(others.get(entity), ours.get(entity, ()))
        for entity in ours.keys() | others.keys()
    }


def _second(line: ChainLine) -> str:
    return line.iso_timestamp[:_SECOND]


def _candidates(other: ChainLine | None, ours: Sequence[ChainLine]) -> tuple[ChainLine, ...]:
    if other is None:
        return (min(ours, key=BY_MOMENT),)
    if not ours or _second(other) < _second(ours[0]):
        return (other,)
    first = min(ours, key=BY_MOMENT)
    # A second's beginning is all that is known of it: ours of that second may have come before.
    return (other, *ours) if other.iso_timestamp <= first.iso_timestamp else (first,)


def undo(
    now: Mapping[EntityKey, Image], changes: Iterable[LedgerRecord], at: datetime
) -> Iterator[PastItem]:
    """Yield each item there was at ``at``; ``changes`` are the records of the ``earliest_changes`` after it."""
    changed: dict[EntityKey, list[LedgerRecord]] = {}
    for record in changes:
        entity = EntityKey(record.entity_type, record.entity_key, record.entity_range)
        changed.setdefault(entity, []).append(record)
    for entity, records in changed.items():
        image, doubt = _before(_first(records))
        if image is not None:
            yield PastItem(entity, image, now.get(entity), doubt)
    moment = iso_ms(at)
    for entity, image in now.items():
        if entity not in changed:
            later = _last_changed(image) > moment
            yield PastItem(entity, image, image, Doubt.NOT_RECORDED if later else None)


def _first(records: Sequence[LedgerRecord]) -> LedgerRecord:
    """Return which of an item's candidates came first: of others' the one, unless it found what one of ours left."""
    ours = [record for record in records if not record.scope.startswith(STREAM_PREFIX)]
    others = [record for record in records if record.scope.startswith(STREAM_PREFIX)]
    if others and others[0].before not in {record.after for record in ours}:
        return others[0]
    return min(ours, key=BY_MOMENT)


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
