"""The few things that are done with items, and DynamoDB doing them. Tables go by physical names, items are plain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from controller.aws import tables, transactions
from controller.aws.items import Item
from controller.aws.transactions import Cancelled, Committed, Write

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ItemStore(Protocol):
    """DynamoDB as the engine sees it. All reads are strongly consistent; every method raises our errors."""

    def scan(self, table: str, segments: int) -> Iterable[Item]:
        """Yield every item of a table, in no order. What came before an error is not the whole table."""

    def get(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """Return one item, None if there is none."""

    def batch_get(self, table: str, keys: Iterable[Mapping[str, Any]]) -> Iterable[Item]:
        """Yield those of the items that there are, in no order."""

    def write(self, write: Write) -> Item | None:
        """Do one write; return the item after an update, before a put or delete. Raises Conflict if its condition fails."""

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """Write all or nothing; raises OutcomeUnknown if no answer tells which."""


class DynamoStore:
    """An ItemStore over the client of one account and region. Thread-safe, as the client is."""

    def __init__(self, client: "DynamoDBClient") -> None:
        """Take the client."""
        self._client = client

    def scan(self, table: str, segments: int = 1) -> Iterable[Item]:
        """Page through the table, with several segments side by side."""
        return tables.scan(self._client, table, segments=segments)

    def get(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """One GetItem."""
        return tables.get(self._client, table, key)

    def batch_get(self, table: str, keys: Iterable[Mapping[str, Any]]) -> Iterable[Item]:
        """One BatchGetItem per hundred keys."""
        return tables.batch_get(self._client, table, keys)

    def write(self, write: Write) -> Item | None:
        """One PutItem, DeleteItem or UpdateItem."""
        return transactions.write_one(self._client, write)

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """One TransactWriteItems, repeated by the client as far as that is safe."""
        return transactions.transact(self._client, writes, token)
