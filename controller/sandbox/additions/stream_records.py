"""What a table's stream holds: no record of a write that changes nothing, and not every record for ever.

"If you perform a PutItem or UpdateItem operation that does not change any data in an item, DynamoDB Streams does not
write a stream record for that operation." (Amazon DynamoDB Developer Guide, Change data capture for DynamoDB Streams)
AWS keeps records for a day. The sandbox keeps the newest of each table, however long it runs; whoever left off before them is
told so as AWS tells it.
"""

from typing import Any

from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamRecord, StreamShard

from controller.sandbox.call import Refused
from controller.sandbox.rules import replaces

MOST_RECORDS = 5000
_TRIMMED_AT_ONCE = 500
_ADD, _GET = StreamShard.add, StreamShard.get


@replaces(StreamShard, "add")
def _add(self: StreamShard, old: Item | None, new: Item | None) -> None:
    if old is not None and new is not None and old.attrs == new.attrs:
        return
    _ADD(self, old, new)
    if len(self.items) >= MOST_RECORDS + _TRIMMED_AT_ONCE:
        del self.items[:_TRIMMED_AT_ONCE]
        self.starting_sequence_number += _TRIMMED_AT_ONCE


@replaces(StreamShard, "get")
def _get(self: StreamShard, start: int, quantity: int) -> list[dict[str, Any]]:
    if start < self.starting_sequence_number:
        raise Refused(
            "TrimmedDataAccessException", "The operation attempted to read past the oldest record"
        )
    return _GET(self, start, quantity)


@replaces(StreamRecord, "__deepcopy__")
def _shared(self: StreamRecord, memo: object) -> StreamRecord:
    """A transaction copies its tables, streams and all: records are never changed."""
    del memo
    return self
