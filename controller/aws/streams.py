"""A table's stream as DynamoDB keeps it for a day: its shards, and the events after a position."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

import orjson

from controller.aws.clients import RawCall, place_of
from controller.aws.errors import aws_errors
from controller.aws.items import WireItem, wire_json
from controller.aws.table_setup import WANTED_STREAM
from controller.errors import RefusedByAws, Unreachable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

EventAction = Literal["INSERT", "MODIFY", "REMOVE"]
PAGE_EVENTS: Final = 1000
"""DynamoDB: a page holds at most 1000 events, and 1 MB."""
_LOST: Final = frozenset({"TrimmedDataAccessException", "ResourceNotFoundException"})
_EXPIRED: Final = "ExpiredIteratorException"
_ANY_READ: Final = {"ShardIterator": "any"}


class PositionLost(RefusedByAws):
    """What follows a position in a stream is not, or not all, there any more: it is kept for a day."""


class IteratorExpired(RefusedByAws):
    """An iterator was not used for a quarter of an hour; another is had from the position."""


class StreamOff(Unreachable):
    """A table's changes are not told: its stream is off, or holds only half of what is needed."""


class Shard(NamedTuple):
    """A part of a stream. What is in ``parent`` comes before it, where that is still there."""

    id: str
    parent: str
    is_closed: bool
    """Whether nothing comes into it any more."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One change of an item as its table's stream tells it; images are wire items, binary as base64 text."""

    event_id: str
    action: EventAction
    key: WireItem
    old: WireItem | None
    new: WireItem | None
    sequence: str
    """Its position in its shard."""
    at: datetime
    """About when it was made, to the second."""
    service: str = ""
    """Which service of AWS made it, where one did: ``dynamodb.amazonaws.com`` for an item whose time was over."""


class EventPage(NamedTuple):
    """Events in their order; ``next_iterator`` None where a closed shard ends."""

    events: tuple[StreamEvent, ...]
    next_iterator: str | None


@dataclass(frozen=True, slots=True)
class TableStream:
    """One stream of one table. A table has another one each time its stream is switched on, or it is made anew."""

    client: "DynamoDBStreamsClient"
    arn: str

    def shards(self) -> tuple[Shard, ...]:
        """Return all shards there are, in no order. Raises PositionLost if the stream is gone, and as any read."""
        found: list[Shard] = []
        start: dict[str, str] = {}
        while True:
            with self._errors("describe"):
                answer = self.client.describe_stream(StreamArn=self.arn, **cast("Any", start))
            described: Mapping[str, Any] = answer["StreamDescription"]
            if not self.arn.endswith(str(described.get("StreamLabel", ""))):
                raise PositionLost(f"streams: {self.arn} is gone, its table has another")
            found += map(_shard, described.get("Shards", ()))
            last = described.get("LastEvaluatedShardId")
            if not last:
                return tuple(found)
            start = {"ExclusiveStartShardId": str(last)}

    def iterator(self, shard: str, after: str) -> str:
        """Return where to read a shard on after a position, or where it begins if that is empty.

        Raises PositionLost if that is not there any more, and as any read.
        """
        where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if after:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        with self._errors("begin to read"):
            answer = self.client.get_shard_iterator(
                StreamArn=self.arn, ShardId=shard, **cast("Any", where)
            )
        return answer["ShardIterator"]

    def read(self, iterator: str) -> EventPage:
        """Return a page of events. An empty one does not mean that nothing follows.

        Raises IteratorExpired, PositionLost, and as any read.
        """
        body = wire_json({"ShardIterator": iterator, "Limit": PAGE_EVENTS})
        with self._errors("read"):
            answer = orjson.loads(RawCall(body).send(self.client, "get_records", _ANY_READ))
        events = tuple(map(_event, answer.get("Records", ())))
        return EventPage(events, answer.get("NextShardIterator") or None)

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            with aws_errors(f"streams: {what} {self.arn}", place_of(self.client)):
                yield
        except RefusedByAws as error:
            if error.aws_code in _LOST:
                raise PositionLost(error.message, error.aws_code, detail=error.detail) from error
            if error.aws_code == _EXPIRED:
                raise IteratorExpired(error.message, error.aws_code) from error
            raise


def find_stream(client: "DynamoDBClient", table: str) -> str:
    """Return the ARN of the stream that a table (physical name) has now.

    Raises StreamOff if it has none, or one that does not hold both images, TableMissing, and as any read.
    """
    with aws_errors(f"streams: describe {table}", place_of(client), table):
        found = client.describe_table(TableName=table)["Table"]
    wanted = found.get("StreamSpecification", {})
    if not wanted.get("StreamEnabled") or wanted.get("StreamViewType") != WANTED_STREAM:
        raise StreamOff(
            f"streams: {table} has no stream with old and new images: what others change in it is not seen",
            fix="envctl bootstrap --upgrade switches it on",
        )
    return str(found["LatestStreamArn"])


def _shard(described: Mapping[str, Any]) -> Shard:
    return Shard(
        described["ShardId"],
        described.get("ParentShardId") or "",
        bool(described.get("SequenceNumberRange", {}).get("EndingSequenceNumber")),
    )


def _event(record: Mapping[str, Any]) -> StreamEvent:
    change = record["dynamodb"]
    by = record.get("userIdentity") or {}
    service = by.get("PrincipalId") or by.get("principalId") or ""
    return StreamEvent(
        record["eventID"],
        record["eventName"],
        change["Keys"],
        change.get("OldImage"),
        change.get("NewImage"),
        change["SequenceNumber"],
        datetime.fromtimestamp(float(change["ApproximateCreationDateTime"]), UTC),
        str(service)[:100],
    )
