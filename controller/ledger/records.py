"""Records of item writes: the chain they make from the head they continue, and their form as items of the audit table.

Images of items are digested whole, and shown without what only the controller needs.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from controller.aws.items import WireItem, canonical_made, from_wire, item_bytes, to_wire, wire_json
from controller.errors import DamagedState
from controller.ledger.large_images import (
    IMAGES,
    LARGE_BYTES,
    PACKED,
    PACKED_DIGEST,
    BlobStore,
    pack_images,
    unpack_images,
)
from controller.model.ledger_record import Actor, Approved, Head, ItemWrite, LedgerRecord, Phase
from controller.model.ref import ResourceRef
from controller.model.table import TableDefinition
from controller.redactor import REDACTOR

Redact = Callable[[str, dict[str, Any]], dict[str, Any]]
"""(logical table, full image) -> the image with sensitive values replaced by their digests."""

CHANGE_TYPES: Mapping[str, Any] = {
    "create": "Created",
    "update": "Updated",
    "delete": "Deleted",
    "baseline": "Baseline",
}
"""Action -> how a record calls it."""


def build_records(  # noqa: PLR0913 - what a record says comes from that many places
    writes: Sequence[ItemWrite],
    *,
    scope: str,
    actor_of: Callable[[ItemWrite], Actor],
    plan_digest: str,
    transaction_id: str,
    at: datetime,
    table_name: Callable[[str], str],
    table_arn: Callable[[str], str],
    redact: Redact = lambda _table, image: image,
    phase: Phase = "done",
) -> tuple[LedgerRecord, ...]:
    """Return one record per write, not yet chained.

    ``actor_of`` tells whose doing a write is. ``table_name`` and ``table_arn`` turn a logical table name into the physical one and its ARN. ``phase`` "baseline" records
    items as they are found, with no change.
    """
    return tuple(
        replace(
            _record(write, actor_of(write), at, table_name(write.table), redact, phase),
            source=table_arn(write.table),
            scope=scope,
            plan_digest=plan_digest,
            transaction_id=transaction_id,
        )
        for write in writes
    )


def chained(records: Iterable[LedgerRecord], head: Head) -> Iterator[tuple[LedgerRecord, WireItem]]:
    """Yield the records with sequences and hashes that go on from a head, each with the whole wire item that was hashed.

    None is older than the one before it, whatever the clock says: within a scope the order of time is that of sequences.
    """
    sequence, last_hash, last_at = head.sequence, head.last_hash, head.last_at
    texts = (*ACTOR.values(), *OF_SOME_ACTORS.values())
    for record in records:
        sequence += 1
        last_at = max(last_at, record.iso_timestamp)
        # What people and other programs call themselves, and why: never what they know.
        actor = record.actor
        approvals = tuple(Approved(token, REDACTOR.redact(by)) for token, by in actor.approvals)
        shown = {field: REDACTOR.redact(getattr(actor, field)) for field in texts}
        placed = replace(
            record,
            sequence=sequence,
            previous_hash=last_hash,
            iso_timestamp=last_at,
            actor=replace(actor, **shown, approvals=approvals),
            changed_by=REDACTOR.redact(record.changed_by),
        )
        wire = to_wire(to_item(placed))
        last_hash = _hash_of(wire)
        yield replace(placed, hash=last_hash), {**wire, "Hash": {"S": last_hash}}


def record_hash(record: LedgerRecord) -> str:
    """SHA-256 of the canonical JSON of the typed record without its own hash."""
    return _hash_of(to_wire(to_item(record)))


def _hash_of(wire: WireItem) -> str:
    hashed = {name: value for name, value in wire.items() if name != "Hash"}
    return hashlib.sha256(canonical_made(hashed)).hexdigest()


def _record(
    write: ItemWrite, actor: Actor, at: datetime, table: str, redact: Redact, phase: Phase
) -> LedgerRecord:
    before, after = image_digest(write.before), image_digest(write.after)
    action = "baseline" if phase == "baseline" else action_of(write.before, write.after)
    old_value, old_meta = split_image(write.before and redact(write.table, dict(write.before)))
    new_value, new_meta = split_image(write.after and redact(write.table, dict(write.after)))
    # Others write there what they like.
    signed = new_meta.get("Audit")
    audit = signed if isinstance(signed, dict) else {}
    version, user = audit.get("Version"), audit.get("User")
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
        entity_version=version if isinstance(version, int) else None,
        iso_timestamp=iso_ms(at),
        transaction_id="",
        changed_by=(user if isinstance(user, str) else "") or actor.applied_by,
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


def iso_ms(at: datetime) -> str:
    """Write a moment as the tables do: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


ATTRIBUTES: Final = {
    "AuditID": "audit_id",
    "Source": "source",
    "ISOTimestamp": "iso_timestamp",
    "TransactionID": "transaction_id",
    "ChangedBy": "changed_by",
    "ChangeType": "change_type",
    "Scope": "scope",
    "Sequence": "sequence",
    "PreviousHash": "previous_hash",
    "Hash": "hash",
    "Phase": "phase",
    "Cause": "cause",
    "PlanDigest": "plan_digest",
    "Origin": "origin",
    "Before": "before",
    "After": "after",
}
"""What an item has of every record as it is: attribute -> field."""
_IMAGES: Final = dict(zip(IMAGES, ("old_value", "new_value", "old_meta", "new_meta"), strict=True))
_OF_LIVE_CHANGES: Final = {"Account": "account", "RequestID": "request_id", "Intended": "intended"}
"""Only where there is one: records of items have always been without them, and so have their hashes."""
ACTOR: Final = {
    "Author": "author",
    "Commit": "commit",
    "AppliedBy": "applied_by",
    "Trigger": "trigger",
}
"""What every ``Actor`` has: attribute -> field."""
OF_SOME_ACTORS: Final = {
    "Principal": "principal",
    "Role": "role",
    "Subject": "subject",
    "MergedBy": "merged_by",
    "PullRequest": "pull_request",
    "Host": "host",
}
"""Only where there is one: records from before have been without them, and so have their hashes."""
_APPROVALS: Final = "Approvals"


def to_item(record: LedgerRecord) -> dict[str, Any]:
    """Return the plain item of a record: the shape older readers know, and what we add to it."""
    entity = {
        "Type": record.entity_type,
        "Key": record.entity_key,
        "Range": record.entity_range,
        "Version": record.entity_version,
    }
    of_some = {name: getattr(record.actor, field) for name, field in OF_SOME_ACTORS.items()}
    of_some[_APPROVALS] = [{"Approval": token, "By": by} for token, by in record.actor.approvals]
    actor = {name: getattr(record.actor, field) for name, field in ACTOR.items()}
    actor |= {name: value for name, value in of_some.items() if value}
    always, of_live_changes = (ATTRIBUTES | _IMAGES).items(), _OF_LIVE_CHANGES.items()
    return {
        **{name: getattr(record, field) for name, field in always},
        "Date": record.iso_timestamp[:10],
        "Timestamp": int(datetime.fromisoformat(record.iso_timestamp).timestamp() * 1000),
        "RunId": record.transaction_id,
        "ActorId": who_changed(record.actor, record.changed_by),
        "Entity": {name: value for name, value in entity.items() if value is not None},
        "EntityId": str(EntityKey(record.entity_type, record.entity_key, record.entity_range)),
        "Actor": actor,
        **{name: value for name, field in of_live_changes if (value := getattr(record, field))},
    }


def actor_of_item(item: Mapping[str, Any]) -> Actor:
    """Read an actor. Raises KeyError, TypeError for what is none of ours."""
    fields = {field: _text(item[name]) for name, field in ACTOR.items()}
    fields |= {field: _text(item.get(name, "")) for name, field in OF_SOME_ACTORS.items()}
    given = item.get(_APPROVALS, ())
    approvals = (Approved(_text(a["Approval"]), _text(a["By"])) for a in given)
    return Actor(**fields, approvals=tuple(approvals))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value).__name__)
    return value


def who_changed(actor: Actor, changed_by: str) -> str:
    """Return whose change it was: the author of the commit where that is known, else who applied it."""
    return actor.author if actor.author not in {"", "unknown"} else changed_by or "unknown"


def record_wire(record: LedgerRecord, blobs: BlobStore | None = None) -> WireItem:
    """Return the record as the wire item that is written. Raises as ``written_wire``."""
    return written_wire(to_wire(to_item(record)), blobs)


def written_wire(wire: WireItem, blobs: BlobStore | None = None) -> WireItem:
    """Return a record's whole wire item in the form that is written.

    Images over 300 KB are compressed; what is too large even so is put into ``blobs`` first, under the digest of its
    content. Raises ImagesTooLarge if there is no such store, and as any call.
    """
    images = {name: wire[name] for name in IMAGES}
    # Their JSON has more bytes than what DynamoDB counts of them, and is made sooner than that is counted.
    small = len(wire_json(images)) <= LARGE_BYTES or item_bytes(images) <= LARGE_BYTES
    return wire if small else pack_images(wire, blobs)


def record_of_wire(item: Mapping[str, Any], blobs: BlobStore | None = None) -> LedgerRecord:
    """Read a record from the wire item found, in whatever form its images were written.

    Raises KeyError, TypeError or AttributeError for an item that is not one of our records, and as ``unpack_images``.
    """
    packed = PACKED_DIGEST in item or PACKED in item
    plain = from_wire(unpack_images(item, blobs) if packed else item)
    entity, optional = plain["Entity"], (_IMAGES | _OF_LIVE_CHANGES).items()
    fields: dict[str, Any] = {field: plain[name] for name, field in ATTRIBUTES.items()}
    fields |= {field: plain[name] for name, field in optional if name in plain}
    for field, value in fields.items():
        if field in _IMAGES.values():
            is_ours = value is None or isinstance(value, dict)
        else:
            is_ours = is_sequence(value) if field == "sequence" else isinstance(value, str)
        if not is_ours:
            raise TypeError(field)
    range_key = entity.get("Range")
    return LedgerRecord(
        **{"old_value": None, "new_value": None, **fields},
        entity_type=_text(entity["Type"]),
        entity_key=_text(entity["Key"]),
        entity_range=None if range_key is None else _text(range_key),
        entity_version=entity.get("Version"),
        actor=actor_of_item(plain["Actor"]),
    )


def readable_record(item: WireItem, blobs: BlobStore | None = None) -> LedgerRecord:
    """Read a record as ``record_of_wire``. Raises DamagedState for an item that is not one of our records, or of no moment."""
    try:
        record = record_of_wire(item, blobs)
        _assert_moment(record.iso_timestamp)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamagedState(
            f"ledger: record {item['AuditID']['S']} is damaged ({type(error).__name__})",
            fix="envctl audit verify tells what is wrong",
        ) from error
    return record


def _assert_moment(text: str) -> None:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)


META = ("Audit", "Managed")
"""Kept apart from an image's own attributes, in ``OldMeta`` and ``NewMeta``."""


def image_digest(image: Mapping[str, Any] | None) -> str:
    """SHA-256 of a full plain image, ``Audit`` and ``Managed`` included; empty where there is none."""
    return hashlib.sha256(canonical_made(to_wire(image))).hexdigest() if image is not None else ""


def audit_id(table: str, key: Mapping[str, Any], action: str, before: str, after: str) -> str:
    """Return the id of our record of a change, which anybody who sees both images can compute.

    ``table`` is the physical name, ``action`` one of create, update, delete, baseline; ``before`` and ``after`` are image
    digests. Unique because each image holds the TransactionID of the change that made it.
    """
    made = {"t": table, "k": dict(key), "a": action, "b": before, "n": after}
    spelled = canonical_made(to_wire(made))
    return hashlib.sha256(spelled).hexdigest()


def action_of(before: object, after: object) -> str:
    """Name a change by which images it has."""
    if before is None:
        return "create"
    return "delete" if after is None else "update"


def split_image(image: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return (attributes, meta) of an image; (None, {}) of none."""
    if image is None:
        return None, {}
    value = {name: part for name, part in image.items() if name not in META}
    return value, {name: image[name] for name in META if name in image}


MOST_RECORDS = 2**53
"""Sequences end here: what JSON readers take as a whole number."""


def is_sequence(value: object) -> bool:
    """Tell whether a value can be the sequence of a record: a positive whole number."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_RECORDS


POWER: Final = "Power"
"""Entity type of a record of instances that were switched; its key is ``<scope>/<environment>``."""


MAX_KEY_BYTES: Final = 2048
"""DynamoDB: of the hash key of a table or an index."""


class EntityKey(NamedTuple):
    """One item of one table: physical table name, and the key's values as text."""

    table: str
    hash_key: str
    range_key: str | None = None

    def __str__(self) -> str:
        """Print in one text, as the entity index has it and is asked: ``ConfigEnvironments/c50``.

        What no key of an index can hold, as others may name an item, is cut and told apart by its digest.
        """
        text = "/".join(part for part in self if part is not None)
        if len(text) <= MAX_KEY_BYTES // 4 or len(text.encode()) <= MAX_KEY_BYTES:
            return text
        return f"{text[: MAX_KEY_BYTES // 8]}…{hashlib.sha256(text.encode()).hexdigest()}"


def entity_of_item(table: TableDefinition, item: Mapping[str, Any]) -> EntityKey:
    """Return the name of an item of a table, whose definition carries the physical name. Raises KeyError without a key."""
    return EntityKey(table.name, *map(str, table.key_of(item).values()))


DIGEST: Final = "Digest"
"""In the meta of a live change that has a record of its own: the digest of what was intended."""


def refs_of(record: LedgerRecord) -> tuple[ResourceRef, ...]:
    """Return the objects a record of live changes is about: those of a shared record by their keys, else its own."""
    if DIGEST in record.new_meta:
        return (ResourceRef(record.entity_type, record.entity_key),)
    images = {**(record.old_value or {}), **(record.new_value or {})}
    return tuple(ResourceRef.parse(name) for name in sorted(images))
