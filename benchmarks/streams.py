"""How fast a table's stream is read into the ledger, against how fast one worker writes that table: same server, same process.

One worker applies creates, then the reader of the table's stream recognises every one as ours; slices of both take turns, so that a
busy machine hits both alike, until the middle half of the ratios says enough of their median. The cyclic collector looks as seldom as
the commands let it. Then others write as many items, and each becomes a record.

    python -m benchmarks.streams [--creates 980] [--slices 20] [--check]

``--check`` exits 1 if, in the median slice, the reader takes more than a fifth of the time the worker took. ``--slices`` is the most there are.
"""

import argparse
import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.apply import PLACE, SERVICES, apply_ours, creates, ready
from benchmarks.ministack import ministack
from controller.aws.clients import Clients
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.streams.gap import write_gap
from controller.engine.streams.table_reader import StreamAccess, StreamRead, TableReader
from controller.gc_tuning import relaxed_gc
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.queries import LedgerReader
from controller.ledger.stream_changes import STREAM_PREFIX
from controller.model.ledger_record import LedgerRecord

TIMES_THE_WORKER = 5
FEWEST_SLICES = 5
UNSURE = 0.1
"""Slices go on until the median is known to this share of itself."""


def ignore(_record: LedgerRecord) -> None:
    """Hear of a record and do nothing."""


def reader_of(writer: ScopeWriter, clients: Clients) -> TableReader:
    """Return what reads the stream of the worker's table, with a scope of its own."""
    storage = writer.storage
    client: Any = clients.client(PLACE, "dynamodb")
    streams: Any = clients.client(PLACE, "dynamodbstreams")
    ledger = LedgerReader(client, storage.physical(LEDGER_TABLE.name))
    scope, claim = STREAM_PREFIX + SERVICES.name, Claim("reader", lease_s=3600)
    own = ScopeWriter.take(scope, claim, storage, writer.request)
    return TableReader(SERVICES, StreamAccess(client, streams, ledger), own, ignore, 1)


def timed(reader: TableReader) -> tuple[float, float, StreamRead]:
    """Read what there is; return wall and CPU seconds, and what it was."""
    wall, cpu = time.perf_counter(), time.process_time()
    read = reader.read(write_gap)
    return time.perf_counter() - wall, time.process_time() - cpu, read


def spread(ratios: Sequence[float]) -> tuple[float, float]:
    """Return between which values the middle half lies."""
    first, _, third = statistics.quantiles(ratios, n=4, method="inclusive")
    return first, third


def is_known(ratios: Sequence[float]) -> bool:
    """Tell whether further slices would hardly move the median."""
    if len(ratios) < FEWEST_SLICES:
        return False
    first, third = spread(ratios)
    return (third - first) / math.sqrt(len(ratios)) <= UNSURE * statistics.median(ratios)


@relaxed_gc()
def main() -> int:
    """Print both rates, slice by slice, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--creates", type=int, default=980)
    parser.add_argument("--slices", type=int, default=20)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with ministack() as address:
        os.environ.update(
            AWS_ENDPOINT_URL=address, AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing"
        )
        clients = Clients()
        writer = ready(clients.client(PLACE, "dynamodb"))
        reader = reader_of(writer, clients)
        reader.read(write_gap)
        each = options.creates
        changes, ratios = creates(each * options.slices), list[float]()
        for first in range(0, len(changes), each):
            written, _ = apply_ours(changes[first : first + each], writer)
            wall, cpu, read = timed(reader)
            assert (read.events, read.ours, read.outside) == (each, each, 0)
            ratios.append(written / wall)
            print(
                f"worker {each / written:>8,.0f} items/s   reader {each / wall:>8,.0f} events/s,"
                f" {each / cpu:>8,.0f}/s of CPU: {written / wall:.1f} x"
            )
            if is_known(ratios):
                break
        client: Any = clients.client(PLACE, "dynamodb")
        for number in range(each):
            item = {"ServiceName": {"S": f"Other{number}"}, "Value": {"S": "x" * 500}}
            client.put_item(TableName=writer.storage.physical(SERVICES.name), Item=item)
        wall, cpu, read = timed(reader)
        assert read.outside == each
        print(f"others' {each:,} items recorded: {each / wall:,.0f}/s, {each / cpu:,.0f}/s of CPU")
    ratio, (first_quarter, last_quarter) = statistics.median(ratios), spread(ratios)
    print(
        f"the reader is {ratio:.1f} x as fast as the worker (at least {TIMES_THE_WORKER});"
        f" half of {len(ratios)} slices between {first_quarter:.1f} and {last_quarter:.1f}"
    )
    return int(options.check and ratio < TIMES_THE_WORKER)


if __name__ == "__main__":
    sys.exit(main())
