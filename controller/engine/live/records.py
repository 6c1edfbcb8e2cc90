"""Records of live changes: what was intended, and what became of it. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from controller.ledger.records import iso_ms, record_hash
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.head import Head
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.live import LiveScope
from controller.model.ref import ResourceRef
from controller.ports import ActResult, Batch

ACTION: Final = "Action"
MESSAGE: Final = "Message"
DIGEST: Final = "Digest"
TARGET: Final = "Target"
_TYPES: Final[Mapping[str, Any]] = {"create": "Created", "delete": "Deleted"}
_PLAIN: Final = frozenset({"create", "update", "delete"})


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of one intended record."""

    phase: Literal["succeeded", "failed"]
    message: str = ""
    request_id: str = ""
    after: bytes | None = None
    """What the object has become, where that is not what was intended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFrame:
    """What the records of one run share."""

    scope: LiveScope
    actor: Actor
    plan_digest: str
    transaction_id: str

    def intended(self, batch: Batch, at: datetime) -> LedgerRecord:
        """Return the record that announces changes which share one; not yet chained.

        Of a single change the images are its own; of several, ``{key: image}``. The digest is that of the projection, so
        that whoever finds the record open can tell by a look whether it was done.
        """
        first = batch.changes[0]
        single = len(batch.changes) == 1 and first.ref == batch.ref
        before, after = _images(batch, single=single)
        meta: dict[str, Any] = {TARGET: first.target}
        if first.action not in _PLAIN:
            meta[ACTION] = first.action
        if single:
            meta[DIGEST] = first.digest
        record = LedgerRecord(
            audit_id="",
            source=f"{self.scope.account}/{self.scope.region}",
            scope=self.scope.name,
            sequence=0,
            previous_hash="",
            hash="",
            phase="intended",
            cause=first.cause.value,
            change_type=_TYPES.get(first.action, "Updated"),
            entity_type=batch.ref.kind,
            entity_key=batch.ref.key,
            entity_range=None,
            entity_version=None,
            iso_timestamp=iso_ms(at),
            transaction_id=self.transaction_id,
            changed_by=self.actor.applied_by,
            actor=self.actor,
            plan_digest=self.plan_digest,
            origin=str(first.origin or ""),
            before=_digest(before),
            after=_digest(after),
            old_value=before,
            new_value=after,
            new_meta=meta,
            account=self.scope.account,
        )
        return replace(record, audit_id=_audit_id(record))

    def ended(self, intended: LedgerRecord, ending: Ending, at: datetime) -> LedgerRecord:
        """Return the record of what became of an intended one; not yet chained."""
        new = intended.new_value
        if ending.after is not None:
            new = parse_canonical(ending.after)
        meta = {**intended.new_meta, **({MESSAGE: ending.message} if ending.message else {})}
        record = replace(
            intended,
            phase=ending.phase,
            iso_timestamp=iso_ms(at),
            transaction_id=self.transaction_id,
            after=_digest(new),
            new_value=new,
            new_meta=meta,
            request_id=ending.request_id,
            intended=intended.audit_id,
            hash="",
        )
        return replace(record, audit_id=_audit_id(record))


def ending_of(result: ActResult) -> Ending:
    """Return how a change that was made ended."""
    return Ending("succeeded", result.message, result.request_id, result.after)


def chained(records: Iterable[LedgerRecord], head: Head) -> tuple[LedgerRecord, ...]:
    """Return the records with sequences and hashes that go on from a head."""
    linked = []
    sequence, last_hash = head.sequence, head.last_hash
    for record in records:
        sequence += 1
        one = replace(record, sequence=sequence, previous_hash=last_hash, hash="")
        last_hash = record_hash(one)
        linked.append(replace(one, hash=last_hash))
    return tuple(linked)


def refs_of(record: LedgerRecord) -> tuple[ResourceRef, ...]:
    """Return the objects a record is about: those of a shared record by their keys, else its own."""
    if DIGEST in record.new_meta:
        return (ResourceRef(record.entity_type, record.entity_key),)
    images = {**(record.old_value or {}), **(record.new_value or {})}
    return tuple(ResourceRef.parse(name) for name in sorted(images))


def _images(batch: Batch, *, single: bool) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if single:
        return _image(batch.changes[0].before), _image(batch.changes[0].after)
    return (
        {str(change.ref): _image(change.before) for change in batch.changes},
        {str(change.ref): _image(change.after) for change in batch.changes},
    )


def _image(data: bytes | None) -> dict[str, Any] | None:
    image: dict[str, Any] | None = None if data is None else parse_canonical(data)
    return image


def _digest(image: Mapping[str, Any] | None) -> str:
    return "" if image is None else digest(canonical_bytes(image))


def _audit_id(record: LedgerRecord) -> str:
    """Return the id of a record: the same change in the same run is announced once and ends once."""
    parts = (
        record.scope,
        record.entity_type,
        record.entity_key,
        record.new_meta.get(ACTION, record.change_type),
        record.before,
        record.after,
        record.transaction_id,
        record.phase,
        record.intended,
        # An object may be changed, and changed back, in one run.
        record.iso_timestamp,
    )
    return hashlib.sha256(canonical_bytes(parts)).hexdigest()
