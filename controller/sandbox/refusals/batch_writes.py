"""Batches of writes have their limits.

BatchWriteItem is rejected if "you try to perform multiple operations on the same item in the same BatchWriteItem request
[...]. There are more than 25 requests in the batch." (Amazon DynamoDB API Reference, BatchWriteItem)
"""

import json
from typing import Any

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before

MOST = 25


@before("dynamodb", "BatchWriteItem")
def batches_are_small_and_name_items_once(call: Call) -> None:
    """Refuse more than 25 writes, and two writes of one item."""
    requests: dict[str, list[dict[str, Any]]] = call.params.get("RequestItems") or {}
    if sum(map(len, requests.values())) > MOST:
        raise Refused(
            "ValidationException",
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy "
            f"constraint: [Member must have length less than or equal to {MOST}]",
        )
    for name, writes in requests.items():
        keys = [_key(call, name, write) for write in writes]
        if len(set(keys)) < len(keys):
            raise Refused("ValidationException", "Provided list of item keys contains duplicates")


def _key(call: Call, name: str, write: dict[str, Any]) -> str:
    from moto.dynamodb.models import dynamodb_backends

    table = dynamodb_backends[call.account][call.region].tables.get(name)
    item = write.get("PutRequest", {}).get("Item") or write.get("DeleteRequest", {}).get("Key", {})
    names = table.table_key_attrs if table is not None else sorted(item)
    return json.dumps([item.get(one) for one in names], sort_keys=True, default=repr)
