"""The ledger of a live scope during one run: records in batches, each in one transaction with the head and the list of what is open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from controller.aws.items import to_wire
from controller.aws.transactions import Cancelled, PutWrite
from controller.engine.commit.lease import epoch_ms, head_id, head_of_row, stale
from controller.engine.commit.send import Sender, head_has_moved
from controller.engine.commit.transaction import ApplyContext, Transaction, head_update, record_puts
from controller.engine.live.access import Ownership
from controller.engine.live.records import Ending, RecordFrame, chained
from controller.errors import Conflict, StaleEpoch
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.record_items import record_of_wire
from controller.model.head import Head
from controller.model.ledger_record import LedgerRecord
from controller.ports import Batch
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.store import ItemStore

OPEN_PREFIX: Final = "open#"
MAX_RECORDS: Final = 49
"""Records of one transaction; with the head and the list of open records it stays far below DynamoDB's hundred."""
MAX_HEAD_MOVES: Final = 8


def scopes_left_open(store: ItemStore, state_table: str, scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes in which something was announced and not ended. Raises as any read."""
    keys = [{"Id": OPEN_PREFIX + scope} for scope in scopes]
    rows = store.batch_get(state_table, keys) if keys else ()
    return frozenset(str(row["Id"]).removeprefix(OPEN_PREFIX) for row in rows if row.get("Records"))


class Journal:
    """Writes the records of one run in one scope. Not for several threads at once."""

    def __init__(self, context: ApplyContext, ownership: Ownership, frame: RecordFrame) -> None:
        """Take where to write, under whose ownership, and what the records share."""
        self._context = context
        self._ownership = ownership
        self._frame = frame
        self._sender = Sender(context)

    def left_open(self) -> tuple[LedgerRecord, ...]:
        """Return the records that announced something of which nobody wrote what became of it. Raises as any read."""
        store, context = self._context.store, self._context
        row = store.get(context.physical(STATE_TABLE.name), {"Id": self._open_id})
        ids = list(row.get("Records", ())) if row else []
        if not ids:
            return ()
        found = store.batch_get(
            context.physical(LEDGER_TABLE.name), [{"AuditID": one} for one in ids]
        )
        records = (record_of_wire(to_wire(item), context.blobs) for item in found)
        return tuple(sorted(records, key=lambda record: record.sequence))

    def record_intent(self, batches: Sequence[Batch]) -> tuple[LedgerRecord, ...]:
        """Announce changes, ``MAX_RECORDS`` a transaction. Raises StaleEpoch, and as any write: nothing is to be done then."""
        at = self._context.clock()
        records = [self._frame.intended(batch, at) for batch in batches]
        written: list[LedgerRecord] = []
        for first in range(0, len(records), MAX_RECORDS):
            announced = [record.audit_id for record in records[: first + MAX_RECORDS]]
            part = records[first : first + MAX_RECORDS]
            written += self._write(part, at, still_open=announced)
        return tuple(written)

    def end(
        self, endings: Mapping[str, Ending], records: Sequence[LedgerRecord]
    ) -> tuple[LedgerRecord, ...]:
        """Write what became of announced records, by their ids. Raises StaleEpoch, and as any write: they stay open then."""
        at = self._context.clock()
        ended = [self._frame.ended(record, endings[record.audit_id], at) for record in records]
        written: list[LedgerRecord] = []
        for first in range(0, len(ended), MAX_RECORDS):
            rest = [one.intended for one in ended[first + MAX_RECORDS :]]
            part = ended[first : first + MAX_RECORDS]
            written += self._write(part, at, still_open=rest)
        return tuple(written)

    @property
    def _open_id(self) -> str:
        return OPEN_PREFIX + self._frame.scope.name

    def _write(
        self, records: Sequence[LedgerRecord], at: datetime, still_open: Sequence[str]
    ) -> tuple[LedgerRecord, ...]:
        for _ in range(MAX_HEAD_MOVES):
            transaction = self._transaction(records, at, still_open)
            answer = self._sender.send(transaction)
            if not isinstance(answer, Cancelled):
                self._ownership.moved(transaction.head)
                return transaction.records
            if not head_has_moved(answer):
                raise Conflict(
                    f"scope {self._frame.scope.name}: its records could not be written: {_said(answer)}",
                    fix="run again; what was done is found by looking",
                )
            self._find_head()
        raise StaleEpoch(
            f"scope {self._frame.scope.name}: its head moves under our own epoch",
            fix="end the other run that uses this owner's name, then run again",
        )

    def _transaction(
        self, records: Sequence[LedgerRecord], at: datetime, still_open: Sequence[str]
    ) -> Transaction:
        context, before = self._context, self._ownership.head
        linked = chained(records, before)
        after = replace(
            before,
            sequence=linked[-1].sequence,
            last_hash=linked[-1].hash,
            lease_until=epoch_ms(at + timedelta(seconds=context.lease_s)),
        )
        state = context.physical(STATE_TABLE.name)
        row = to_wire({"Id": self._open_id, "Records": list(still_open)})
        return Transaction(
            entries=(),
            records=linked,
            # The head is last: that is where its failing condition is looked for.
            writes=(
                *record_puts(linked, context),
                PutWrite(state, row),
                head_update(before, after, state),
            ),
            head=after,
            token=context.new_token(),
            owners=(),
        )

    def _find_head(self) -> Head:
        before = self._ownership.head
        row = self._context.store.get(
            self._context.physical(STATE_TABLE.name), {"Id": head_id(before.scope)}
        )
        found = head_of_row(before.scope, row) if row else None
        if found is None or (found.epoch, found.owner) != (before.epoch, before.owner):
            raise stale(before, found)
        self._ownership.moved(found)
        return found


def _said(answer: Cancelled) -> str:
    reasons = {
        f"{reason.code} {reason.message}".strip() for reason in answer.reasons if reason is not None
    }
    return "; ".join(sorted(reasons))
