"""A daemon is stopped before a request of its work for longer than it holds the scope: another does the work, the first writes nothing."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from controller.daemon.memory_queue import MemoryQueue
from controller.engine.queries.audit import verify_installation
from controller.sources.folder import FolderSource
from tests.support.daemons import DaemonByHand
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import PowerEstate
from tests.support.request_faults import RequestFaults, request_faults

WEB, SCOPE = "c50-ta-Web", "staging-eu/eu-west-1"
TURNS = "{mode: automatic, expression: 'start: */16 * * * *; stop: 8-59/16 * * * *'}"
STOPPED_S = 130
"""Longer than a work is held, and than a lease."""
LIVE_ACTS = {
    "StopInstances",
    "StartInstances",
    "EnterStandby",
    "ExitStandby",
    "UpdateAutoScalingGroup",
    "SuspendProcesses",
    "ResumeProcesses",
    "CreateOrUpdateTags",
    "DeleteTags",
}


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate in which one environment turns every eight minutes."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.environment("c50", schedule=TURNS)
    made.accept()
    made.group(WEB)
    return made


@pytest.fixture
def faults() -> Iterator[RequestFaults]:
    with request_faults() as made:
        yield made


class Pair:
    """Two daemons with one queue, and what happens while the first stands still."""

    def __init__(self, estate: PowerEstate, faults: RequestFaults) -> None:
        self.estate, self.faults = estate, faults
        queue, source = MemoryQueue(estate.clock), FolderSource(estate.folder)
        self.first, self.second = (
            DaemonByHand(estate.accounts_of(name), source, name, queue)
            for name in ("daemon-a", "daemon-b")
        )
        self.was_stopped = False
        self._records: list[str] = []
        self._states: dict[str, str] = {}
        self._sent: Counter[str] = Counter()

    def settle(self) -> None:
        """Let both do what is due, and what AWS goes on with."""
        for _ in range(3):
            self.first.tick_and_work()
            self.second.tick_and_work()
            self.estate.clock.sleep(2)

    def turn(self, minute: int) -> None:
        """Let the schedule turn at the next minute that is so many past a multiple of sixteen."""
        now = self.estate.clock.now.replace(second=1, microsecond=0) + timedelta(minutes=1)
        while now.minute % 16 != minute:
            now += timedelta(minutes=1)
        self.estate.at(now)

    def stop_first_at(self, operation: str, nth: int) -> None:
        """Let the first daemon switch, stopped before its n-th request of an operation."""
        self.was_stopped = False
        self.first.tick()
        self.faults.at(operation, nth, before=self._stand_still)
        self.first.work()
        self.faults.clear()
        assert self.was_stopped

    def _stand_still(self) -> None:
        self.faults.clear()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(self._second_does_it).result()
        self.was_stopped = True

    def _second_does_it(self) -> None:
        self.estate.clock.sleep(STOPPED_S)
        for _ in range(3):
            self.second.tick_and_work()
            self.estate.clock.sleep(2)
        self._records = [record.audit_id for record in self.estate.records(SCOPE)]
        self._states = self.estate.states()
        self._sent = Counter(self.faults.sent)

    def check(self, wanted: str) -> None:
        """See that the first changed nothing but by the one call that was on its way, and that all is in order."""
        assert [record.audit_id for record in self.estate.records(SCOPE)] == self._records
        sent = self.faults.sent - self._sent
        assert sum(sent[act] for act in LIVE_ACTS) <= 1, sent
        assert set(self._states.values()) == {wanted}, "the second did it"
        self.settle()
        assert self.estate.states() == self._states
        report = verify_installation(self.estate.installation, replay=True)
        assert report.intact, report


@pytest.mark.slow
@pytest.mark.parametrize(
    "stops_and_starts",
    [
        (("UpdateItem", 1), ("UpdateItem", 1), ("TransactWriteItems", 1), ("TransactWriteItems", 1)),
        (("TransactWriteItems", 2), ("TransactWriteItems", 2), ("PutItem", 1), ("PutItem", 1)),
        (("CreateOrUpdateTags", 1), ("StartInstances", 1), ("SuspendProcesses", 1), ("ExitStandby", 1)),
        (("UpdateAutoScalingGroup", 1), ("UpdateAutoScalingGroup", 1), ("EnterStandby", 1), ("ResumeProcesses", 1)),
        (("StopInstances", 1), ("DeleteTags", 1), ("DescribeInstances", 1), ("DescribeAutoScalingGroups", 1)),
    ],
)  # fmt: skip
def test_whatever_it_was_about_to_send(
    estate: PowerEstate, faults: RequestFaults, stops_and_starts: tuple[tuple[str, int], ...]
) -> None:
    """Four turns at most: an hour from the real time the sandbox's credentials end."""
    pair = Pair(estate, faults)
    pair.settle()
    pair.turn(0)
    pair.settle()
    for place, (operation, nth) in enumerate(stops_and_starts):
        minute, wanted = ((8, "stopped"), (0, "running"))[place % 2]
        pair.turn(minute)
        pair.stop_first_at(operation, nth)
        pair.check(wanted)
