"""The ledger of a live scope: records of what was intended and of what became of it; those left open are settled by looking.

Records go in batches, each in one transaction with the head and the list of what is open.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import actor_of
from controller.engine.state.open_records import (
    OPEN_PREFIX,
    open_records_of_row,
    row_of_open_records,
)
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import DIGEST, iso_ms, readable_record, refs_of
from controller.model.canonical import canonical_bytes, digest, parse_canonical
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.live import LiveScope
from controller.model.observed import Observation
from controller.model.plan import Cause
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.planning.wording import NAMES_SHOWN
from controller.ports import Batch
from controller.redactor import REDACTOR
from controller.targets.table_items.definitions import STATE_TABLE

ACTION: Final = "Action"
MESSAGE: Final = "Message"
TARGET: Final = "Target"
OTHER_WRITER: Final = "OtherWriter"
"""In the meta of a change that puts back what had drifted: who wrote the object before, as CloudTrail says."""
FOUND_DONE: Final = "found done when the scope was looked at next"
NOT_DONE: Final = "not done: the run that announced it ended before"
OTHERWISE: Final = "neither as before nor as intended: on its way, or changed by somebody else; the next run goes on"
_TYPES: Final[Mapping[str, Any]] = {"create": "Created", "delete": "Deleted"}
_PLAIN: Final = frozenset({"create", "update", "delete"})

Found = Mapping[ResourceRef, Observation]


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of one intended record."""

    phase: Literal["succeeded", "failed"]
    message: str = ""
    request_id: str = ""
    after: bytes | None = None
    """What the object has become, where that is not what was intended."""


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


def settle(record: LedgerRecord, found: Found | None) -> Ending:
    """Say what became of an announced change, from what its objects are now.

    ``found`` are all objects of the target, as just observed; None where it is off or not installed any more. What is as intended succeeded; what is as before was not
    done; anything else is left to the next plan. Of several objects all must be as intended.
    """
    if found is None:
        target = target_of(record)
        return Ending("failed", f"not known: target {target!r} is off, or not installed any more")
    states = {ref: _state(record, ref, found.get(ref)) for ref in refs_of(record)}
    if set(states.values()) <= {FOUND_DONE}:
        return Ending("succeeded", FOUND_DONE)
    if len(set(states.values())) == 1:
        return Ending("failed", next(iter(states.values())))
    return Ending("failed", "; ".join(_counted(states)))


def _counted(states: Mapping[ResourceRef, str]) -> Iterator[str]:
    """Yield how many objects became what, of what is not done with the first few names: a record may be of hundreds."""
    for state in (FOUND_DONE, NOT_DONE, OTHERWISE):
        names = sorted(
            ref.key.rpartition("/")[2] for ref, is_so in states.items() if is_so == state
        )
        if names:
            shown = ", ".join(names[:NAMES_SHOWN]) + (", …" if names[NAMES_SHOWN:] else "")
            which = "" if state == FOUND_DONE else f" ({shown})"
            yield f"{len(names)} of {len(states)}{which} {state}"


def target_of(record: LedgerRecord) -> str:
    """Return the name of the target that made a record."""
    return str(record.new_meta.get(TARGET, ""))


def _state(record: LedgerRecord, ref: ResourceRef, found: Observation | None) -> str:
    before, after = _image_of(record, ref, new=False), _image_of(record, ref, new=True)
    if found is None:
        if after is None:
            return FOUND_DONE
        return NOT_DONE if before is None else OTHERWISE
    digest = record.new_meta.get(DIGEST)
    attributes = canonical_bytes(parse_canonical(found.attributes))
    if after is not None and (attributes == after or (digest and found.digest == digest)):
        return FOUND_DONE
    return NOT_DONE if attributes == before else OTHERWISE


def _image_of(record: LedgerRecord, ref: ResourceRef, *, new: bool) -> bytes | None:
    image = record.new_value if new else record.old_value
    if DIGEST not in record.new_meta and image is not None:
        image = image.get(str(ref))
    return None if image is None else canonical_bytes(image)


MAX_RECORDS: Final = 49
"""Records of one transaction; with the head and the list of open records it stays far below DynamoDB's hundred."""


@dataclass(frozen=True, slots=True)
class Journal:
    """Makes and writes the records of one run in one scope. Not for several threads at once.

    Begins with ``left_open``: what an earlier run left open stays so until it is ended.
    """

    writer: ScopeWriter
    scope: LiveScope
    role: str = ""
    """ARN of the role the account is reached by."""
    other_writer: Callable[[str, datetime], str] = lambda _name, _at: ""
    """Tells who else wrote an object of this name in AWS, and when; empty where that is not known."""
    still_open: list[str] = field(default_factory=list)
    """Ids of the records of which nobody has written what became of them."""

    def intended(self, batch: Batch, at: datetime) -> LedgerRecord:
        """Return the record that announces changes which share one; not yet chained.

        Of a single change the images are its own; of several, ``{key: image}``. The digest is that of the projection, so
        that whoever finds the record open can tell by a look whether it was done.
        """
        first = batch.changes[0]
        single = len(batch.changes) == 1 and first.ref == batch.ref
        before, after = _image(first.before), _image(first.after)
        if not single:
            before = {str(change.ref): _image(change.before) for change in batch.changes}
            after = {str(change.ref): _image(change.after) for change in batch.changes}
        meta: dict[str, Any] = {TARGET: first.target}
        if first.action not in _PLAIN:
            meta[ACTION] = first.action
        if single:
            meta[DIGEST] = first.digest
            if first.cause is Cause.DRIFTED and (
                other := self.other_writer(first.ref.key.rpartition("/")[2], at)
            ):
                meta[OTHER_WRITER] = other
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
            transaction_id=self.writer.request.transaction,
            changed_by=self.writer.request.actor.applied_by,
            actor=self._actor(batch),
            plan_digest=self.writer.request.plan_digest,
            origin=str(first.origin or ""),
            before=_digest(before),
            after=_digest(after),
            old_value=before,
            new_value=after,
            new_meta=meta,
            account=self.scope.account,
        )
        return replace(record, audit_id=_audit_id(record))

    def _actor(self, batch: Batch) -> Actor:
        """Return whose doing the changes of a batch are; where several people's, nobody's but who applies them."""
        request, changes = self.writer.request, batch.changes
        authors = {change.authorship or UNKNOWN_AUTHORSHIP for change in changes}
        author = authors.pop() if len(authors) == 1 else UNKNOWN_AUTHORSHIP
        approvals = dict.fromkeys(
            approval for change in changes for approval in request.approvals.get(change.ref, ())
        )
        principal = self.writer.storage.principal
        return replace(actor_of(request.actor, author, principal, tuple(approvals)), role=self.role)

    def ended(self, intended: LedgerRecord, ending: Ending, at: datetime) -> LedgerRecord:
        """Return the record of what became of an intended one; not yet chained.

        What was to be deleted and is still there, on its way, has changed: it stays ours.
        """
        left = intended.change_type == "Deleted" and ending.after is not None
        new = intended.new_value if ending.after is None else parse_canonical(ending.after)
        meta = dict(intended.new_meta)
        if ending.message:
            meta[MESSAGE] = REDACTOR.redact(ending.message)
        record = replace(
            intended,
            phase=ending.phase,
            change_type="Updated" if left else intended.change_type,
            iso_timestamp=iso_ms(at),
            transaction_id=self.writer.request.transaction,
            after=_digest(new),
            new_value=new,
            new_meta=meta,
            request_id=ending.request_id,
            intended=intended.audit_id,
            hash="",
        )
        return replace(record, audit_id=_audit_id(record))

    def left_open(self) -> tuple[LedgerRecord, ...]:
        """Return the records that announced something of which nobody wrote what became of it.

        Raises DamagedState where it is not known which, and as any read.
        """
        storage = self.writer.storage
        key = {"Id": OPEN_PREFIX + self.scope.name}
        row = storage.store.get(storage.physical(STATE_TABLE.name), key)
        keys = [{"AuditID": record_id} for record_id in open_records_of_row(row)] if row else []
        if not keys:
            return ()
        found = list(storage.store.batch_get(storage.physical(LEDGER_TABLE.name), keys))
        self.still_open[:] = [str(item["AuditID"]) for item in found]
        records = (readable_record(to_wire(item), storage.blobs) for item in found)
        return tuple(sorted(records, key=lambda record: record.sequence))

    def record_intent(self, batches: Sequence[Batch]) -> tuple[LedgerRecord, ...]:
        """Announce changes, ``MAX_RECORDS`` a transaction. Raises StaleEpoch, and as any write: nothing is to be done then."""
        at = self.writer.storage.clock()
        records = [self.intended(batch, at) for batch in batches]
        return self._write(records, lambda part: self.still_open + [r.audit_id for r in part])

    def end(
        self, endings: Mapping[str, Ending], records: Sequence[LedgerRecord]
    ) -> tuple[LedgerRecord, ...]:
        """Write what became of announced records that have an ending, by their ids; the others stay open.

        Raises StaleEpoch, and as any write: they stay open then.
        """
        at = self.writer.storage.clock()
        ended = [
            self.ended(record, endings[record.audit_id], at)
            for record in records
            if record.audit_id in endings
        ]

        def open_after(part: Sequence[LedgerRecord]) -> list[str]:
            gone = {record.intended for record in part}
            return [record_id for record_id in self.still_open if record_id not in gone]

        return self._write(ended, open_after)

    def _write(
        self,
        records: Sequence[LedgerRecord],
        open_after: Callable[[Sequence[LedgerRecord]], list[str]],
    ) -> tuple[LedgerRecord, ...]:
        """Append records, ``MAX_RECORDS`` a transaction; ``open_after`` a part is written gives the ids of those open then."""
        table = self.writer.storage.physical(STATE_TABLE.name)
        written: list[LedgerRecord] = []
        for first in range(0, len(records), MAX_RECORDS):
            part = records[first : first + MAX_RECORDS]
            left = open_after(part)
            row = row_of_open_records(self.scope.name, left)
            written += self.writer.append(part, [PutWrite(table, to_wire(row))])
            self.still_open[:] = left
        return tuple(written)
