"""Reads: complete, paged, strongly consistent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.errors import TableMissing
from controller.aws.items import from_wire, to_wire
from controller.aws.table_setup import set_up_table
from controller.aws.tables import (
    DynamoStore,
    Query,
    batch_get_wire,
    query,
    segments_for,
)
from controller.aws.transactions import PutWrite
from controller.errors import AccessDenied, Throttled
from controller.model.table import Index, KeyAttribute, TableDefinition
from tests.unit.aws.conftest import Pauses, Script, json_answer, json_error

VHOSTS = TableDefinition(
    "V",
    KeyAttribute("EnvironmentName"),
    KeyAttribute("Number", "N"),
    (Index("Group-index", KeyAttribute("Group")),),
)


def vhost(number: int) -> dict[str, Any]:
    return {
        "EnvironmentName": f"c{number % 3}",
        "Number": number,
        "Group": "Prod" if number % 2 else "Test",
        "Value": {"Ports": {443, 80}, "Weight": 0.5, "Blob": b"\x00\x01"},
    }


@pytest.fixture
def world(client: Any) -> Iterator[Any]:
    with mock_aws():
        set_up_table(client, VHOSTS)
        DynamoStore(client).transact([PutWrite("V", to_wire(vhost(n))) for n in range(30)], "t")
        yield client


@pytest.mark.parametrize("segments", [1, 3])
def test_a_scan_gives_every_item_as_written(world: Any, segments: int) -> None:
    found = sorted(
        DynamoStore(world).scan("V", segments=segments), key=lambda item: int(item["Number"])
    )
    assert found == [vhost(n) for n in range(30)]


def test_a_scan_follows_its_pages_and_asks_for_strong_consistency(
    client: Any, scripted: Script
) -> None:
    last = {"Id": {"S": "a"}}
    pages: list[dict[str, Any]] = [
        {"Items": [{"Id": {"S": "a"}}], "LastEvaluatedKey": last},
        {"Items": [], "LastEvaluatedKey": last},
        {"Items": [{"Id": {"S": "b"}}]},
    ]
    sent = scripted(client, [json_answer(200, page) for page in pages])
    assert list(DynamoStore(client).scan("T")) == [{"Id": "a"}, {"Id": "b"}]
    bodies = [json.loads(request.body) for request in sent]
    assert [body.get("ExclusiveStartKey") for body in bodies] == [None, last, last]
    assert all(body["ConsistentRead"] for body in bodies)


@pytest.mark.parametrize("segments", [1, 2])
def test_a_scan_that_breaks_raises_instead_of_ending(
    client: Any, scripted: Script, segments: int
) -> None:
    page = {"Items": [{"Id": {"S": "a"}}], "LastEvaluatedKey": {"Id": {"S": "a"}}}
    denied = json_error("AccessDeniedException")
    scripted(client, [json_answer(200, page)] * segments + [denied] * segments)
    with pytest.raises(AccessDenied, match="read T"):
        list(DynamoStore(client).scan("T", segments=segments))


def test_a_scan_may_be_left_early(world: Any) -> None:
    for segments in (1, 2):
        reading = DynamoStore(world).scan("V", segments=segments)
        next(reading)
        reading.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mb", "segments"), [(0, 1), (7, 1), (8, 2), (1000, 4)])
def test_segments_are_used_where_they_pay(mb: int, segments: int) -> None:
    assert segments_for(mb * 1024 * 1024) == segments


def test_a_missing_table_names_the_command_that_makes_it(world: Any) -> None:
    for read in (
        lambda: list(DynamoStore(world).scan("Gone")),
        lambda: DynamoStore(world).get("Gone", {"Id": "a"}),
        lambda: query(world, Query("Gone", "Id = :i", {":i": "a"})),
        lambda: list(DynamoStore(world).batch_get("Gone", [{"Id": "a"}])),
    ):
        with pytest.raises(TableMissing, match="envctl bootstrap"):
            read()


def test_a_query_pages_forward_and_backward(world: Any) -> None:
    wanted = Query("V", "EnvironmentName = :e AND #n > :n", {":e": "c0", ":n": 5}, {"#n": "Number"})
    assert [item["Number"] for item in query(world, wanted).items] == list(range(6, 30, 3))
    first = query(
        world,
        Query("V", "EnvironmentName = :e", {":e": "c1"}, forward=False, page_size=4),
    )
    assert [item["Number"] for item in first.items] == [28, 25, 22, 19]
    assert first.next_key is not None
    rest = query(
        world, Query("V", "EnvironmentName = :e", {":e": "c1"}, forward=False), first.next_key
    )
    assert [item["Number"] for item in rest.items] == [16, 13, 10, 7, 4, 1]
    assert rest.next_key is None


def test_an_index_is_queried(world: Any) -> None:
    wanted = Query("V", "#g = :g", {":g": "Prod"}, {"#g": "Group"}, index="Group-index")
    assert sorted(item["Number"] for item in query(world, wanted).items)[:5] == [1, 3, 5, 7, 9]


def test_one_item_by_its_key(world: Any) -> None:
    assert DynamoStore(world).get("V", {"EnvironmentName": "c1", "Number": 4}) == vhost(4)
    assert DynamoStore(world).get("V", {"EnvironmentName": "c1", "Number": 5}) is None


def test_many_items_by_their_keys(world: Any) -> None:
    keys = [{"EnvironmentName": f"c{n % 3}", "Number": n} for n in range(150)]
    found = sorted(DynamoStore(world).batch_get("V", keys), key=lambda item: int(item["Number"]))
    assert found == [vhost(n) for n in range(30)]


def test_keys_left_unprocessed_are_asked_for_again(
    client: Any, scripted: Script, pauses: Pauses
) -> None:
    key_b = {"Id": {"S": "b"}}
    partial = {
        "Responses": {"T": [{"Id": {"S": "a"}}]},
        "UnprocessedKeys": {"T": {"Keys": [key_b]}},
    }
    scripted(client, [json_answer(200, partial), json_answer(200, {"Responses": {"T": [key_b]}})])
    read = batch_get_wire(client, "T", [{"Id": "a"}, {"Id": "b"}], sleep=pauses.sleep)
    assert list(map(from_wire, read)) == [{"Id": "a"}, {"Id": "b"}]
    assert pauses == [0.05]


def test_keys_that_are_never_processed_are_a_throttle(
    client: Any, scripted: Script, pauses: Pauses
) -> None:
    nothing = {"Responses": {}, "UnprocessedKeys": {"T": {"Keys": [{"Id": {"S": "a"}}]}}}
    sent = scripted(client, [json_answer(200, nothing)] * 9)
    with pytest.raises(Throttled, match="no items of T"):
        list(batch_get_wire(client, "T", [{"Id": "a"}], sleep=pauses.sleep))
    assert len(sent) == 8
