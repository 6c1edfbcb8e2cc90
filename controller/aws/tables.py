"""Reading DynamoDB: strongly consistent, paged, as plain items, one page in memory at a time."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from controller.aws.clients import RawCall, place_of
from controller.aws.errors import NotFound, TableMissing, aws_errors
from controller.aws.items import Item, WireItem, from_wire, to_wire, wire_json
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


def scan(client: "DynamoDBClient", table: str, *, segments: int = 1) -> Iterator[Item]:
    """Yield every item of a table, strongly consistent; with several segments read side by side, in no order.

    At most two pages per segment are in memory. Raises TableMissing, and as any call; what was yielded
    before an error is not the whole table and must not be used as if it were.
    """
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    if segments > 1:
        yield from _scan_side_by_side(client, table, request, segments)
        return
    page = _page(client, "scan", table, request)
    yield from page.items
    while page.next_key is not None:
        page = _page(client, "scan", table, request, page.next_key)
        yield from page.items


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
    return _page(client, "query", wanted.table, request, start)


def get(
    client: "DynamoDBClient", table: str, key: Mapping[str, Any], *, consistent: bool = True
) -> Item | None:
    """Return the item with this (plain) key, or None if there is none. Raises as ``scan``."""
    with table_errors(client, table, "read an item of"):
        answer = client.get_item(TableName=table, Key=to_wire(key), ConsistentRead=consistent)
    found = answer.get("Item")
    return None if found is None else from_wire(found)


def batch_get(
    client: "DynamoDBClient",
    table: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Item]:
    """Yield the items that exist among these (plain, distinct) keys, strongly consistent, in no order.

    Keys that DynamoDB leaves unprocessed are asked for again, pausing longer each time; Throttled after eight tries of one batch
    without any progress. Raises otherwise as ``scan``.
    """
    return map(from_wire, batch_get_wire(client, table, keys, sleep=sleep))


def batch_get_wire(
    client: "DynamoDBClient",
    table: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[WireItem]:
    """Yield the same items as ``batch_get`` as they stand in the answer: wire items, binary as base64 text."""
    waiting = [to_wire(key) for key in keys]
    tries = 0
    while waiting:
        batch, rest = waiting[:BATCH_GET_KEYS], waiting[BATCH_GET_KEYS:]
        body = wire_json({"RequestItems": {table: {"Keys": batch, "ConsistentRead": True}}})
        with table_errors(client, table, "read items of"):
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


def _scan_side_by_side(
    client: "DynamoDBClient", table: str, base: dict[str, Any], segments: int
) -> Iterator[Item]:
    pool = ThreadPoolExecutor(segments, thread_name_prefix=f"scan-{table}")
    try:

        def fetch(segment: int, start: WireItem | None) -> "Future[Page]":
            request = {**base, "Segment": segment, "TotalSegments": segments}
            return pool.submit(_page, client, "scan", table, request, start)

        running = {fetch(segment, None): segment for segment in range(segments)}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                segment = running.pop(future)
                page = future.result()
                if page.next_key is not None:
                    running[fetch(segment, page.next_key)] = segment
                yield from page.items
    finally:
        pool.shutdown(cancel_futures=True)


def _page(
    client: "DynamoDBClient",
    method: str,
    table: str,
    request: dict[str, Any],
    start: WireItem | None = None,
) -> Page:
    body = wire_json(request if start is None else {**request, "ExclusiveStartKey": start})
    with table_errors(client, table, "read"):
        answer = orjson.loads(RawCall(body).send(client, method, {"TableName": table}))
    return Page(
        tuple(map(from_wire, answer.get("Items", ()))), answer.get("LastEvaluatedKey") or None
    )


@contextmanager
def table_errors(client: "DynamoDBClient", table: str, doing: str) -> Iterator[None]:
    """``aws_errors`` for a call on one table, with a missing table told as what it is: TableMissing."""
    place = place_of(client)
    try:
        with aws_errors(f"tables: {doing} {table}", place):
            yield
    except NotFound as error:
        raise TableMissing(
            f"tables: table {table} does not exist in {place}",
            fix="envctl bootstrap creates it; check region and resourcePrefix in the settings",
        ) from error
