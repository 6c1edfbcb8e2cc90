"""How fast a chain of records is verified and replayed, and whether memory stays flat.

The pager is in memory and hands out pages as they stand in DynamoDB's answers: JSON text, a hundred records each, as a batch get gives them.

    python -m benchmarks.verify [--records 100000] [--rounds 3]
"""

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from controller.aws.items import wire_json
from controller.gc_tuning import relaxed_gc
from controller.ledger.chain import ChainCheck, ChainEntry, Verification
from controller.ledger.heads import Heads
from controller.ledger.records import (
    build_records,
    chained,
    record_hash,
    record_of_wire,
    record_wire,
)
from controller.ledger.replay import Replay
from controller.ledger.verify import verify_scope
from controller.model.ledger_record import Actor, Head, ItemWrite
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef

SCOPE = "config"
PAGE = 100
PER_TRANSACTION = 49
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = Actor("ada@example.com", "9f1e0aa41c2d", "envctl", "cli")
TABLE = "InfraConfigServices"


def image(number: int, version: int) -> dict[str, Any]:
    """A Service as it lies in its table."""
    return {
        "ServiceName": f"service-{number}",
        "OwningCluster": "Tango",
        "Value": {
            "SchemaVersion": 1,
            "BluePort": 40000 + version,
            "GreenPort": 41000 + version,
            "Description": "Finds what people look for, and what they did not know they would",
            "PrimaryContact": "search@example.com",
        },
        "Audit": {
            "LastChanged": "2026-03-01T12:00:00.000Z",
            "TransactionID": f"run-{version}",
            "User": "ada",
            "Version": version,
        },
        "Managed": {"By": "prod", "Id": "0123456789abcdef", "Revision": "9f1e0aa", "Line": 3},
    }


def ledger(records: int) -> tuple[list[bytes], Head]:
    """Pages of a ledger in which a tenth as many services are made and changed again and again; and its head."""
    head = Head(SCOPE, 1, "worker", 0, 0, "")
    services = max(1, records // 10)
    lines: list[Any] = []
    for first in range(0, records, PER_TRANSACTION):
        writes = []
        for number in range(first, min(first + PER_TRANSACTION, records)):
            service, version = number % services, number // services + 1
            writes.append(
                ItemWrite(
                    TABLE,
                    {"ServiceName": f"service-{service}"},
                    image(service, version - 1) if version > 1 else None,
                    image(service, version),
                    ResourceRef("Service", f"service-{service}"),
                    "edited",
                    "fleet/services.yaml:3",
                    UNKNOWN_AUTHORSHIP,
                )
            )
        unchained = build_records(
            writes,
            scope=head.scope,
            actor_of=lambda _: ACTOR,
            plan_digest="7c41e9",
            transaction_id=f"run-{first}",
            at=START + timedelta(seconds=first),
            table_name=str,
            table_arn=lambda table: f"arn:aws:dynamodb:eu-west-1:000000000000:table/{table}",
        )
        made = [record for record, _ in chained(unchained, head)]
        lines += [(one.sequence, one.audit_id, record_wire(one)) for one in made]
        head = replace(head, sequence=made[-1].sequence, last_hash=made[-1].hash)
    pages = [wire_json(lines[at : at + PAGE]) for at in range(0, len(lines), PAGE)]
    return pages, head


def answered(pages: list[bytes]) -> Iterator[list[ChainEntry]]:
    """Each page parsed when it is asked for, as it would come from a client."""
    for page in pages:
        yield [ChainEntry(*line) for line in orjson.loads(page)]


class InMemory:
    """A chain whose pages are at hand."""

    def __init__(self, pages: list[bytes]) -> None:
        """Take the pages."""
        self._pages = pages

    def pages(self, scope: str, after: int) -> Iterator[list[ChainEntry]]:
        """Hand them out."""
        return answered(self._pages)


class KnownHead(Heads):
    """The head of the scope, at hand."""

    def __init__(self, head: Head) -> None:
        """Take it."""
        self._head = head

    def read(self, scope: str) -> Head:
        """Hand it out."""
        return self._head


def verify(pages: list[bytes], head: Head, replay: Replay | None = None) -> Verification:
    """What ``envctl audit verify`` does once it has the pages."""
    return verify_scope(SCOPE, InMemory(pages), KnownHead(head), sleep=time.sleep, replay=replay)


def seconds(what: Any) -> float:
    """CPU time of a call: other processes of a busy machine are not counted."""
    start = time.process_time()
    what()
    return time.process_time() - start


def main() -> None:
    """Print records per second, and what is held in memory for a tenth and for all of the records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pages, head = ledger(options.records)
    size = sum(map(len, pages))
    print(f"{options.records:,} records, {size / options.records:,.0f} bytes of JSON each")

    def parse() -> None:
        with relaxed_gc():
            for page in answered(pages):
                page.clear()

    def verify_all() -> None:
        assert verify(pages, head).intact

    def replay_all() -> None:
        replay = Replay({SCOPE: head.sequence})
        assert verify(pages, head, replay).intact
        assert not replay.findings

    times: dict[str, list[float]] = {"parsing alone": [], "verify": [], "verify --replay": []}
    for _ in range(options.rounds):
        for name, what in zip(times, (parse, verify_all, replay_all), strict=True):
            times[name].append(seconds(what))
    parsing = statistics.median(times["parsing alone"])
    for name, found in times.items():
        took = statistics.median(found)
        print(
            f"{name:<16}{options.records / took:>10,.0f} records/s, {took / parsing:.2f} x parsing alone"
        )
    rate = options.records / (statistics.median(times["verify"]) - parsing)
    print(f"verify without parsing {rate:,.0f} records/s")
    for share in (10, 1):
        part = pages[: max(1, len(pages) // share)]
        tracemalloc.start()
        check = ChainCheck(SCOPE, head)
        for page in answered(part):
            check.add(page)
        del page
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"{len(part) * PAGE:>10,} records: {kept / 1024:,.0f} KB kept, {peak / 1024:,.0f} KB at the peak"
        )
    _from_records(pages)


def _from_records(pages: list[bytes]) -> None:
    """Print how fast the same would be by way of records and canonical forms."""
    page = next(answered(pages))
    wires = [entry.record for entry in page if entry.record is not None]
    with relaxed_gc():
        took = seconds(lambda: [record_hash(record_of_wire(wire)) for wire in wires])
    print(f"by way of records  {len(wires) / took:,.0f} records/s")


if __name__ == "__main__":
    main()
