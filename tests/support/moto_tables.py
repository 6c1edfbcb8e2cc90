"""The tables of an estate in moto, with the same handles for meddling as those in memory."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from controller.aws.items import Item, to_wire
from controller.aws.table_setup import Patience, set_up_table
from controller.aws.tables import DynamoStore
from controller.aws.transactions import Cancelled, Committed, Write
from controller.model.table import TableDefinition
from tests.support.in_memory_tables import Hook

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = Patience(tries=3, interval_s=0.0)


class MotoTables(DynamoStore):
    """Keep tables small: moto copies a whole table for each write of a transaction."""

    def __init__(
        self, client: "DynamoDBClient", definitions: Iterable[TableDefinition] = ()
    ) -> None:
        """Create the tables; definitions carry physical names."""
        super().__init__(client)
        self.client = client
        self.definitions = {one.name: one for one in definitions}
        self.before: Hook = lambda _writes, _token: None
        self.after: Hook = lambda _writes, _token: None
        self.transactions: list[tuple[Write, ...]] = []
        for definition in self.definitions.values():
            set_up_table(client, definition, patience=AT_ONCE)
        self.calls: Counter[str] = Counter()
        client.meta.events.register("before-call.dynamodb", self._count)

    def put(self, table: str, item: Mapping[str, Any]) -> None:
        """Place an item, as somebody else would."""
        self.client.put_item(TableName=table, Item=to_wire(item))

    def drop(self, table: str, key: Mapping[str, Any]) -> None:
        """Take an item away, as somebody else would."""
        self.client.delete_item(TableName=table, Key=to_wire(key))

    def drop_table(self, table: str) -> None:
        """Delete a table, as nobody should."""
        self.client.update_table(TableName=table, DeletionProtectionEnabled=False)
        self.client.delete_table(TableName=table)

    def forget_tokens(self) -> None:
        """Nothing to forget: moto knows of no tokens."""

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """Write all or nothing, with what disturbs it."""
        self.before(writes, token)
        answer = super().transact(writes, token)
        if isinstance(answer, Committed):
            self.transactions.append(tuple(writes))
        self.after(writes, token)
        return answer

    def items(self, table: str) -> list[Item]:
        """Return a table's items, by key."""
        return sorted(self.scan(table), key=lambda item: str(self.definitions[table].key_of(item)))

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
