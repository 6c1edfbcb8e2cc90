"""Iterators of a stream end, and read the stream as it is.

"A shard iterator expires 15 minutes after it is retrieved using the GetShardIterator action." (Amazon DynamoDB API Reference,
GetRecords) moto keeps every iterator for ever, and with it the table as it was then: a transaction that fails puts a copy of
its tables in their place.
"""

import time
from typing import Any

from moto.dynamodb.models.table import StreamShard
from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator

from controller.sandbox.call import Refused
from controller.sandbox.rules import replaces

VALID_FOR_S = 900.0
_GET_SHARD_ITERATOR = DynamoDBStreamsBackend.get_shard_iterator
_GET_RECORDS = DynamoDBStreamsBackend.get_records


def _shard(self: Any) -> StreamShard:
    name, label = self.sandbox_stream
    table = self.streams_backend.dynamodb.tables.get(name)
    if table is None or table.latest_stream_label != label:
        raise Refused("ResourceNotFoundException", "The stream of the iterator does not exist")
    shard: StreamShard = table.stream_shard
    return shard


def _name_the_shard(self: Any, shard: StreamShard) -> None:
    self.sandbox_stream = shard.table.name, shard.table.latest_stream_label
    self.sandbox_made_s = time.monotonic()


replaces(ShardIterator, "stream_shard")(property(_shard, _name_the_shard))


@replaces(DynamoDBStreamsBackend, "get_shard_iterator")
def _get_shard_iterator(self: DynamoDBStreamsBackend, *args: Any, **named: Any) -> ShardIterator:
    _forget_old(self)
    return _GET_SHARD_ITERATOR(self, *args, **named)


@replaces(DynamoDBStreamsBackend, "get_records")
def _get_records(self: DynamoDBStreamsBackend, iterator_arn: str, limit: int) -> dict[str, Any]:
    _forget_old(self)
    if iterator_arn not in self.shard_iterators:
        raise Refused("ExpiredIteratorException", "The shard iterator has expired")
    return _GET_RECORDS(self, iterator_arn, limit)


def _forget_old(backend: Any) -> None:
    """Forget what has expired: oldest first, so no more is looked at than is forgotten."""
    known, now = backend.shard_iterators, time.monotonic()
    for arn, iterator in list(known.items()):
        if now - iterator.sandbox_made_s <= VALID_FOR_S:
            break
        del known[arn]
