"""Snapshots and restores against what they cannot be faster than, on the other AWS look-alike.

Taking a snapshot is measured against a bare scan of the same tables in as many segments side by side, whose answers go to local files as
they come: no item is looked at. Restoring what is gone, from the tables and from Git, so that all of it is held by an override, is
measured against the apply of as many creates from YAML. So is an account that has nothing: tables are made, and the snapshot restored.

    python -m benchmarks.snapshots [--items 100000] [--restored 10000] [--rounds 3] [--check]

``--check`` exits 1 if taking a snapshot takes, in the median round, more than 1.5 times the bare scan, if memory grows by more than 64 MB
meanwhile, or if the restore takes more than 1.2 times the apply.
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from benchmarks.ministack import ministack
from controller import catalog
from controller.aws.clients import RawCall
from controller.aws.items import to_wire, wire_json
from controller.aws.tables import MAX_SEGMENTS
from controller.cli.process import process_context
from controller.engine.commit.lease import Claim
from controller.engine.config.planner import Planner
from controller.engine.installation.bootstrap import set_up
from controller.engine.installation.installation import Installation, Master, find_installation
from controller.engine.live.accounts import LiveAccounts
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.engine.snapshots.create import SnapshotOrder, create_snapshot, snapshot_tables
from controller.engine.snapshots.service import Snapshots
from controller.engine.state.override_rows import read_overrides
from controller.model.ledger_record import Requester
from controller.settings import Settings
from controller.snapshots.folder import FolderStore
from controller.sources.folder import FolderSource

MOST_TIMES_SCAN = 1.5
MOST_TIMES_APPLY = 1.2
MOST_GROWTH_MB = 64
SERVICES = "InfraConfigServices"
BATCH = 25
IN_A_FILE = 1_000
"""Documents: a file that holds more than a few thousand is refused."""
REQUESTER = Requester("benchmark", "benchmark")


def main() -> None:
    """Measure both, and say how they stand against their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--restored", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    with ministack() as address, tempfile.TemporaryDirectory(prefix="envctl-bench-") as folder:
        os.environ |= {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
        }
        held = restored(Path(folder), asked.restored)
        held &= taken(Path(folder), asked.items, asked.rounds)
    if asked.check and not held:
        sys.exit(1)


def taken(folder: Path, items: int, rounds: int) -> bool:
    """Take snapshots and scan bare, in turns; tell whether both limits held."""
    installation = installed(Settings(resource_prefix="scan-"))
    fill(installation, items)
    store = FolderStore(folder / "taken")
    ratios, growths = [], []
    for _ in range(rounds):
        with growing() as growth:
            snapshot_s = timed(
                lambda: create_snapshot(installation, store, SnapshotOrder(requester="benchmark"))
            )
        scan_s = timed(lambda: bare_scan(installation, folder / "bare"))
        ratios.append(snapshot_s / scan_s)
        growths.append(growth[0])
        print(
            f"snapshot {snapshot_s:6.2f} s, bare scan {scan_s:6.2f} s, memory +{growth[0]:.0f} MB"
        )
    ratio, growth_mb = statistics.median(ratios), max(growths)
    print(f"{items:,} items: {ratio:.2f} times the bare scan (at most {MOST_TIMES_SCAN})")
    print(f"memory: +{growth_mb:.0f} MB (at most {MOST_GROWTH_MB})")
    return ratio <= MOST_TIMES_SCAN and growth_mb <= MOST_GROWTH_MB


def restored(folder: Path, count: int) -> bool:
    """Apply so many services, lose them, restore them, here and in an account without tables; tell whether the limit held."""
    fleet = folder / "fleet"
    write_fleet(fleet, count)
    settings = Settings.model_validate(
        {
            "resourcePrefix": "restore-",
            "source": {"folder": str(fleet)},
            "snapshots": {"folder": str(folder / "kept")},
        }
    )
    installation = installed(settings)
    emptied = folder / "emptied"
    write_fleet(emptied, 1)
    accounts, process = LiveAccounts(installation), installation.master.process
    request = ReconcileRequest(requester=REQUESTER, claim=Claim(process.instance))

    def planner(source: Path = fleet) -> Planner:
        return Planner(lambda: FolderSource(source), settings, catalog.kinds())

    def apply() -> None:
        reconciler = Reconciler(planner=planner(), live=accounts, clock=process.clock)
        result = reconciler.reconcile(request)
        assert result.report is not None, result.refused
        assert not result.exit_code, result.report.stopped

    apply_s = timed(apply)
    snapshots = Snapshots.of(installation)
    manifest = snapshots.create("benchmark").manifest
    lose(installation, "restore-")

    def restore(into: Installation, own: Planner | None) -> None:
        found = Snapshots.of(into)
        restorer = found.restorer(LiveAccounts(into), found.source(manifest), own, None, "")
        result = restorer.carry_out(restorer.prepare(request), request)
        assert result.report is not None, result.refused
        assert len(result.report.outcomes) == count, len(result.report.outcomes)

    def recover() -> None:
        restore(installed(settings.model_copy(update={"resource_prefix": "again-"})), None)

    restore_s = timed(lambda: restore(installation, planner(emptied)))
    held = read_overrides(installation.master.store, "restore-")
    assert len({made.whole_id for made in held}) == 1, "all is held by one override"
    recover_s = timed(recover)
    ratio = restore_s / apply_s
    print(f"apply {apply_s:.2f} s, restore {restore_s:.2f} s, held in {len(held):,} parts")
    print(f"an account without tables: as before in {recover_s:.2f} s")
    print(f"{count:,} items: {ratio:.2f} times the apply (at most {MOST_TIMES_APPLY})")
    return ratio <= MOST_TIMES_APPLY


def installed(settings: Settings) -> Installation:
    """Set up tables and return what they belong to."""
    master = Master(settings, process_context(), catalog.kinds())
    set_up(master, REQUESTER)
    return find_installation(master)


def fill(installation: Installation, count: int) -> None:
    """Write items of about 700 bytes, nobody's."""
    table = installation.master.settings.resource_prefix + SERVICES

    def write(first: int) -> None:
        requests: list[Any] = [
            {"PutRequest": {"Item": to_wire(item(number))}}
            for number in range(first, min(first + BATCH, count))
        ]
        installation.master.client.batch_write_item(RequestItems={table: requests})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(0, count, BATCH)))


def item(number: int) -> dict[str, Any]:
    """Return a service as the old product wrote it."""
    return {
        "ServiceName": f"Service{number:06}",
        "OwningCluster": "Tango",
        "Audit": {"Version": 3, "LastChanged": "2026-11-28T02:00:00.000Z", "User": "ada"},
        "Value": {
            "SchemaVersion": 1,
            "BluePort": 40000,
            "GreenPort": 40001,
            "Description": "Finds what people look for, and what they did not know. " * 4,
            "PrimaryContact": "search@example.com",
            "Tags": [{"Key": "tier", "Value": "1"}, {"Key": "language", "Value": "scala"}],
        },
    }


def bare_scan(installation: Installation, folder: Path) -> None:
    """Write what every table answers into files, a file a segment."""
    folder.mkdir(exist_ok=True)
    master = installation.master

    def scan(table: str, segment: int) -> None:
        request: dict[str, Any] = {
            "TableName": table,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": MAX_SEGMENTS,
        }
        with (folder / f"{table}-{segment}").open("wb") as file:
            while True:
                body = RawCall(wire_json(request)).send(master.client, "scan", {"TableName": table})
                file.write(body)
                start = orjson.loads(body).get("LastEvaluatedKey")
                if start is None:
                    return
                request["ExclusiveStartKey"] = start

    with ThreadPoolExecutor(MAX_SEGMENTS) as pool:
        for table in snapshot_tables(installation):
            name = master.settings.resource_prefix + table.name
            list(pool.map(scan, [name] * MAX_SEGMENTS, range(MAX_SEGMENTS)))


def write_fleet(folder: Path, count: int) -> None:
    """Write so many services, and the cluster they belong to."""
    folder.mkdir()
    head = "apiVersion: envctl/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
    cluster = head.format(kind="Cluster", name="Tango") + "spec: {shortName: ta}\n"
    (folder / "cluster.yaml").write_text(cluster, encoding="utf-8")
    for first in range(0, count - 1, IN_A_FILE):
        text = "---\n".join(
            head.format(kind="Service", name=f"Service{number:05}")
            + "spec: {owningCluster: Tango, description: Finds what people look for}\n"
            for number in range(first, min(first + IN_A_FILE, count - 1))
        )
        (folder / f"services-{first}.yaml").write_text(text, encoding="utf-8")


def lose(installation: Installation, prefix: str) -> None:
    """Delete everything of the config tables, past the ledger."""
    client = installation.master.client
    for table in snapshot_tables(installation)[:-1]:
        name = prefix + table.name
        keys = [to_wire(table.key_of(found)) for found in installation.master.store.scan(name)]
        for first in range(0, len(keys), BATCH):
            requests: list[Any] = [
                {"DeleteRequest": {"Key": key}} for key in keys[first : first + BATCH]
            ]
            client.batch_write_item(RequestItems={name: requests})


def timed(do: Callable[[], object]) -> float:
    """Return how many seconds it took."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


@contextmanager
def growing() -> Iterator[list[float]]:
    """Give the megabytes by which the process grew at most, once the block has ended."""
    pages, done, begin = os.sysconf("SC_PAGE_SIZE"), threading.Event(), _resident()
    grown = [0.0]

    def watch() -> None:
        while not done.wait(0.01):
            grown[0] = max(grown[0], (_resident() - begin) * pages / 1e6)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        done.set()
        watching.join()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])


if __name__ == "__main__":
    main()
