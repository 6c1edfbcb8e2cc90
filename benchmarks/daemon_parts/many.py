"""How many scopes one daemon looks at in a second, and how many two do that share a queue in SQS, where every call takes its time."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.daemon_parts.fleet import Fleet, accepted_of
from controller.aws.sessions import MASTER
from controller.aws.sqs_queue import SqsQueue
from controller.cli.invocation import Invocation
from controller.cli.process import utc_now
from controller.model.work import Job, Work

_LOOK_S = 0.1
_WITHIN_S = 1200


@dataclass
class Worker:
    """A process of workers."""

    process: "subprocess.Popen[str]"

    def tell(self, order: str) -> int:
        """Give an order; return how many works are done so far."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{order}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"a process of workers ended with {self.process.wait()}")
        return int(line)


def measure(fleet: Fleet, latency_s: float, workers: int) -> tuple[float, float]:
    """Return the looks in a second of one daemon, and of two."""
    call = fleet.call(name="many", queue={"sqs": fleet.queue("many")})
    sqs = call.settings.queue.sqs
    assert sqs is not None
    queue = SqsQueue(call.master.aws.client("sqs", MASTER), sqs, utc_now)
    names = [one.scope.name for one in call.live.scopes(accepted_of(call))]
    with ExitStack() as opened:
        both = [opened.enter_context(_worker(fleet, call, n, workers)) for n in ("one", "two")]
        # What is asked for as they start, and the first look everywhere with its credentials, are not measured.
        _look_everywhere(queue, names, both)
        found = []
        for those in (both[:1], both):
            fleet.aws.controls.no_faults()
            _ask(queue, names)
            fleet.aws.controls.slow_down(latency_s)
            found.append(len(names) / _time_until_done(len(names), those))
        fleet.aws.controls.no_faults()
    return found[0], found[1]


def _look_everywhere(queue: SqsQueue, names: Sequence[str], workers: Sequence[Worker]) -> None:
    for worker in workers:
        # What daemons ask for as they start would be done instead, or be taken for done.
        while (delivery := queue.take(0)) is not None:
            queue.end(delivery)
        _ask(queue, names)
        _time_until_done(len(names), (worker,))


def _ask(queue: SqsQueue, names: Sequence[str]) -> None:
    asked_at = utc_now()
    for name in names:
        dedup = f"{name}-{asked_at.timestamp()}"
        queue.put(
            Work(scope=name, job=Job.LOOK, dedup=dedup, asked_at=asked_at, trigger="benchmark")
        )


def _time_until_done(works: int, workers: Sequence[Worker]) -> float:
    before = sum(worker.tell("done") for worker in workers)
    began = time.monotonic()
    for worker in workers:
        worker.tell("go")
    while sum(worker.tell("done") for worker in workers) < before + works:
        if time.monotonic() > began + _WITHIN_S:
            raise SystemExit("the daemons do not come to an end")
        time.sleep(_LOOK_S)
    took = time.monotonic() - began
    for worker in workers:
        worker.tell("rest")
    return took


@contextmanager
def _worker(fleet: Fleet, call: Invocation, name: str, workers: int) -> Iterator[Worker]:
    config = fleet.configured(name, queue={"sqs": call.settings.queue.sqs})
    module = [sys.executable, "-m", "benchmarks.daemon_parts.many_worker"]
    process = subprocess.Popen(
        [*module, str(config), str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Worker(process)
    finally:
        process.kill()
        process.communicate()
