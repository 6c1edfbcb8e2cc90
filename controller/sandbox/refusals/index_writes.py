"""Transactions are cancelled while a key of an index of their table takes no more writes.

"When a GSI has insufficient write capacity, write operations don't succeed on the base table or any of its GSIs." (AWS Knowledge
Center, How does throttling on my global secondary index affect my Amazon DynamoDB table?) A partition takes 1,000 units a second,
whatever the table's mode, and items of one index key that come in order are of one partition; "one write capacity unit represents
one write per second for an item up to 1 KB in size". (Amazon DynamoDB Developer Guide, Best practices for designing partition keys;
Provisioned capacity mode) What is cancelled is told as ``ThrottlingError``. (API Reference, TransactWriteItems)

Time passes by transactions: with each that is sent every key takes as many units more as are set.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from moto.dynamodb.exceptions import TransactionCanceledException

from controller.sandbox.call import Call
from controller.sandbox.rules import before
from controller.sandbox.state import STATE, kept

UNIT_BYTES = 1024
BURST = 10
"""So many times what comes with each is kept for later."""
Key = tuple[str, str, str]
"""Table, index, and the value of the index's hash key."""


@before("dynamodb", "TransactWriteItems")
def index_writes(call: Call) -> None:
    """Cancel what needs more than the key of an index takes now."""
    if not STATE.settings.index_writes:
        return
    left = kept(call.dynamodb, "index_writes", dict[Key, float]())
    needs = [Counter(dict(_units(call, write))) for write in call.params["TransactItems"]]
    needed = sum(needs, Counter[Key]())
    for key in {*left, *needed}:
        comes = STATE.settings.index_writes.get(key[0], 0.0)
        left[key] = min(left.get(key, 0.0) + comes, comes * BURST)
    short = {key for key, units in needed.items() if units > left[key]}
    if short:
        told = "Throughput exceeds the current capacity for one or more global secondary indexes."
        raise TransactionCanceledException(
            [
                (None, None, None) if short.isdisjoint(need) else ("ThrottlingError", told, None)
                for need in needs
            ]
        )
    for key, units in needed.items():
        left[key] -= units


def _units(call: Call, write: Mapping[str, Any]) -> Iterator[tuple[Key, int]]:
    """Yield what an item that is put needs of each index that it is in; nothing for one of another table."""
    put = write.get("Put") or {}
    table = str(put.get("TableName"))
    if table not in STATE.settings.index_writes:
        return
    item: Mapping[str, Any] = put["Item"]
    for index in call.dynamodb.get_table(table).global_indexes:
        keys = [str(part["AttributeName"]) for part in index.schema]
        if not all(key in item for key in keys):
            continue
        kept_too = index.projection.get("NonKeyAttributes") or ()
        if index.projection.get("ProjectionType") == "ALL":
            kept_too = item.keys()
        shown = {name: item[name] for name in {*keys, *kept_too} if name in item}
        hashed = json.dumps(item[keys[0]], sort_keys=True)
        yield (table, index.name, hashed), ceil(len(json.dumps(shown)) / UNIT_BYTES)
