"""A write that changes nothing leaves no stream record.

"If you perform a PutItem or UpdateItem operation that does not change any data in an item, DynamoDB Streams does not
write a stream record for that operation." (Amazon DynamoDB Developer Guide, Change data capture for DynamoDB Streams)
"""

from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import StreamShard

from controller.sandbox.rules import replaces

_ADD = StreamShard.add


@replaces(StreamShard, "add")
def _add(self: StreamShard, old: Item | None, new: Item | None) -> None:
    if old is None or new is None or old.attrs != new.attrs:
        _ADD(self, old, new)
