"""What our request path costs against a bare boto3 loop sending the same transactions.

Both use the same client settings and the same server; runs are interleaved, so that a busy machine hits both alike.
One transaction is what an apply sends: 49 items, their 49 records and the scope's head.

    python -m benchmarks.transact [--transactions 40] [--rounds 5]
"""

import argparse
import os
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer

from benchmarks.ministack import ministack
from controller.aws.clients import CLIENT_CONFIGS, Clients
from controller.aws.errors import Place
from controller.aws.items import Item, to_wire
from controller.aws.table_setup import set_up_table
from controller.aws.tables import DynamoStore
from controller.aws.transactions import Committed, PutWrite, UpdateWrite, Write
from controller.model.table import KeyAttribute, TableDefinition

PLACE = Place("", "eu-west-1")
TABLES = (
    TableDefinition("Services", KeyAttribute("ServiceName"), point_in_time_recovery=False),
    TableDefinition("Audit", KeyAttribute("AuditID"), stream=False, point_in_time_recovery=False),
    TableDefinition("State", KeyAttribute("Id"), stream=False, point_in_time_recovery=False),
)
ITEMS_PER_TRANSACTION = 49
ABSENT = {"Services": "attribute_not_exists(ServiceName)", "Audit": "attribute_not_exists(AuditID)"}
HEAD = to_wire({"Id": "head/config"})
ADVANCE = "SET #s = if_not_exists(#s, :zero) + :n"
NAMES = {"#s": "Sequence"}
VALUES = to_wire({":zero": 0, ":n": ITEMS_PER_TRANSACTION})

Batch = list[tuple[str, Item]]


def batch(run: str, number: int) -> Batch:
    """The items and records of one transaction, as plain values."""
    items: Batch = []
    for n in range(ITEMS_PER_TRANSACTION):
        name = f"{run}x{number}x{n}"
        value = {
            "ServiceName": name,
            "OwningCluster": "Tango",
            "Value": {
                "SchemaVersion": 1,
                "BluePort": 40000 + n,
                "GreenPort": 40001 + n,
                "Description": "Finds what people look for, and what they did not know they would",
                "PrimaryContact": "search@example.com",
                "Tags": [{"Key": "tier", "Value": "1"}, {"Key": "language", "Value": "scala"}],
            },
            "Audit": {
                "LastChanged": "2026-03-01T12:00:00.000Z",
                "TransactionID": run,
                "User": "ada",
                "Version": 1,
            },
            "Managed": {"By": "prod", "Id": "0123456789abcdef", "Revision": "9f1e0aa", "Line": 3},
        }
        record = {
            "AuditID": name,
            "Date": "2026-03-01",
            "ISOTimestamp": "2026-03-01T12:00:00.000Z",
            "Scope": "config",
            "Sequence": n,
            "PreviousHash": "0" * 64,
            "Hash": "1" * 64,
            "New": value,
        }
        items += [("Services", value), ("Audit", record)]
    return items


def send_bare(client: Any, batches: list[Batch], serialise: Callable[[Item], Any]) -> None:
    """The floor: build boto3's request, send it."""
    for one in batches:
        entries = [
            {"Put": {"TableName": t, "Item": serialise(i), "ConditionExpression": ABSENT[t]}}
            for t, i in one
        ]
        head = {
            "TableName": "State",
            "Key": HEAD,
            "UpdateExpression": ADVANCE,
            "ExpressionAttributeNames": NAMES,
            "ExpressionAttributeValues": VALUES,
        }
        client.transact_write_items(
            TransactItems=[*entries, {"Update": head}], ClientRequestToken=str(uuid.uuid4())
        )


def send_ours(client: Any, batches: list[Batch], serialise: Callable[[Item], Any]) -> None:
    """The same through the controller's own path."""
    for one in batches:
        writes: list[Write] = [PutWrite(t, serialise(i), ABSENT[t]) for t, i in one]
        writes.append(UpdateWrite("State", HEAD, update=ADVANCE, names=NAMES, values=VALUES))
        outcome = DynamoStore(client).transact(writes, str(uuid.uuid4()))
        assert outcome == Committed(), outcome


def boto3_serialiser() -> Callable[[Item], Any]:
    """boto3's own way from plain items to wire items."""
    serializer = TypeSerializer()
    return lambda item: {name: serializer.serialize(value) for name, value in item.items()}


def measure(send: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    send()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Print the ratios of wall and CPU time, ours to bare: median of the rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with ministack() as address:
        os.environ.update(
            AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test"
        )
        bare = boto3.client("dynamodb", region_name=PLACE.region, config=CLIENT_CONFIGS["dynamodb"])
        clients = Clients()
        ours = clients.client(PLACE, "dynamodb")
        for table in TABLES:
            set_up_table(ours, table)
        plain: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
        wired: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
        for _ in range(options.rounds + 1):
            for times, ours_by, bare_by in (
                (plain, to_wire, boto3_serialiser()),
                (wired, to_wire, to_wire),
            ):
                for name, send, client, serialise in (
                    ("bare", send_bare, bare, bare_by),
                    ("ours", send_ours, ours, ours_by),
                ):
                    run = uuid.uuid4().hex
                    batches = [batch(run, n) for n in range(options.transactions)]
                    times[name].append(measure(lambda: send(client, batches, serialise)))  # noqa: B023 - called at once
    writes = options.transactions * ITEMS_PER_TRANSACTION
    print(
        f"{options.transactions} transactions of {ITEMS_PER_TRANSACTION} items a round, {writes} writes"
    )
    for title, times in (
        ("boto3 with its own serialiser", plain),
        ("boto3 with our serialiser", wired),
    ):
        # The first round warms connections, caches and the server.
        wall, cpu = (
            statistics.median(
                mine[column] / theirs[column]
                for mine, theirs in zip(times["ours"][1:], times["bare"][1:], strict=True)
            )
            for column in (0, 1)
        )
        floor = statistics.median(one[0] for one in times["bare"][1:]) / options.transactions
        print(
            f"against {title}: wall {wall:.2f}, client CPU {cpu:.2f} (bare: {floor * 1000:.1f} ms a transaction)"
        )


if __name__ == "__main__":
    main()
