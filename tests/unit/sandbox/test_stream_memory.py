"""What the sandbox keeps of streams does not grow without end, and an iterator reads the stream as it is."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodbstreams.models import dynamodbstreams_backends

from controller.sandbox.additions import shard_iterators, stream_records
from controller.sandbox.call import Refused

WHERE = ("123456789012", "eu-west-1")


@pytest.fixture
def table() -> Iterator[Any]:
    """A table with a stream, in this process."""
    backend = dynamodb_backends[WHERE[0]][WHERE[1]]
    made = backend.create_table(
        "streamed",
        schema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        throughput=None,
        attr=[{"AttributeName": "Id", "AttributeType": "S"}],
        global_indexes=[],
        indexes=[],
        streams={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=None,
        warm_throughput=None,
    )
    yield made
    backend.delete_table("streamed")
    dynamodbstreams_backends[WHERE[0]][WHERE[1]].shard_iterators.clear()


def _write(table: Any, number: int) -> None:
    table.put_item({"Id": {"S": "a"}, "Value": {"N": str(number)}})


def test_the_newest_records_are_kept_and_who_left_off_before_them_is_told(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_records, "MOST_RECORDS", 10)
    monkeypatch.setattr(stream_records, "_TRIMMED_AT_ONCE", 5)
    streams = dynamodbstreams_backends[WHERE[0]][WHERE[1]]
    stream = f"{table.table_arn}/stream/{table.latest_stream_label}"
    shard = table.stream_shard
    first = streams.get_shard_iterator(stream, shard.id, "TRIM_HORIZON")
    for number in range(40):
        _write(table, number)

    assert 10 <= len(shard.items) < 15
    with pytest.raises(Refused, match="oldest record"):
        streams.get_records(first.arn, 100)
    again = streams.get_shard_iterator(stream, shard.id, "TRIM_HORIZON")
    found = streams.get_records(again.arn, 100)["Records"]
    assert found[-1]["dynamodb"]["NewImage"]["Value"] == {"N": "39"}


def test_iterators_end_after_a_quarter_of_an_hour_and_are_forgotten(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(shard_iterators, "time", SimpleNamespace(monotonic=lambda: now[0]))
    streams = dynamodbstreams_backends[WHERE[0]][WHERE[1]]
    stream = f"{table.table_arn}/stream/{table.latest_stream_label}"
    first = next_one = streams.get_shard_iterator(stream, table.stream_shard.id, "LATEST").arn
    for _ in range(720):
        now[0] += 5.0
        next_one = streams.get_records(next_one, 100)["NextShardIterator"]

    kept = len(streams.shard_iterators)
    assert kept <= 900 / 5 + 2
    with pytest.raises(Refused, match="expired"):
        streams.get_records(first, 100)


def test_an_iterator_reads_the_table_that_a_failed_transaction_put_in_place(table: Any) -> None:
    backend = dynamodb_backends[WHERE[0]][WHERE[1]]
    streams = dynamodbstreams_backends[WHERE[0]][WHERE[1]]
    stream = f"{table.table_arn}/stream/{table.latest_stream_label}"
    iterator = streams.get_shard_iterator(stream, table.stream_shard.id, "LATEST").arn
    never = {
        "Put": {
            "TableName": "streamed",
            "Item": {"Id": {"S": "b"}},
            "ConditionExpression": "attribute_exists(Id)",
        }
    }
    with pytest.raises(Exception, match="ConditionalCheckFailed"):
        backend.transact_write_items([never])
    current = backend.tables["streamed"]
    assert current is not table

    _write(current, 1)

    assert len(streams.get_records(iterator, 100)["Records"]) == 1
