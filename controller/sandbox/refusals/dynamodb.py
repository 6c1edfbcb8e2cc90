"""TransactWriteItems with a ClientRequestToken is done once, and batches of writes have their limits.

BatchWriteItem is rejected if "you try to perform multiple operations on the same item in the same BatchWriteItem request
[...]. There are more than 25 requests in the batch." (Amazon DynamoDB API Reference, BatchWriteItem)
"Providing a ClientRequestToken makes the call to TransactWriteItems idempotent, meaning that multiple identical
calls have the same effect as one single call. [...] A client request token is valid for 10 minutes after the first
request that uses it is completed. [...] If you submit a request with the same client token but a change in other
parameters within the 10-minute idempotency window, DynamoDB returns an IdempotentParameterMismatch exception."
(Amazon DynamoDB API Reference, TransactWriteItems)
"""

import copy
import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any
from unittest.mock import patch

from moto.core.responses import ActionResult
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import after, answers, before
from controller.sandbox.state import kept

VALID_FOR_S = 600
MOST_WRITES = 25


def _done(call: Call) -> dict[str, tuple[str, float]]:
    """Return the requests that were done: token -> digest, and until when the token is valid."""
    return kept(call.dynamodb, "transactions", {})


def _token(call: Call) -> str:
    return str(call.params.get("ClientRequestToken") or "")


def _digest(call: Call) -> str:
    text = json.dumps(call.params, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


@before("dynamodb", "TransactWriteItems")
def known_token(call: Call) -> None:
    """Refuse the token of another request within its ten minutes."""
    known = _done(call).get(_token(call))
    if known is None:
        return
    digest, until = known
    if time.monotonic() > until:
        del _done(call)[_token(call)]
    elif digest != _digest(call):
        raise Refused(
            "IdempotentParameterMismatchException",
            "The provided token was already used with other request parameters",
        )


@answers("dynamodb", "TransactWriteItems")
def transact(call: Call) -> ActionResult:
    """Answer a request done before as done; let moto do the others."""
    if _token(call) in _done(call):
        return ActionResult({})
    # moto copies whole tables before the first write, for what it would have to put back. A copy that shares what the writes
    # leave alone takes neither the time nor the memory that grow with the table.
    copies: dict[str, Table] = {}

    def copied(table: Table, _memo: object) -> Table:
        if table.name not in copies:
            copies[table.name] = _as_it_is(table, call.params["TransactItems"])
        return copies[table.name]

    before = {**call.dynamodb.tables}
    try:
        with patch.object(Table, "__deepcopy__", copied, create=True):
            result: ActionResult = call.response.transact_write_items()  # type: ignore[attr-defined]  # DynamoDB's own response class
    finally:
        for name, twin in copies.items():
            # A table and its stream know each other: what nobody has any more would lie there until it is looked for.
            unused = twin if call.dynamodb.tables[name] is before[name] else before[name]
            unused.stream_shard = None
    return result


def _as_it_is(table: Table, writes: Iterable[Mapping[str, Any]]) -> Table:
    """Return a table that stays as this one is, whatever of the writes is done to this one; all other items are shared."""
    twin = copy.copy(table)
    if table.stream_shard is not None:
        twin.stream_shard = shard = copy.copy(table.stream_shard)
        shard.table, shard.items = twin, list(shard.items)
    twin.items = table.items.copy()
    for write in writes:
        for details in write.values():
            key = details.get("Key") or details.get("Item") or {}
            if details.get("TableName") == table.name and table.hash_key_attr in key:
                _keep(twin, key)
    return twin


def _keep(twin: Table, key: Mapping[str, Any]) -> None:
    """Let a twin have an item of its own: moto changes items where they are."""
    first = DynamoType(key[twin.hash_key_attr])
    if first not in twin.items:
        return
    if twin.range_key_attr is None:
        twin.items[first] = copy.deepcopy(twin.items[first])
        return
    twin.items[first] = of_first = twin.items[first].copy()
    second = twin.range_key_attr in key and DynamoType(key[twin.range_key_attr])
    if second in of_first:
        of_first[second] = copy.deepcopy(of_first[second])


@after("dynamodb", "TransactWriteItems")
def remember(call: Call) -> None:
    """Remember the token of a request that was done; a refused one may be sent again."""
    known, now = _done(call), time.monotonic()
    # Oldest first, so no more is looked at than is forgotten.
    for token, (_, until) in list(known.items()):
        if now <= until:
            break
        del known[token]
    if _token(call):
        known.setdefault(_token(call), (_digest(call), now + VALID_FOR_S))


@before("dynamodb", "BatchWriteItem")
def batch(call: Call) -> None:
    """Refuse more than 25 writes, and two writes of one item."""
    requests: dict[str, list[dict[str, Any]]] = call.params.get("RequestItems") or {}
    if sum(map(len, requests.values())) > MOST_WRITES:
        raise Refused(
            "ValidationException",
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy "
            f"constraint: [Member must have length less than or equal to {MOST_WRITES}]",
        )
    for name, writes in requests.items():
        if len({_key(call, name, write) for write in writes}) < len(writes):
            raise Refused("ValidationException", "Provided list of item keys contains duplicates")


def _key(call: Call, name: str, write: dict[str, Any]) -> str:
    table = call.dynamodb.tables.get(name)
    item = write.get("PutRequest", {}).get("Item") or write.get("DeleteRequest", {}).get("Key", {})
    names = table.table_key_attrs if table is not None else sorted(item)
    return json.dumps([item.get(name) for name in names], sort_keys=True, default=repr)
