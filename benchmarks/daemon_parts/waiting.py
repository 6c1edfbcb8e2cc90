"""How long a person waits for a scope to be looked at, while all others wait for AWS to stop their instances."""

import statistics
import time
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.daemon_parts.fleet import Fleet
from controller.cli.process import utc_now
from controller.cli.run import make_running
from controller.daemon.jobs import Jobs
from controller.engine.state.rows import STATUS_PREFIX, status_of_row
from controller.events import discard_event
from controller.model.work import Job, Work, dedup_id

ENDLESS = 10**6
"""Looks that an instance goes on stopping for."""
_LOOK_S = 0.05
_QUIET_S = 1.0
_WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from the request to what it brought about, each time; ``waiting`` scopes had instances that stop."""

    waiting: int
    each_s: tuple[float, ...]

    @property
    def longest_s(self) -> float:
        """The longest wait."""
        return max(self.each_s)

    @property
    def usual_s(self) -> float:
        """The median."""
        return statistics.median(self.each_s)


def measure(fleet: Fleet, end_in: timedelta, requests: int) -> Waits:
    """Let the evening come, in a daemon with the usual workers; then ask for a look, as HTTP does, when all others are to be looked at again.

    ``end_in`` is how far the end of office hours is from now.
    """
    fleet.aws.controls.delays(stop=ENDLESS)
    call = fleet.call(lambda: utc_now() + end_in + timedelta(seconds=90), "waiting")
    daemon = make_running(call, discard_event).daemon
    daemon.start()
    try:
        jobs = daemon.jobs
        names = [one.scope.name for one in jobs.accounts.scopes(jobs.known().accepted)]
        stopped = 0
        while stopped < len(names):
            time.sleep(1)
            stopped += fleet.aws.controls.calls().get("ec2.StopInstances", 0)
        waits = []
        for number in range(requests):
            _until_looked_at_again(fleet)
            waits.append(_asked(jobs, names[number * len(names) // requests], number))
    finally:
        daemon.stop(_WITHIN_S)
    return Waits(stopped, tuple(waits))


def _until_looked_at_again(fleet: Fleet) -> None:
    """Wait for the first looks of a round: the others are still to come."""
    while fleet.aws.controls.calls().get("ec2.DescribeInstances", 0):
        time.sleep(_QUIET_S)
    while not fleet.aws.controls.calls().get("ec2.DescribeInstances", 0):
        time.sleep(_LOOK_S)


def _asked(jobs: Jobs, scope: str, number: int) -> float:
    asked_at, began = jobs.clock(), time.monotonic()
    dedup = dedup_id(scope, Job.LOOK, f"asked-{number}")
    jobs.queue.put(
        Work(scope=scope, job=Job.LOOK, dedup=dedup, asked_at=asked_at, trigger="ada")
    )  # fmt: skip
    master = jobs.accounts.installation.master
    while True:
        row = master.store.get(master.state_table, {"Id": STATUS_PREFIX + scope})
        status = None if row is None else status_of_row(row)
        if status is not None and status.looked_at is not None and status.looked_at > asked_at:
            return time.monotonic() - began
        if time.monotonic() > began + _WITHIN_S:
            raise SystemExit(f"{scope} is not looked at")
        time.sleep(_LOOK_S)
