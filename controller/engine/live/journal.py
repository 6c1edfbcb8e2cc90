"""The ledger of a live scope during one run: records in batches, each in one transaction with the head and the list of what is open."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import PutWrite
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.live.records import Ending, RecordFrame
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import record_of_wire
from controller.model.ledger_record import LedgerRecord
from controller.model.live import LiveScope
from controller.ports import Batch
from controller.targets.table_items.definitions import STATE_TABLE

OPEN_PREFIX: Final = "open#"
MAX_RECORDS: Final = 49
"""Records of one transaction; with the head and the list of open records it stays far below DynamoDB's hundred."""


def scopes_left_open(store: ItemStore, state_table: str, scopes: Iterable[str]) -> frozenset[str]:
    """Return the scopes in which something was announced and not ended. Raises as any read."""
    keys = [{"Id": OPEN_PREFIX + scope} for scope in scopes]
    rows = store.batch_get(state_table, keys) if keys else ()
    return frozenset(str(row["Id"]).removeprefix(OPEN_PREFIX) for row in rows if row.get("Records"))


class Journal:
    """Writes the records of one run in one scope. Not for several threads at once."""

    def __init__(self, writer: ScopeWriter, scope: LiveScope) -> None:
        """Take what writes, and where live changes are made."""
        self._writer = writer
        self._frame = RecordFrame(scope=scope, request=writer.request)

    def left_open(self) -> tuple[LedgerRecord, ...]:
        """Return the records that announced something of which nobody wrote what became of it. Raises as any read."""
        storage = self._writer.storage
        row = storage.store.get(storage.physical(STATE_TABLE.name), {"Id": self._open_id})
        keys = [{"AuditID": record_id} for record_id in row.get("Records", ())] if row else []
        if not keys:
            return ()
        found = storage.store.batch_get(storage.physical(LEDGER_TABLE.name), keys)
        records = (record_of_wire(to_wire(item), storage.blobs) for item in found)
        return tuple(sorted(records, key=lambda record: record.sequence))

    def record_intent(self, batches: Sequence[Batch]) -> tuple[LedgerRecord, ...]:
        """Announce changes, ``MAX_RECORDS`` a transaction. Raises StaleEpoch, and as any write: nothing is to be done then."""
        at = self._writer.storage.clock()
        records = [self._frame.intended(batch, at) for batch in batches]
        written: list[LedgerRecord] = []
        for first in range(0, len(records), MAX_RECORDS):
            announced = [record.audit_id for record in records[: first + MAX_RECORDS]]
            written += self._write(records[first : first + MAX_RECORDS], announced)
        return tuple(written)

    def end(
        self, endings: Mapping[str, Ending], records: Sequence[LedgerRecord]
    ) -> tuple[LedgerRecord, ...]:
        """Write what became of announced records, by their ids. Raises StaleEpoch, and as any write: they stay open then."""
        at = self._writer.storage.clock()
        ended = [self._frame.ended(record, endings[record.audit_id], at) for record in records]
        written: list[LedgerRecord] = []
        for first in range(0, len(ended), MAX_RECORDS):
            rest = [record.intended for record in ended[first + MAX_RECORDS :]]
            written += self._write(ended[first : first + MAX_RECORDS], rest)
        return tuple(written)

    @property
    def _open_id(self) -> str:
        return OPEN_PREFIX + self._frame.scope.name

    def _write(
        self, records: Sequence[LedgerRecord], still_open: Sequence[str]
    ) -> tuple[LedgerRecord, ...]:
        row = to_wire({"Id": self._open_id, "Records": list(still_open)})
        table = self._writer.storage.physical(STATE_TABLE.name)
        return self._writer.append(records, [PutWrite(table, row)])
