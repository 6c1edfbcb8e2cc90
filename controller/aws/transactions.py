"""Writes to DynamoDB as values: many as one transaction, committed or cancelled with a reason per write, or one alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from controller.aws.clients import RawCall, place_of
from controller.aws.errors import (
    CONFLICT_CODES,
    THROTTLE_CODES,
    OutcomeUnknown,
    TableMissing,
    error_code,
    translate,
)
from controller.aws.items import Item, WireItem, from_wire, item_bytes, wire_json
from controller.aws.tables import table_errors
from controller.errors import RefusedByAws, Throttled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_WRITES = 100
MAX_BYTES = 4 * 1024 * 1024
"""DynamoDB: a transaction holds at most 100 items and 4 MB."""
_NO_NAMES: Mapping[str, str] = {}
_NO_VALUES: WireItem = {}
_PLACEHOLDER: dict[str, Any] = {"TransactItems": [{}]}


@dataclass(frozen=True, slots=True)
class PutWrite:
    """Replace or create an item, if ``condition`` holds. Names (``#n``) and wire values (``:v``) are the expression's."""

    table: str
    item: WireItem
    condition: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    values: WireItem = field(default_factory=lambda: _NO_VALUES)
    show_found: bool = False
    """Give the item that was found in the reason of a failed condition."""


@dataclass(frozen=True, slots=True)
class DeleteWrite:
    """Delete the item with this key, if ``condition`` holds."""

    table: str
    key: WireItem
    condition: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    values: WireItem = field(default_factory=lambda: _NO_VALUES)
    show_found: bool = False


@dataclass(frozen=True, slots=True)
class UpdateWrite:
    """Run an update expression on the item with this key, if ``condition`` holds."""

    table: str
    key: WireItem
    update: str
    condition: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: _NO_NAMES)
    values: WireItem = field(default_factory=lambda: _NO_VALUES)
    show_found: bool = False


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


def transact(
    client: "DynamoDBClient", writes: Sequence[Write], token: str
) -> Committed | Cancelled:
    """Write all or nothing. ``token`` (at most 36 characters) makes a repeated send of the same writes harmless for ten minutes.

    Raises OutcomeUnknown if a try left and no answer tells whether it was done: look for your own records, then
    send again if they are not there. Raises Throttled, Unreachable, AccessDenied, TableMissing, RefusedByAws;
    then nothing was written. Raises ValueError for no writes or more than 100.
    """
    if not 1 <= len(writes) <= MAX_WRITES:
        raise ValueError(f"a transaction holds 1 to {MAX_WRITES} writes, not {len(writes)}")
    items = [{action: request} for action, request in map(_request, writes)]
    body = {"TransactItems": items, "ClientRequestToken": token}
    call = RawCall(wire_json(body))
    try:
        call.send(client, "transact_write_items", _PLACEHOLDER)
    except (ClientError, BotoCoreError) as error:
        if error_code(error) == "TransactionCanceledException":
            return _cancelled(error, writes, call.maybe_done, client)
        raise _failure(error, writes, call.maybe_done, client) from error
    return Committed()


def write_one(client: "DynamoDBClient", write: Write) -> Item | None:
    """Do one write; return the item as it is afterwards for an update, as it was before for a put or delete.

    None where there was no item. Raises Conflict if the condition failed (if the answer to a first try was lost, perhaps
    because of ourselves), TableMissing, Throttled, Unreachable, AccessDenied.
    """
    action, request = _request(write)
    method = getattr(client, f"{action.lower()}_item")
    shown = "ALL_NEW" if isinstance(write, UpdateWrite) else "ALL_OLD"
    with table_errors(client, write.table, "write an item of"):
        found = method(**request, ReturnValues=shown).get("Attributes")
    return from_wire(found) if found else None


def transaction_bytes(writes: Sequence[Write]) -> int:
    """Estimate what DynamoDB counts against the 4 MB of a transaction: items, keys and expression values."""
    return sum(
        item_bytes(write.item if isinstance(write, PutWrite) else write.key)
        + item_bytes(write.values)
        for write in writes
    )


def _request(write: Write) -> tuple[str, dict[str, Any]]:
    """Return the name of what is done, and its part of a transaction, or its request."""
    request: dict[str, Any] = {"TableName": write.table}
    match write:
        case PutWrite():
            action = "Put"
            request["Item"] = write.item
        case UpdateWrite():
            action = "Update"
            request["Key"] = write.key
            request["UpdateExpression"] = write.update
        case DeleteWrite():
            action = "Delete"
            request["Key"] = write.key
    if write.condition:
        request["ConditionExpression"] = write.condition
    if write.names:
        request["ExpressionAttributeNames"] = write.names
    if write.values:
        request["ExpressionAttributeValues"] = write.values
    if write.show_found:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return action, request


def _cancelled(
    error: Exception, writes: Sequence[Write], maybe_done: bool, client: "DynamoDBClient"
) -> Cancelled:
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
            raise _unknown(writes, client) from error
        raise Throttled(
            f"tables: AWS throttles transactions on {_tables(writes)} in {place_of(client)}"
            " for longer than the retry budget allows",
            fix="nothing, it is tried again later",
        ) from error
    return Cancelled(reasons, maybe_done)


def _reason(told: Mapping[str, Any]) -> Reason | None:
    code = str(told.get("Code", "None"))
    if code == "None":
        return None
    found = told.get("Item")
    return Reason(code, str(told.get("Message", "")), from_wire(found) if found else None)


def _failure(
    error: Exception, writes: Sequence[Write], maybe_done: bool, client: "DynamoDBClient"
) -> Exception:
    if maybe_done:
        return _unknown(writes, client)
    if error_code(error) == "ResourceNotFoundException":
        return TableMissing(
            f"tables: one of {_tables(writes)} does not exist in {place_of(client)}",
            fix="envctl bootstrap creates the tables; check region and resourcePrefix in the settings",
        )
    return translate(
        error, f"tables: write {len(writes)} items of {_tables(writes)}", place_of(client)
    )


def _unknown(writes: Sequence[Write], client: "DynamoDBClient") -> OutcomeUnknown:
    return OutcomeUnknown(
        f"tables: no answer tells whether {len(writes)} items of {_tables(writes)} were written in {place_of(client)}",
        fix="apply again; what was written is recognised as done",
    )


def _tables(writes: Sequence[Write]) -> str:
    return ", ".join(sorted({write.table for write in writes}))
