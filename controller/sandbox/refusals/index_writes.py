"""Transactions are cancelled while an index of their table takes no more writes.

"When a GSI has insufficient write capacity, write operations don't succeed on the base table or any of its GSIs." (AWS Knowledge
Center, How does throttling on my global secondary index affect my Amazon DynamoDB table?) A partition takes 1,000 units a second,
whatever the table's mode, and items of one index key that come in order are of one partition; "one write capacity unit represents
one write per second for an item up to 1 KB in size". (Amazon DynamoDB Developer Guide, Best practices for designing partition keys;
Provisioned capacity mode) What is cancelled is told as ``ThrottlingError``. (API Reference, TransactWriteItems)

Time passes by transactions: with each that is sent the index takes as many units more as are set.
"""

import json
from collections.abc import Mapping
from math import ceil
from typing import Any

from moto.dynamodb.exceptions import TransactionCanceledException

from controller.sandbox.call import Call
from controller.sandbox.rules import before
from controller.sandbox.state import STATE, kept

UNIT_BYTES = 1024
BURST = 10
"""So many times what comes with each is kept for later."""


@before("dynamodb", "TransactWriteItems")
def index_writes(call: Call) -> None:
    """Cancel what needs more than an index takes now."""
    if not STATE.settings.index_writes:
        return
    left = kept(call.dynamodb, "index_writes", dict[str, float]())
    writes: list[Mapping[str, Any]] = call.params["TransactItems"]
    for table, comes in STATE.settings.index_writes.items():
        left[table] = min(left.get(table, 0.0) + comes, comes * BURST)
        units = [_units(write, table) for write in writes]
        if sum(units) > left[table]:
            told = (
                "Throughput exceeds the current capacity for one or more global secondary indexes."
            )
            raise TransactionCanceledException(
                [("ThrottlingError", told, None) if unit else (None, None, None) for unit in units]
            )
        left[table] -= sum(units)


def _units(write: Mapping[str, Any], table: str) -> int:
    """Return what an item that is put needs of an index; 0 for one of another table."""
    put = write.get("Put") or {}
    if put.get("TableName") != table:
        return 0
    return ceil(len(json.dumps(put["Item"])) / UNIT_BYTES)
