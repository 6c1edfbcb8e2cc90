"""A process that applies is killed with SIGKILL; what another process finds is whole, and it ends what the first began."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.resource import Projection
from controller.targets.table_items.definitions import STATE_TABLE
from tests.support.estate import PREFIX, TABLES, Estate
from tests.support.moto_tables import MotoTables
from tests.support.toy_kinds import SERVICES, service

ROOT = Path(__file__).parents[2]
COUNT = 130
APPLY = """
import sys
from tests.scenarios.test_killed_for_real_the_next_run_converges import in_server, wanted

estate = in_server(sys.argv[1], create=False)
estate.wants(*wanted())
worker = estate.worker("worker-a").takes()
worker.emit = lambda event: print(event.done, flush=True)
worker.applies()
"""


def wanted() -> list[Projection]:
    return [service(f"s{number:03}") for number in range(COUNT)]


def in_server(address: str, *, create: bool) -> Estate:
    """Return an estate in the moto server at an address."""
    os.environ["AWS_ENDPOINT_URL"] = address
    place = Place("", "eu-west-1")
    clients = Clients()
    client = clients.client(place, "dynamodb")
    definitions = [
        table.prefixed(PREFIX) for table in (*TABLES.values(), STATE_TABLE, LEDGER_TABLE)
    ]
    store = MotoTables(client, definitions if create else ())
    store.definitions = {table.name: table for table in definitions}
    return Estate(store=store)


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    urllib.request.urlopen(
        urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    )
    server.stop()


def wait_for_what_was_in_flight(estate: Estate) -> None:
    """Let the server end what the dead process had asked for: moto is no database, and shows it half done."""
    seen = -1
    for _ in range(40):
        time.sleep(0.5)
        if seen == (seen := len(estate.records())):
            return


@pytest.mark.slow
@pytest.mark.parametrize("after", ["at once", "first transaction"])
def test_the_ledger_has_no_gap_and_no_double(
    address: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    estate = in_server(address, create=True)
    estate.wants(*wanted())
    with subprocess.Popen(
        [sys.executable, "-c", APPLY, address], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if after == "first transaction":
            assert process.stdout.readline().strip() == "49"
        else:
            while estate.leases.read("config") is None:
                assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    wait_for_what_was_in_flight(estate)
    assert len(estate.records()) % 49 == 0
    estate.check_ledger()

    estate.converges()

    assert estate.plans() == ()
    assert len(estate.store.items(PREFIX + SERVICES.name)) == COUNT
    assert len(estate.records()) == COUNT
    estate.check_ledger()
