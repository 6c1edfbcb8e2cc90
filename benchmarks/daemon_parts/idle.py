"""What a daemon costs while nothing is to be done: all its ticks over an hour, with a clock that is moved."""

import gc
import resource
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from benchmarks.daemon_parts.fleet import Fleet, resident_mb
from controller.cli.process import utc_now
from controller.cli.run import make_running
from controller.daemon_ports import WorkQueue
from controller.events import discard_event
from controller.model.work import Job, Work

LOOKS = 40
WARM_S = 300
"""What is read once, and what memory it takes, is there by then."""


@dataclass
class Idle:
    """CPU seconds by tick, of this process and of those it started; memory in MB once warm and at the end."""

    seconds: int
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    asked_for: int = 0
    warm_mb: float = 0.0
    end_mb: float = 0.0
    look_s: float = 0.0
    """CPU of a light look at a scope."""

    @property
    def share(self) -> float:
        """Of one core."""
        return sum(self.cpu_s.values()) / self.seconds


def cpu_s() -> float:
    """Return the CPU seconds of this process, and of those it started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(fleet: Fleet, seconds: int) -> Idle:
    """Let the ticks of so many seconds come; what they ask for is taken off the queue, and not done."""
    clock = _Clock(utc_now())
    call = fleet.call(clock.now, "idle")
    fleet.seen(call, clock.now())
    running = make_running(call, discard_event)
    daemon, queue = running.daemon, running.daemon.jobs.queue
    found = Idle(seconds)
    daemon.jobs.refresh()
    _drain(queue)
    ticks = daemon._ticks(daemon.jobs.settings.intervals)  # noqa: SLF001 - what its scheduler runs
    for second in range(seconds):
        clock.at += timedelta(seconds=1)
        for name, (tick, every_s) in ticks.items():
            if second % int(every_s) == 0:
                found.cpu_s[name] += _cost(tick)
        found.asked_for += _drain(queue)
        if second == WARM_S:
            gc.collect()
            found.warm_mb = resident_mb()
    gc.collect()
    found.end_mb = resident_mb()
    names = [one.scope.name for one in daemon.jobs.accounts.scopes(daemon.jobs.known().accepted)]
    looks = [
        Work(scope=name, job=Job.LOOK, dedup=name, asked_at=clock.now(), trigger="tick")
        for name in names[: 2 * LOOKS]
    ]
    for look in looks[:LOOKS]:
        daemon.jobs.look(look)
    found.look_s = sum(_cost(partial(daemon.jobs.look, look)) for look in looks[LOOKS:]) / LOOKS
    daemon.records.close()
    daemon.notify.close()
    return found


def _cost(run: Callable[[], object]) -> float:
    began = cpu_s()
    run()
    return cpu_s() - began


def _drain(queue: WorkQueue) -> int:
    taken = 0
    while (delivery := queue.take(0)) is not None:
        queue.end(delivery)
        taken += 1
    return taken


@dataclass
class _Clock:
    at: datetime

    def now(self) -> datetime:
        return self.at
