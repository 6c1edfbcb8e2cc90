"""DynamoDB transactions whose cost follows the items they touch, not the size of the tables they name.

moto 5.2.5 copies every table of a transaction deeply, once for each of its operations, so that it can put the copies
back if one operation fails: seconds per transaction from a few thousand items on. Here the tables count as copied, and
what really changed is put back: the items touched and the stream records written. All or nothing stays.
"""

import copy
import hashlib
import inspect
import threading
from typing import Any, NamedTuple

import moto
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

FITS_VERSION = "5.2.5"
FITS_DIGEST = "81db2cb7d94e39c90b3a2077e1f4bb41a449c558ef9b1b1e2910fdaa39978ad4"
"""SHA-256 of the source of the one method this was written against."""

_TRANSACTION = threading.local()
_ORIGINAL = DynamoDBBackend.transact_write_items


class _Touched(NamedTuple):
    """An item as it was before the transaction."""

    table: Table
    hash_key: DynamoType
    range_key: DynamoType | None
    item: Any
    """None where there was no item."""


def source_digest() -> str:
    """Return the digest of the method as the installed moto has it."""
    return hashlib.sha256(inspect.getsource(_ORIGINAL).encode()).hexdigest()


def fits() -> bool:
    """Whether the installed moto is the one this was written for."""
    return moto.__version__ == FITS_VERSION and source_digest() == FITS_DIGEST


def install() -> bool:
    """Replace moto's copying if it is the moto this was written for; say whether it is."""
    if not fits():
        return False
    for owner, name, replacement in (
        (DynamoDBBackend, _ORIGINAL.__name__, _transact_write_items),
        (Table, "__deepcopy__", _deepcopy_table),
    ):
        setattr(owner, name, replacement)
    return True


def _deepcopy_table(self: Table, memo: dict[int, Any]) -> Table:
    """Copy a table as ever, but within a transaction not at all: putting back is this module's business then."""
    if getattr(_TRANSACTION, "running", False):
        return self
    twin: Any = self.__class__.__new__(self.__class__)
    memo[id(self)] = twin
    for name, value in self.__dict__.items():
        setattr(twin, name, copy.deepcopy(value, memo))
    copied: Table = twin
    return copied


def _transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    touched = [found for one in transact_items if (found := _touched(self, one)) is not None]
    records = {
        id(one.table): (shard, len(shard.items))
        for one in touched
        if (shard := one.table.stream_shard) is not None
    }
    done = False
    _TRANSACTION.running = True
    try:
        _ORIGINAL(self, transact_items)
        done = True
    finally:
        _TRANSACTION.running = False
        if not done:
            for one in touched:
                _put_back(one)
            for shard, length in records.values():
                del shard.items[length:]


def _touched(backend: DynamoDBBackend, operation: dict[str, Any]) -> _Touched | None:
    """Return the item an operation names as it is now; None where moto will refuse the operation anyway."""
    details = next(iter(operation.values()))
    table = backend.tables.get(str(details.get("TableName")).rsplit("/", 1)[-1])
    if table is None:
        return None
    key = details.get("Key") or details.get("Item") or {}
    names = [name for name in (table.hash_key_attr, table.range_key_attr) if name is not None]
    if any(name not in key for name in names):
        return None
    parts = [DynamoType(key[name]) for name in names]
    hash_key, range_key = parts[0], parts[1] if len(parts) > 1 else None
    return _Touched(table, hash_key, range_key, copy.deepcopy(table.get_item(hash_key, range_key)))


def _put_back(touched: _Touched) -> None:
    table, hash_key, range_key, item = touched
    items: Any = table.items
    if range_key is None:
        place, key = items, hash_key
    else:
        place, key = items[hash_key], range_key
    if item is None:
        place.pop(key, None)
    else:
        place[key] = item
    if range_key is not None and not place:
        items.pop(hash_key, None)
