"""What questions to a ledger cost: queries of a page of a list, time of a past state against reading the tables, verification once read.

A past state is asked for twice: with all records in the table, and with all but the newest moved to segments in a bucket, which each
reader reads anew.

    python -m benchmarks.ledger [--records 100000] [--rounds 5] [--check]

The look-alike sorts all that an index holds of a key for each page it is asked for: a page of a hundred thousand records takes it seconds,
and DynamoDB as long as a page of a hundred. So past states and the scan they are held against are measured with answers that the
look-alike gave before, each a hundredth of a second after its request. What both take with the look-alike is told first.

``--check`` exits 1 if a page of an object's or a transaction's records takes more than one query, if the state of a hundredth of the records
ago takes, in the median round of either, more than 3 times a scan of all tables, or if fewer than 50 000 records are verified in a second of CPU.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from benchmarks.call_counts import by_operation
from benchmarks.ministack import ministack
from benchmarks.snapshots import installed, timed
from benchmarks.verify import SCOPE, START, TABLE, answered, image, ledger, seconds
from controller.aws.clients import CallCounter, Clients, RawCall
from controller.aws.errors import Place
from controller.aws.items import WireItem, to_wire
from controller.catalog import kind_tables
from controller.engine.installation.installation import Installation
from controller.engine.queries.past_state import past_state
from controller.gc_tuning import relaxed_gc
from controller.ledger.archived.archive import ARCHIVES_ROW
from controller.ledger.archived.segments import (
    MOST_RECORDS,
    contents_of,
    dump_contents,
    line_of,
    pack_lines,
    segment_of,
)
from controller.ledger.chain import ChainCheck
from controller.ledger.queries import LedgerReader
from controller.ledger.questions import OfEntity, OfTransaction
from controller.ledger.records import EntityKey
from controller.model.ledger_record import Head
from controller.place_settings import SnapshotSettings
from controller.settings import Settings

BATCH = 25
MOST_TIMES_SCAN = 3.0
LEAST_PER_SECOND = 50_000
AGO = 100
"""The moment asked for lies one part of so many of the ledger back."""
ROUND_TRIP_S = 0.01


def main() -> None:
    """Measure, and say how it stands against the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    pages, head = ledger(asked.records)
    held = _verified(pages, head, asked.rounds)
    wires = [entry.record for page in answered(pages) for entry in page if entry.record]
    with look_alike():
        installation = installed(Settings())
        _fill(installation, wires, asked.records)
        held &= _listed(installation)
        held &= _past(installation, asked, "in the table")
    with look_alike():
        moved = installed(Settings(snapshots=_kept()))
        _fill(moved, wires[-1:], asked.records)
        _move(moved, wires[:-1])
        held &= _past(moved, asked, "in segments")
    if asked.check and not held:
        sys.exit(1)


@contextmanager
def look_alike() -> Iterator[None]:
    """Have an AWS with nothing in it, which AWS's variables lead to."""
    with ministack() as address:
        os.environ |= {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
        }
        yield


def _verified(pages: list[bytes], head: Head, rounds: int) -> bool:
    """Time verification of answers that are parsed."""
    at_hand, took = list(answered(pages)), []
    for _ in range(rounds):
        check = ChainCheck(SCOPE, head)
        with relaxed_gc():
            took.append(seconds(lambda check=check: [check.add(page) for page in at_hand]))
        assert check.finish(head).intact
    rate = head.sequence / statistics.median(took)
    print(f"verify: {rate:,.0f} records in a second of CPU (at least {LEAST_PER_SECOND:,})")
    return rate >= LEAST_PER_SECOND


def _fill(installation: Installation, wires: list[WireItem], records: int) -> None:
    """Write the items that so many records lead to, and the records given."""
    services = max(1, records // 10)
    versions = -(-records // services)
    items = [to_wire(image(number, versions)) for number in range(services)]
    _put(installation, TABLE, items)
    _put(installation, installation.ledger.table, wires)


def _kept() -> SnapshotSettings:
    """Make the bucket of segments, and return the settings that name it."""
    s3: Any = Clients().client(Place("", "eu-west-1"), "s3")
    where: Any = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration=where)
    return SnapshotSettings(bucket="kept")


def _move(installation: Installation, wires: list[WireItem]) -> None:
    """Write records as segments, and the row that counts them; none of them is in the table."""
    master, store = installation.master, installation.archive.store
    for first in range(0, len(wires), MOST_RECORDS):
        part = wires[first : first + MOST_RECORDS]
        segment, packed = segment_of(part), pack_lines(map(line_of, part))
        store.put(segment.key, packed)
        contents = contents_of(installation.id, part, packed)
        store.put(segment.contents_key, dump_contents(contents))
    last = {
        name: wires[-1][attribute]
        for name, attribute in (("To", "Sequence"), ("Hash", "Hash"), ("At", "ISOTimestamp"))
    }
    row = {**to_wire(ARCHIVES_ROW), SCOPE: {"M": last}}
    master.client.put_item(TableName=master.state_table, Item=row)


def _put(installation: Installation, table: str, items: list[WireItem]) -> None:
    def write(first: int) -> None:
        requests: list[Any] = [
            {"PutRequest": {"Item": item}} for item in items[first : first + BATCH]
        ]
        installation.master.client.batch_write_item(RequestItems={table: requests})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(0, len(items), BATCH)))


def _listed(installation: Installation) -> bool:
    """Count the requests that a page of each question makes."""
    counter = CallCounter()
    client: Any = Clients(counter=counter).client(Place("", "eu-west-1"), "dynamodb")
    reader = LedgerReader(client, installation.ledger.table)
    entity = OfEntity((EntityKey(TABLE, "service-1"),))
    found = [len(reader.page(question).records) for question in (entity, OfTransaction("run-0"))]
    counts = by_operation(counter)
    print(f"list: pages of {found} records, requests {counts} (one query each)")
    return counts == {"dynamodb.Query": len(found)} and all(found)


def _past(installation: Installation, asked: argparse.Namespace, where: str) -> bool:
    master, ratios = installation.master, list[float]()
    tables = [table.name for table in kind_tables(master.kinds.values())]
    moment = START + timedelta(seconds=asked.records - asked.records // AGO)

    def scan() -> None:
        for table in tables:
            for _ in master.store.scan(table):
                pass

    def state() -> None:
        # As a command begins: it knows no segment yet.
        past_state(Installation(installation.id, master), moment)

    with remembering() as answers, relaxed_gc():
        print(
            f"records {where}, by the look-alike: reading the tables {timed(scan):.2f} s, state {timed(state):.2f} s"
        )
        for _ in range(asked.rounds):
            scan_s, state_s = timed(scan), timed(state)
            ratios.append(state_s / scan_s)
            print(f"reading the tables {scan_s:6.2f} s, state {state_s:6.2f} s")
    ratio = statistics.median(ratios)
    print(
        f"a hundredth back, records {where}: {ratio:.2f} times reading the tables (at most {MOST_TIMES_SCAN}), {len(answers)} requests in all;"
        f" rounds {min(ratios):.2f} to {max(ratios):.2f}"
    )
    return ratio <= MOST_TIMES_SCAN


@contextmanager
def remembering() -> Iterator[dict[tuple[str, bytes | None], bytes]]:
    """Within the block, a request that was answered once is answered alike, after a round trip's time; give the answers."""
    answers: dict[tuple[str, bytes | None], bytes] = {}
    send = RawCall.send

    def remembered(call: RawCall, client: Any, method: str, request: Mapping[str, Any]) -> bytes:
        known = answers.get((method, call.body))
        if known is None:
            known = answers[method, call.body] = send(call, client, method, request)
        else:
            time.sleep(ROUND_TRIP_S)
        return known

    with patch.object(RawCall, "send", remembered):
        yield answers


if __name__ == "__main__":
    main()
