"""A ledger record as the item of the audit table, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from controller.aws.items import WireItem, from_wire, to_wire
from controller.ledger.large_images import (
    BlobStore,
    pack_images,
    refuse_without_store,
    unpack_images,
)
from controller.model.ledger_record import Actor, LedgerRecord


def to_item(record: LedgerRecord) -> dict[str, Any]:
    """Return the plain item of a record: the shape older readers know, and what we add to it."""
    of_live_changes = {
        "Account": record.account,
        "RequestID": record.request_id,
        "Intended": record.intended,
    }
    return {
        "AuditID": record.audit_id,
        "Source": record.source,
        "Date": record.iso_timestamp[:10],
        "ISOTimestamp": record.iso_timestamp,
        "Timestamp": int(datetime.fromisoformat(record.iso_timestamp).timestamp() * 1000),
        "TransactionID": record.transaction_id,
        "ChangedBy": record.changed_by,
        "RunId": record.transaction_id,
        "ActorId": record.actor.who(record.changed_by),
        "Entity": _entity(record),
        "EntityId": entity_id(record.entity_type, record.entity_key, record.entity_range),
        "ChangeType": record.change_type,
        "OldValue": record.old_value,
        "NewValue": record.new_value,
        "OldMeta": record.old_meta,
        "NewMeta": record.new_meta,
        "Scope": record.scope,
        "Sequence": record.sequence,
        "PreviousHash": record.previous_hash,
        "Hash": record.hash,
        "Phase": record.phase,
        "Cause": record.cause,
        "Actor": {
            "Author": record.actor.author,
            "Commit": record.actor.commit,
            "AppliedBy": record.actor.applied_by,
            "Trigger": record.actor.trigger,
        },
        "PlanDigest": record.plan_digest,
        "Origin": record.origin,
        "Before": record.before,
        "After": record.after,
        # Only where there is one: records of items have always been without them, and so have their hashes.
        **{name: value for name, value in of_live_changes.items() if value},
    }


def from_item(item: Mapping[str, Any]) -> LedgerRecord:
    """Read a plain item of the audit table. Raises KeyError for an item that is not one of our records."""
    entity = item["Entity"]
    return LedgerRecord(
        audit_id=item["AuditID"],
        source=item["Source"],
        scope=item["Scope"],
        sequence=item["Sequence"],
        previous_hash=item["PreviousHash"],
        hash=item["Hash"],
        phase=item["Phase"],
        cause=item["Cause"],
        change_type=item["ChangeType"],
        entity_type=entity["Type"],
        entity_key=entity["Key"],
        entity_range=entity.get("Range"),
        entity_version=entity.get("Version"),
        iso_timestamp=item["ISOTimestamp"],
        transaction_id=item["TransactionID"],
        changed_by=item["ChangedBy"],
        actor=actor_of(item["Actor"]),
        plan_digest=item["PlanDigest"],
        origin=item["Origin"],
        before=item["Before"],
        after=item["After"],
        old_value=item.get("OldValue"),
        new_value=item.get("NewValue"),
        old_meta=item.get("OldMeta", {}),
        new_meta=item.get("NewMeta", {}),
        account=item.get("Account", ""),
        request_id=item.get("RequestID", ""),
        intended=item.get("Intended", ""),
    )


def actor_of(actor: Mapping[str, Any]) -> Actor:
    """Read the ``Actor`` of a plain item."""
    return Actor(actor["Author"], actor["Commit"], actor["AppliedBy"], actor["Trigger"])


def record_wire(record: LedgerRecord, blobs: BlobStore | None = None) -> WireItem:
    """Return the record as the wire item that is written.

    Images over 300 KB are compressed; what is too large even so is put into ``blobs`` first, under the digest of its
    content. Raises ImagesTooLarge if there is no such store, and as any call.
    """
    stored = pack_images(to_wire(to_item(record)))
    if stored.blob is not None:
        if blobs is None:
            raise refuse_without_store(stored.blob, stored.wire)
        blobs.put(stored.blob.key, stored.blob.content)
    return stored.wire


def record_of_wire(item: Mapping[str, Any], blobs: BlobStore | None = None) -> LedgerRecord:
    """Read a record from the wire item found, in whatever form its images were written.

    Raises KeyError for an item that is not one of our records, and as ``unpack_images``.
    """
    return from_item(from_wire(unpack_images(item, blobs)))


def entity_id(table: str, key: str, range_key: str | None) -> str:
    """Name an item in one text, as the entity index is asked: ``ConfigEnvironments/c50``."""
    return f"{table}/{key}" if range_key is None else f"{table}/{key}/{range_key}"


def _entity(record: LedgerRecord) -> dict[str, Any]:
    entity = {
        "Type": record.entity_type,
        "Key": record.entity_key,
        "Range": record.entity_range,
        "Version": record.entity_version,
    }
    return {name: value for name, value in entity.items() if value is not None}
