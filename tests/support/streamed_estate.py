"""An estate whose tables have streams, on any look-alike of DynamoDB, with a reader for each of them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.items import to_wire
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.streams.gap import write_gap
from controller.engine.streams.table_reader import StreamAccess, StreamRead, TableReader
from controller.ledger.chain import VerificationReport
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.queries import LedgerReader
from controller.ledger.records import record_of_wire
from controller.ledger.replay import table_digests
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.ledger.verify import TablesNow, verify_ledger
from controller.model.ledger_record import LedgerRecord
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, TABLES, Estate
from tests.support.moto_tables import MotoTables

PLACE = Place("", "eu-west-1")


@dataclass
class StreamedEstate(Estate):
    """``told`` are the records of changes by others, as their readers told of them."""

    clients: Clients = field(default_factory=Clients)
    told: list[LedgerRecord] = field(default_factory=list)
    blobs: Any = None

    @classmethod
    def made(cls) -> "StreamedEstate":
        """Create the tables."""
        clients = Clients()
        definitions = [
            table.prefixed(PREFIX) for table in (*TABLES.values(), STATE_TABLE, LEDGER_TABLE)
        ]
        client: Any = clients.client(PLACE, "dynamodb")
        return cls(store=MotoTables(client, definitions), clients=clients)

    @property
    def access(self) -> StreamAccess:
        """What streams are read with."""
        client: Any = self.clients.client(PLACE, "dynamodb")
        streams: Any = self.clients.client(PLACE, "dynamodbstreams")
        return StreamAccess(client, streams, LedgerReader(client, PREFIX + LEDGER_TABLE.name))

    @contextmanager
    def reader(self, table: str = "InfraConfigServices") -> Iterator[TableReader]:
        """Give a new reader of a table's stream, which owns its scope."""
        claim = Claim(f"reader-{uuid.uuid4().hex[:6]}", take_over=True)
        scope = STREAM_PREFIX + table
        with ScopeWriter.take(scope, claim, self.storage, self.request()) as writer:
            yield TableReader(TABLES[table], self.access, writer, self.told.append, 1)

    def reads(self, table: str = "InfraConfigServices") -> StreamRead:
        """Let a new reader read one stream."""
        with self.reader(table) as reader:
            return reader.read(write_gap)

    def read_all(self) -> None:
        """Let new readers read all streams."""
        for table in TABLES:
            self.reads(table)

    def outside(self) -> list[LedgerRecord]:
        """Return the records of changes by others, by table and sequence."""
        rows = self.store.scan(PREFIX + LEDGER_TABLE.name)
        records = (record_of_wire(to_wire(row)) for row in rows)
        found = [record for record in records if record.scope.startswith(STREAM_PREFIX)]
        return sorted(found, key=lambda record: (record.scope, record.sequence))

    def verified(self) -> VerificationReport:
        """Verify all chains, and the tables against them."""

        def digests() -> Iterator[Any]:
            for table in TABLES.values():
                physical = table.prefixed(PREFIX)
                yield from table_digests(physical, self.store.scan(physical.name))

        ids = [str(row["Id"]) for row in self.store.scan(PREFIX + STATE_TABLE.name)]
        scopes = [name.removeprefix("head#") for name in ids if name.startswith("head#")]
        return verify_ledger(
            sorted(scopes),
            self.access.ledger,
            self.leases,
            sleep=self.clock.sleep,
            tables=TablesNow(digests),
        )

    def make_table_anew(self, table: str) -> None:
        """Delete a table and create it again, with nothing in it."""
        assert isinstance(self.store, MotoTables)
        definition = TABLES[table].prefixed(PREFIX)
        self.store.drop_table(definition.name)
        MotoTables(self.store.client, [definition])
