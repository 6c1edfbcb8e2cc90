"""Records of item writes, and the chain that records make from the head they continue."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from controller.aws.items import canonical_wire, to_wire
from controller.ledger.images import action_of, audit_id, image_digest, split_image
from controller.ledger.record_items import to_item
from controller.model.head import Head
from controller.model.item_write import ItemWrite
from controller.model.ledger_record import Actor, LedgerRecord, Phase

Redact = Callable[[str, dict[str, Any]], dict[str, Any]]
"""(logical table, full image) -> the image with sensitive values replaced by their digests."""

CHANGE_TYPES: Mapping[str, Any] = {
    "create": "Created",
    "update": "Updated",
    "delete": "Deleted",
    "baseline": "Baseline",
}


def build_records(  # noqa: PLR0913 - what a record says comes from that many places
    writes: Sequence[ItemWrite],
    *,
    scope: str,
    actor: Actor,
    plan_digest: str,
    transaction_id: str,
    at: datetime,
    table_name: Callable[[str], str],
    table_arn: Callable[[str], str],
    redact: Redact = lambda _table, image: image,
    phase: Phase = "done",
) -> tuple[LedgerRecord, ...]:
    """Return one record per write, not yet chained.

    ``table_name`` and ``table_arn`` turn a logical table name into the physical one and its ARN. ``phase`` "baseline" records
    items as they are found, with no change.
    """
    return tuple(
        replace(
            _record(write, actor, at, table_name(write.table), redact, phase),
            source=table_arn(write.table),
            scope=scope,
            plan_digest=plan_digest,
            transaction_id=transaction_id,
        )
        for write in writes
    )


def chained(records: Iterable[LedgerRecord], head: Head) -> tuple[LedgerRecord, ...]:
    """Return the records with sequences and hashes that go on from a head."""
    linked = []
    sequence, last_hash = head.sequence, head.last_hash
    for record in records:
        sequence += 1
        placed = replace(record, sequence=sequence, previous_hash=last_hash)
        last_hash = record_hash(placed)
        linked.append(replace(placed, hash=last_hash))
    return tuple(linked)


def record_hash(record: LedgerRecord) -> str:
    """SHA-256 of the canonical JSON of the typed record without its own hash."""
    item = to_item(record)
    del item["Hash"]
    return hashlib.sha256(canonical_wire(to_wire(item))).hexdigest()


def _record(
    write: ItemWrite, actor: Actor, at: datetime, table: str, redact: Redact, phase: Phase
) -> LedgerRecord:
    before, after = image_digest(write.before), image_digest(write.after)
    action = "baseline" if phase == "baseline" else action_of(write.before, write.after)
    old_value, old_meta = _redacted_parts(write.table, write.before, redact)
    new_value, new_meta = _redacted_parts(write.table, write.after, redact)
    audit = new_meta.get("Audit", {})
    keys = [str(value) for value in write.key.values()]
    return LedgerRecord(
        audit_id=audit_id(table, write.key, action, before, after),
        source="",
        scope="",
        sequence=0,
        previous_hash="",
        hash="",
        phase=phase,
        cause=write.cause,
        change_type=CHANGE_TYPES[action],
        entity_type=table,
        entity_key=keys[0],
        entity_range=keys[1] if len(keys) > 1 else None,
        entity_version=audit.get("Version"),
        iso_timestamp=iso_ms(at),
        transaction_id="",
        changed_by=audit.get("User") or actor.applied_by,
        actor=actor,
        plan_digest="",
        origin=write.origin,
        before=before,
        after=after,
        old_value=old_value,
        new_value=new_value,
        old_meta=old_meta,
        new_meta=new_meta,
    )


def _redacted_parts(
    table: str, image: Mapping[str, Any] | None, redact: Redact
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return (attributes, meta) of an image as the record shows them."""
    return split_image(None if image is None else redact(table, dict(image)))


def iso_ms(at: datetime) -> str:
    """Write a moment as the tables do: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
