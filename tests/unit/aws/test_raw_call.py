"""Bodies of our own: to DynamoDB they are what botocore would have sent."""

import json
from typing import Any

import pytest

from controller.aws.clients import Clients, RawCall
from controller.aws.errors import Place
from controller.aws.items import Item, to_wire
from controller.aws.tables import DynamoStore, Query, query
from controller.aws.transactions import DeleteWrite, PutWrite, UpdateWrite
from tests.unit.aws.conftest import Script, json_answer

MASTER = Place("", "eu-west-1")
ITEM: Item = {
    "Id": "ä",
    "N": [1, 2.5, None, True, {"b": b"\x00\xff"}],
    "S": {"x"},
    "B": {b"\x01"},
    "NS": {7},
}
KEY = to_wire({"Id": "k"})
ONE = to_wire({":v": 1})


@pytest.fixture
def client(clients: Clients) -> Any:
    return clients.client(MASTER, "dynamodb")


def test_a_transaction_is_the_request_botocore_would_make(client: Any, scripted: Script) -> None:
    sent = scripted(client, [json_answer(200, {})] * 2)
    client.transact_write_items(
        ClientRequestToken="token",
        TransactItems=[
            {
                "Put": {
                    "TableName": "T",
                    "Item": to_wire(ITEM),
                    "ConditionExpression": "#v = :v",
                    "ExpressionAttributeNames": {"#v": "V"},
                    "ExpressionAttributeValues": ONE,
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            {"Delete": {"TableName": "T", "Key": KEY}},
            {"Update": {"TableName": "T", "Key": KEY, "UpdateExpression": "REMOVE x"}},
        ],
    )
    DynamoStore(client).transact(
        [
            PutWrite("T", to_wire(ITEM), "#v = :v", {"#v": "V"}, ONE, show_found=True),
            DeleteWrite("T", KEY),
            UpdateWrite("T", KEY, update="REMOVE x"),
        ],
        "token",
    )
    botocores, ours = sent
    assert json.loads(ours.body) == json.loads(botocores.body)
    for header in ("X-Amz-Target", "Content-Type"):
        assert ours.headers[header] == botocores.headers[header]


def test_a_scan_and_a_query_are_the_requests_botocore_would_make(
    client: Any, scripted: Script
) -> None:
    sent = scripted(client, [json_answer(200, {})] * 4)
    client.scan(TableName="T", ConsistentRead=True)
    list(DynamoStore(client).scan("T"))
    client.query(
        TableName="T",
        KeyConditionExpression="#k = :v",
        ExpressionAttributeNames={"#k": "Id"},
        ExpressionAttributeValues=ONE,
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=5,
        ExclusiveStartKey=KEY,
    )
    wanted = Query("T", "#k = :v", {":v": 1}, {"#k": "Id"}, forward=False, page_size=5)
    query(client, wanted, KEY)
    bodies = [json.loads(request.body) for request in sent]
    assert bodies[1] == bodies[0]
    assert bodies[3] == bodies[2]


def test_an_ordinary_call_of_the_same_client_is_left_alone(client: Any, scripted: Script) -> None:
    answer = json_answer(200, {"Items": [{"Id": {"S": "a"}}]})
    sent = scripted(client, [answer] * 2)
    assert RawCall(b'{"TableName":"T"}').send(client, "scan", {"TableName": "-"}) == answer.content
    assert client.scan(TableName="T")["Items"] == [{"Id": {"S": "a"}}]
    assert json.loads(sent[0].body) == json.loads(sent[1].body)


def test_a_plain_client_works_too(scripted: Script) -> None:
    import boto3  # noqa: PLC0415 - only here: what is not made by our clients

    plain = boto3.client("dynamodb", region_name="eu-west-1")
    sent = scripted(plain, [json_answer(200, {})])
    DynamoStore(plain).transact([PutWrite("T", KEY)], "t")
    assert json.loads(sent[0].body)["TransactItems"] == [{"Put": {"TableName": "T", "Item": KEY}}]
