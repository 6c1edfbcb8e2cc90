"""A ledger whose busiest index takes fewer writes than an apply makes: it takes longer, and ends as any other."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from controller.aws.clients import CallCounter, Clients, Retries
from controller.aws.errors import Place
from controller.aws.tables import DynamoStore
from controller.aws.transactions import Committed, PutWrite
from tests.support.embedded_aws import AwsForTests

TABLE = "ledger"
HERE = Place("", "eu-west-1")


@pytest.fixture
def table(sandbox: AwsForTests) -> Any:
    """A table of which each transaction of this file needs 4 units, and gets one with each that is sent."""
    client = sandbox.client("dynamodb", "", HERE.region)
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "Id", "AttributeType": "S"},
            {"AttributeName": "Date", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "Date-index",
                "KeySchema": [{"AttributeName": "Date", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    sandbox.controls.send("settings", {"index_writes": {TABLE: 1.0}})
    return client


def writes(number: int, day: str = "2026-11-24") -> list[PutWrite]:
    more = {"Date": {"S": day}, "Old": {"S": "x" * 900}}
    return [PutWrite(TABLE, {"Id": {"S": f"{number}-{place}"}, **more}) for place in range(4)]


def test_what_an_index_does_not_take_yet_cancels_the_transaction(table: Any) -> None:
    puts = [{"Put": {"TableName": TABLE, "Item": write.wire}} for write in writes(0)]
    for _ in range(3):
        with pytest.raises(ClientError, match="ThrottlingError") as caught:
            table.transact_write_items(TransactItems=puts)
    reasons = caught.value.response["CancellationReasons"]
    assert {reason["Code"] for reason in reasons} == {"ThrottlingError"}
    assert table.scan(TableName=TABLE)["Items"] == []
    table.transact_write_items(TransactItems=puts)
    assert len(table.scan(TableName=TABLE)["Items"]) == 4


@pytest.mark.usefixtures("table")
def test_each_key_of_an_index_takes_its_own() -> None:
    store = DynamoStore(
        Clients(Retries(sleep=lambda _: None), CallCounter()).client(HERE, "dynamodb")
    )
    assert store.transact(writes(0), "token-0") == Committed()

    counter = CallCounter()
    spread = [one for day in range(4) for one in writes(1, f"2026-12-{day}")[day : day + 1]]
    store = DynamoStore(Clients(Retries(sleep=lambda _: None), counter).client(HERE, "dynamodb"))
    assert store.transact(spread, "token-1") == Committed()
    assert not counter.throttles()


@pytest.mark.usefixtures("table")
def test_transactions_that_all_have_to_wait_use_up_no_budget() -> None:
    counter = CallCounter()
    retries = Retries(clock=lambda: 0.0, sleep=lambda _: None)
    store = DynamoStore(Clients(retries, counter).client(HERE, "dynamodb"))

    done = [store.transact(writes(number), f"token-{number}") for number in range(20)]

    assert done == [Committed()] * 20
    assert sum(counter.throttles().values()) == 3 * 20
