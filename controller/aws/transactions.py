"""Writes to DynamoDB as values, and what becomes of a transaction: committed, cancelled with a reason per write, or an error of ours."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from controller.aws.errors import (
    CONFLICT_CODES,
    THROTTLE_CODES,
    OutcomeUnknown,
    Place,
    TableMissing,
    error_code,
    translate,
)
from controller.aws.items import Item, WireItem, from_wire, item_bytes
from controller.errors import RefusedByAws, Throttled
from controller.redactor import REDACTOR

MAX_WRITES = 100
MAX_BYTES = 4 * 1024 * 1024
"""DynamoDB: a transaction holds at most 100 items and 4 MB."""
T = TypeVar("T")


def in_parts(
    found: Iterable[T],
    bytes_of: Callable[[T], int],
    most: int = MAX_WRITES,
    most_bytes: int = MAX_BYTES,
) -> Iterator[list[T]]:
    """Yield what is to be written in its order, as much at a time as one transaction may hold; at least one."""
    part, size = list[T](), 0
    for one in found:
        own = bytes_of(one)
        if part and (len(part) == most or size + own > most_bytes):
            yield part
            part, size = [], 0
        part.append(one)
        size += own
    if part:
        yield part


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


def cancelled(
    error: Exception, writes: Sequence[Write], maybe_done: bool, place: Place
) -> Cancelled:
    """Return what a cancellation says. Raises RefusedByAws for one that cannot be read, Throttled, OutcomeUnknown for one after a lost answer."""
    answer: Any = getattr(error, "response", {})
    told = answer.get("CancellationReasons", [])
    if len(told) != len(writes):
        raise RefusedByAws(
            f"tables: AWS cancelled a transaction of {len(writes)} writes with {len(told)} reasons",
            "TransactionCanceledException",
        ) from error
    reasons = tuple(map(_reason, told))
    codes = {reason.code for reason in reasons if reason is not None}
    if codes and codes <= THROTTLE_CODES:
        if maybe_done:
            raise _unknown(writes, place) from error
        raise Throttled(
            f"tables: AWS throttles transactions on {_tables(writes)} in {place}"
            " for longer than the retry budget allows",
            fix="nothing, it is tried again later",
        ) from error
    return Cancelled(reasons, maybe_done)


def _reason(told: Mapping[str, Any]) -> Reason | None:
    code = str(told.get("Code", "None"))
    if code == "None":
        return None
    found = told.get("Item")
    return Reason(
        code,
        REDACTOR.redact_quoted(str(told.get("Message", ""))),
        from_wire(found) if found else None,
    )


def failure(error: Exception, writes: Sequence[Write], maybe_done: bool, place: Place) -> Exception:
    """Return our error for a transaction that failed otherwise: OutcomeUnknown where a try left and no answer tells."""
    if maybe_done:
        return _unknown(writes, place)
    tables = _tables(writes)
    if error_code(error) == "ResourceNotFoundException":
        return TableMissing(
            f"tables: one of {tables} does not exist in {place}",
            fix="envctl bootstrap creates the tables; check region and resourcePrefix in the settings",
        )
    return translate(error, f"tables: write {len(writes)} items of {tables}", place)


def _unknown(writes: Sequence[Write], place: Place) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"tables: no answer tells whether {len(writes)} items of {_tables(writes)} were written in {place}",
        fix="apply again; what was written is recognised as done",
    )


def _tables(writes: Sequence[Write]) -> str:
    return ", ".join(sorted({write.table for write in writes}))
