"""``envctl get environments`` of many environments, against reading the tables that it lists.

Pages of the tables are answered from memory, 10 ms a call, to a client of boto3, which parses them as it parses DynamoDB's. Measured
are what reads the tables and makes the accepted state of them, and the same with the list, what of each environment is on by the
status of its scope, and its table of text, in turns.

    python -m benchmarks.listing [--environments 1000] [--rounds 9] [--check]

``--check`` exits 1 if listing takes, in the median round, more than 1.2 times as long as reading.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from benchmarks.in_memory_target import INSTALLATION, ItemsInMemory, applied
from benchmarks.load import Fleet, seconds
from controller.aws.items import to_wire
from controller.aws.tables import DynamoStore
from controller.catalog import kinds
from controller.engine.live.known_accounts import KnownAccounts
from controller.engine.queries.listing import ListFilter, listed_in
from controller.engine.queries.seen_environments import as_seen
from controller.engine.state.rows import row_of_status, statuses_in
from controller.model.accepted import AcceptedState
from controller.model.observed import ScopeCounts, ScopeState, ScopeStatus
from controller.settings import Settings
from controller.targets.tables import Tables
from controller.views.lists.accepted import list_answer

MOST_TIMES_READING: Final = 1.2
WIDTH: Final = 120
PAGE: Final = 1 << 20
"""Bytes of items that DynamoDB answers at a time."""
CALL_S: Final = 0.01
NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHARED: Final = """apiVersion: envctl/v1
kind: Account
metadata: {name: staging-eu}
spec: {accountNumber: "012345670123"}
---
apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta, groupEmailAddress: tango@acme.example}
---
apiVersion: envctl/v1
kind: EnvironmentType
metadata: {name: Staging}
spec:
  account: staging-eu
  vpcId: vpc-1
  subnets: {PrivateApp: {availabilityZoneA: subnet-1a, availabilityZoneB: subnet-1b}}
---
apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roles:
    - {serverRoleName: Web, owningCluster: Tango, ami: web-1.4.2,
       autoScalingSettings: {minCapacity: 1, desiredCapacity: 2, maxCapacity: 4}}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: office}
spec: {timezone: Europe/London, periods: [{days: mon-fri, from: 08:00, to: 19:00}]}
"""
ENVIRONMENT: Final = """---
apiVersion: envctl/v1
kind: Environment
metadata: {name: e%04d, labels: {purpose: performance}}
spec: {environmentType: Staging, owningCluster: Tango, deploymentMap: web, schedule: office}
"""


class PagesInMemory:
    """What the target needs of a store: pages of items as DynamoDB answers them, parsed by boto3 anew each time."""

    def __init__(self, items: dict[str, list[dict[str, Any]]]) -> None:
        """Take the items by table."""
        self._pages = {table: list(_pages_of(rows)) for table, rows in items.items()}
        client: Any = boto3.client(
            "dynamodb",
            region_name="eu-west-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nobody",
            endpoint_url="http://127.0.0.1:9",
        )
        client.meta.events.register("before-send.dynamodb.Scan", self._answer)
        self._store = DynamoStore(client)

    def scan(self, table: str, segments: int = 1) -> Iterator[dict[str, Any]]:
        """Yield every item of a table, read in one segment."""
        return self._store.scan(table)

    def _answer(self, request: Any, **_: Any) -> Any:
        time.sleep(CALL_S)
        asked = json.loads(request.body)
        number = int(asked.get("ExclusiveStartKey", {}).get("Page", {"N": 0})["N"])
        pages = self._pages[asked["TableName"]]
        answer: Any = AWSResponse(request.url, 200, HTTPHeaders(), None)
        answer._content = pages[number]  # noqa: SLF001 - there is no other way to give one a body
        return answer


def _pages_of(rows: list[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the bodies of answers, each but the last with where the next begins."""
    pages: list[list[Any]] = [[]]
    size = 0
    for wire in map(to_wire, rows):
        size += len(json.dumps(wire))
        if size > PAGE:
            pages.append([])
            size = 0
        pages[-1].append(wire)
    for number, items in enumerate(pages, start=1):
        more = {"LastEvaluatedKey": {"Page": {"N": str(number)}}} if number < len(pages) else {}
        yield json.dumps({"Items": items, "Count": len(items), **more}).encode()


def made_tables(environments: int) -> Tables:
    """Return tables that hold so many environments of one schedule, as we apply them."""
    text = SHARED + "".join(ENVIRONMENT % number for number in range(environments))
    held = applied(Fleet({"fleet.yaml": text.encode()}).load().resources.values())
    assert isinstance(held.store, ItemsInMemory)
    return replace(held, store=PagesInMemory(held.store.items))


def main() -> None:
    """Print both and their ratio; exit 1 under ``--check`` if the limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--check", action="store_true", help="exit 1 if the limit is passed")
    given = parser.parse_args()
    tables = made_tables(given.environments)
    accounts = KnownAccounts(Settings(), kinds(), INSTALLATION, ())

    def read() -> AcceptedState:
        return accounts.accepted(tables.observe(), NOW)

    counted = {f"e{number:04}": (2, 4) for number in range(given.environments)}
    seen = ScopeCounts(at=NOW, instances_on=1, instances_off=1, environments=counted)
    status = ScopeStatus(
        scope="staging-eu/eu-west-1", state=ScopeState.OK, since=NOW, tried_at=NOW, seen=seen
    )
    row = row_of_status(status)

    def listed() -> None:
        found = as_seen(listed_in("environments", read(), NOW, ListFilter()), statuses_in([row]))
        assert len(found) == given.environments
        list_answer("environments", found, NOW, "narrow", WIDTH).text()

    clock = time.perf_counter
    # Both take turns, so that a busy machine hits both alike; the first round fills caches.
    rounds = [(seconds(read, clock), seconds(listed, clock)) for _ in range(given.rounds + 1)][1:]
    reading, listing = (statistics.median(side) for side in zip(*rounds, strict=True))
    ratio = statistics.median(ours / bare for bare, ours in rounds)
    print(f"{given.environments:,} environments: read in {reading:.3f} s, read and listed in {listing:.3f} s: {ratio:.2f} times")  # fmt: skip
    print(f"limit: {MOST_TIMES_READING} times")
    sys.exit(1 if given.check and ratio > MOST_TIMES_READING else 0)


if __name__ == "__main__":
    main()
