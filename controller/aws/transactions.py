"""Writes to DynamoDB as values, and what becomes of a transaction: committed, or cancelled with a reason per write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from controller.aws.errors import CONFLICT_CODES
from controller.aws.items import Item, WireItem, item_bytes

MAX_WRITES = 100
MAX_BYTES = 4 * 1024 * 1024
"""DynamoDB: a transaction holds at most 100 items and 4 MB."""


@dataclass(frozen=True, slots=True)
class _ItemWrite:
    """A write of one item, done if ``condition`` holds. Names (``#n``) and wire values (``:v``) are the expressions'."""

    table: str
    wire: WireItem
    """The item to put, or the key of the one that is changed or deleted."""
    condition: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    values: WireItem = field(default_factory=dict)
    show_found: bool = False
    """Give the item that was found in the reason of a failed condition."""


class PutWrite(_ItemWrite):
    """Replace or create an item, if ``condition`` holds."""

    __slots__ = ()
    action = "Put"


class DeleteWrite(_ItemWrite):
    """Delete the item with this key, if ``condition`` holds."""

    __slots__ = ()
    action = "Delete"


@dataclass(frozen=True, slots=True)
class UpdateWrite(_ItemWrite):
    """Run an update expression on the item with this key, if ``condition`` holds."""

    action: ClassVar[str] = "Update"
    update: str = field(kw_only=True)


Write = PutWrite | DeleteWrite | UpdateWrite


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one write kept its transaction from happening: AWS's code (``ConditionalCheckFailed`` …) and words."""

    code: str
    message: str = ""
    found: Item | None = None
    """The item as it was found, if the write asked to be shown."""

    @property
    def is_conflict(self) -> bool:
        """The condition failed or another transaction held the item."""
        return self.code in CONFLICT_CODES


@dataclass(frozen=True, slots=True)
class Committed:
    """Everything was written."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Nothing was written by the last try. ``reasons`` has one entry per write, in order; None for those not at fault."""

    reasons: tuple[Reason | None, ...]
    maybe_done_before: bool = False
    """An earlier try may have committed, its answer lost: the conflict may be with ourselves. Look for own records."""


def transaction_bytes(writes: Sequence[Write]) -> int:
    """Estimate what DynamoDB counts against the 4 MB of a transaction: items, keys and expression values."""
    return sum(item_bytes(write.wire) + item_bytes(write.values) for write in writes)


def request_of(write: Write) -> tuple[str, dict[str, Any]]:
    """Return the name of what is done, and its part of a transaction, or its request."""
    request: dict[str, Any] = {"TableName": write.table}
    request["Item" if isinstance(write, PutWrite) else "Key"] = write.wire
    if isinstance(write, UpdateWrite):
        request["UpdateExpression"] = write.update
    if write.condition:
        request["ConditionExpression"] = write.condition
    if write.names:
        request["ExpressionAttributeNames"] = write.names
    if write.values:
        request["ExpressionAttributeValues"] = write.values
    if write.show_found:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return write.action, request
