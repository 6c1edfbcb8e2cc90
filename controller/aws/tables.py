"""Items of DynamoDB read and written: strongly consistent, paged, one page in memory at a time; written alone or all or nothing."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from controller.aws.clients import RawCall, place_of
from controller.aws.errors import aws_errors, error_code
from controller.aws.items import Item, WireItem, from_wire, to_wire, wire_json
from controller.aws.transactions import (
    MAX_WRITES,
    Cancelled,
    Committed,
    UpdateWrite,
    Write,
    cancelled,
    failure,
    request_of,
)
from controller.errors import Throttled
from controller.model.backoff import Backoff

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_GET_KEYS = 100
BATCH_GET_TRIES = 8
BETWEEN_BATCH_GETS = Backoff(first_s=0.05, longest_s=6.4)
PAGE_BYTES = 1024 * 1024
"""DynamoDB: a page of a scan or query ends at 1 MB, a batch get takes 100 keys."""
MAX_SEGMENTS = 4
_PLACEHOLDER: dict[str, Any] = {"TransactItems": [{}]}
_Form = TypeVar("_Form")
_ANY_BATCH: dict[str, Any] = {"RequestItems": {"any": {"Keys": []}}}


@dataclass(frozen=True, slots=True)
class Page:
    """Items of one query page and where the next one begins; ``next_key`` None at the end."""

    items: tuple[Item, ...]
    next_key: WireItem | None


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a table or index. ``condition`` is the key condition; ``values`` are plain values for its ``:v``.

    Strongly consistent on a table; DynamoDB offers that on no global index.
    """

    table: str
    condition: str
    values: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)
    index: str = ""
    forward: bool = True
    page_size: int = 0
    """Items looked at per page; 0 for as many as fit in 1 MB."""
    attributes: tuple[str, ...] = ()
    """The attributes wanted of each item; all that the table or index holds if empty."""


def segments_for(table_bytes: int) -> int:
    """Return how many segments a scan of a table of this size pays for: one per four pages, at most four."""
    return max(1, min(MAX_SEGMENTS, table_bytes // (4 * PAGE_BYTES)))


class Scannable(Protocol):
    """Where whole tables are read: DynamoDB, a snapshot."""

    def scan(self, table: str, segments: int = 1) -> Iterable[Item]:
        """Yield every item of a table, in no order. What came before an error is not the whole table."""


class ItemStore(Scannable, Protocol):
    """DynamoDB as the engine sees it. All reads are strongly consistent; every method raises our errors."""

    def get(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """Return one item, None if there is none."""

    def batch_get(self, table: str, keys: Iterable[Mapping[str, Any]]) -> Iterable[Item]:
        """Yield those of the items that there are, in no order."""

    def has_any(self, table: str, index: str, attribute: str, value: str) -> bool:
        """Tell whether an index holds anything under this hash key; an index follows its table within seconds."""

    def write(self, write: Write) -> Item | None:
        """Do one write; return the item after an update, before a put or delete. Raises Conflict if its condition fails."""

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """Write all or nothing; raises OutcomeUnknown if no answer tells which."""


@dataclass
class DynamoStore:
    """An ItemStore over the client of one account and region. Thread-safe, as the client is."""

    client: "DynamoDBClient"

    def scan(self, table: str, segments: int = 1) -> Iterator[Item]:
        """Yield every item of a table, strongly consistent; with several segments read side by side, in no order.

        At most two pages per segment are in memory. Raises TableMissing, and as any call; what was yielded
        before an error is not the whole table and must not be used as if it were.
        """
        request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
        if segments > 1:
            yield from _scan_side_by_side(self.client, table, request, segments)
            return
        start: WireItem | None = None
        while True:
            items, start = _page(self.client, "scan", table, request, start)
            yield from map(from_wire, items)
            if start is None:
                return

    def get(self, table: str, key: Mapping[str, Any]) -> Item | None:
        """Return the item with this (plain) key, or None if there is none. Raises as ``scan``."""
        with aws_errors(f"tables: read an item of {table}", place_of(self.client), table):
            answer = self.client.get_item(TableName=table, Key=to_wire(key), ConsistentRead=True)
        found = answer.get("Item")
        return None if found is None else from_wire(found)

    def batch_get(self, table: str, keys: Iterable[Mapping[str, Any]]) -> Iterator[Item]:
        """Yield the items that exist among these (plain, distinct) keys, strongly consistent, in no order.

        Keys that DynamoDB leaves unprocessed are asked for again, pausing longer each time; Throttled after eight tries of one batch
        without any progress. Raises otherwise as ``scan``.
        """
        return map(from_wire, batch_get_wire(self.client, table, keys))

    def has_any(self, table: str, index: str, attribute: str, value: str) -> bool:
        """Tell whether an index holds anything under this hash key. Raises as ``scan``."""
        names, values = {"#key": attribute}, {":value": value}
        wanted = Query(table, "#key = :value", values, names, index=index, page_size=1)
        return bool(query(self.client, wanted).items)

    def write(self, write: Write) -> Item | None:
        """Do one write; return the item as it is afterwards for an update, as it was before for a put or delete.

        None where there was no item. Raises Conflict if the condition failed (if the answer to a first try was lost, perhaps
        because of ourselves), TableMissing, Throttled, Unreachable, AccessDenied.
        """
        action, request = request_of(write)
        method = getattr(self.client, f"{action.lower()}_item")
        shown = "ALL_NEW" if isinstance(write, UpdateWrite) else "ALL_OLD"
        table = write.table
        with aws_errors(f"tables: write an item of {table}", place_of(self.client), table):
            found = method(**request, ReturnValues=shown).get("Attributes")
        return from_wire(found) if found else None

    def transact(self, writes: Sequence[Write], token: str) -> Committed | Cancelled:
        """Write all or nothing. ``token`` (at most 36 characters) makes a repeated send of the same writes harmless for ten minutes.

        Raises OutcomeUnknown if a try left and no answer tells whether it was done: look for your own records, then
        send again if they are not there. Raises Throttled, Unreachable, AccessDenied, TableMissing, RefusedByAws;
        then nothing was written. Raises ValueError for no writes or more than 100.
        """
        if not 1 <= len(writes) <= MAX_WRITES:
            raise ValueError(f"a transaction holds 1 to {MAX_WRITES} writes, not {len(writes)}")
        items = [{action: request} for action, request in map(request_of, writes)]
        body = {"TransactItems": items, "ClientRequestToken": token}
        call = RawCall(wire_json(body))
        try:
            call.send(self.client, "transact_write_items", _PLACEHOLDER)
        except (ClientError, BotoCoreError) as error:
            if error_code(error) == "TransactionCanceledException":
                return cancelled(error, writes, call.maybe_done, place_of(self.client))
            raise failure(error, writes, call.maybe_done, place_of(self.client)) from error
        return Committed()


def query(client: "DynamoDBClient", wanted: Query, start: WireItem | None = None) -> Page:
    """Return one page of a query, from its beginning or from the ``next_key`` of the page before. Raises as ``scan``."""
    request: dict[str, Any] = {
        "TableName": wanted.table,
        "KeyConditionExpression": wanted.condition,
        "ExpressionAttributeValues": to_wire(wanted.values),
        "ScanIndexForward": wanted.forward,
    }
    if wanted.index:
        request["IndexName"] = wanted.index
    else:
        request["ConsistentRead"] = True
    names = dict(wanted.names)
    if wanted.attributes:
        placeholders = {f"#p{place}": name for place, name in enumerate(wanted.attributes)}
        names.update(placeholders)
        request["ProjectionExpression"] = ", ".join(placeholders)
    if names:
        request["ExpressionAttributeNames"] = names
    if wanted.page_size:
        request["Limit"] = wanted.page_size
    items, next_key = _page(client, "query", wanted.table, request, start)
    return Page(tuple(map(from_wire, items)), next_key)


def query_pages(client: "DynamoDBClient", wanted: Query) -> Iterator[tuple[Item, ...]]:
    """Yield the items of a query's pages, each page read when it is asked for. Raises as ``scan``."""
    start: WireItem | None = None
    while True:
        page = query(client, wanted, start)
        yield page.items
        start = page.next_key
        if start is None:
            return


def batch_get_wire(
    client: "DynamoDBClient",
    table: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    attributes: Sequence[str] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[WireItem]:
    """Yield the same items as ``batch_get`` as they stand in the answer: wire items, binary as base64 text.

    ``attributes`` are those wanted, of the top level; all if empty.
    """
    waiting = [to_wire(key) for key in keys]
    tries = 0
    names = {f"#p{place}": name for place, name in enumerate(attributes)}
    asked: dict[str, Any] = {"ConsistentRead": True}
    if names:
        asked |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
    while waiting:
        batch, rest = waiting[:BATCH_GET_KEYS], waiting[BATCH_GET_KEYS:]
        body = wire_json({"RequestItems": {table: {"Keys": batch, **asked}}})
        with aws_errors(f"tables: read items of {table}", place_of(client), table):
            answer = orjson.loads(RawCall(body).send(client, "batch_get_item", _ANY_BATCH))
        yield from answer.get("Responses", {}).get(table, [])
        unprocessed = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        tries = tries + 1 if len(unprocessed) == len(batch) else 0
        if tries >= BATCH_GET_TRIES:
            raise Throttled(
                f"tables: DynamoDB gives no items of {table} in {place_of(client)} after {tries} tries",
                fix="nothing, it is tried again later",
            )
        if unprocessed:
            sleep(BETWEEN_BATCH_GETS.pause_s(tries + 1))
        waiting = list(unprocessed) + rest


def scan_lines(
    client: "DynamoDBClient",
    table: str,
    segments: int = 1,
    keep: Callable[[WireItem], bool] = lambda _: True,
) -> Iterator[Sequence[bytes]]:
    """Yield every item of a table that is kept as DynamoDB's JSON of it, a page at a time: a tenth of the memory of values.

    Raises as ``scan``.
    """

    def lines_of_page(*asked: Any) -> tuple[Sequence[bytes], WireItem | None]:
        items, next_key = _page(*asked)
        return [wire_json(item) for item in items if keep(item)], next_key

    request = {"TableName": table, "ConsistentRead": True}
    return _side_by_side(lines_of_page, client, table, request, segments)


def scan_some(
    client: "DynamoDBClient",
    table: str,
    condition: str,
    values: Mapping[str, Any],
    names: Mapping[str, str],
    attributes: Sequence[str],
) -> Iterator[Item]:
    """Yield these attributes of the items that fit a filter, in no order: DynamoDB reads the whole table, and sends no others.

    Eventually consistent. Raises as ``scan``.
    """
    wanted = {f"#p{place}": name for place, name in enumerate(attributes)}
    request = {
        "TableName": table,
        "FilterExpression": condition,
        "ExpressionAttributeValues": to_wire(values),
        "ExpressionAttributeNames": {**names, **wanted},
        "ProjectionExpression": ", ".join(wanted),
    }
    return _scan_side_by_side(client, table, request, MAX_SEGMENTS)


def scan_start(client: "DynamoDBClient", table: str, pages: int) -> tuple[Sequence[Item], bool]:
    """Return the items of the first pages of a table, and whether that is all of it. Eventually consistent. Raises as ``scan``."""
    found: list[Item] = []
    start: WireItem | None = None
    for _ in range(pages):
        items, start = _page(client, "scan", table, {"TableName": table}, start)
        found += map(from_wire, items)
        if start is None:
            return found, True
    return found, False


def _scan_side_by_side(
    client: "DynamoDBClient", table: str, base: dict[str, Any], segments: int
) -> Iterator[Item]:
    def plain_page(*asked: Any) -> tuple[Sequence[Item], WireItem | None]:
        items, next_key = _page(*asked)
        return list(map(from_wire, items)), next_key

    for items in _side_by_side(plain_page, client, table, base, segments):
        yield from items


def _side_by_side(
    read: Callable[..., tuple[Sequence[_Form], WireItem | None]],
    client: "DynamoDBClient",
    table: str,
    base: dict[str, Any],
    segments: int,
) -> Iterator[Sequence[_Form]]:
    """Yield pages of all segments, each in whatever form ``read`` gives its items."""
    pool = ThreadPoolExecutor(segments, thread_name_prefix=f"scan-{table}")
    try:

        def fetch(
            segment: int, start: WireItem | None
        ) -> "Future[tuple[Sequence[_Form], WireItem | None]]":
            request = {**base, "Segment": segment, "TotalSegments": segments}
            return pool.submit(read, client, "scan", table, request, start)

        running = {fetch(segment, None): segment for segment in range(segments)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                segment = running.pop(future)
                items, next_key = future.result()
                if next_key is not None:
                    running[fetch(segment, next_key)] = segment
                yield items
    finally:
        pool.shutdown(cancel_futures=True)


def _page(
    client: "DynamoDBClient",
    method: str,
    table: str,
    request: dict[str, Any],
    start: WireItem | None = None,
) -> tuple[list[WireItem], WireItem | None]:
    body = wire_json(request if start is None else {**request, "ExclusiveStartKey": start})
    with aws_errors(f"tables: read {table}", place_of(client), table):
        answer = orjson.loads(RawCall(body).send(client, method, {"TableName": table}))
    return answer.get("Items", []), answer.get("LastEvaluatedKey") or None
