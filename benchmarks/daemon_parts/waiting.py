"""How long a person waits for a daemon whose scopes all wait for AWS: each is to be looked at again, and is due."""

import secrets
import time
from datetime import timedelta

from benchmarks.daemon_parts.fleet import Fleet
from controller.cli.process import utc_now
from controller.cli.run import make_running
from controller.daemon.jobs import AGAIN
from controller.events import Event, WorkDone, WorkFailed, discard_event
from controller.model.work import Job, Work

_LOOK_S = 0.02
_BEFORE_S = 3.0
"""The workers are in the midst of it when somebody asks."""
_WITHIN_S = 120


def measure(fleet: Fleet, latency_s: float, workers: int) -> float:
    """Return the seconds from a person's request for a scope until it was looked at; ends the program where that does not come."""
    call = fleet.call(name="waiting", daemon={"workers": workers})
    daemon = make_running(call, discard_event).daemon
    jobs, told = daemon.jobs, list[Event]()
    daemon.workers.emit = told.append
    jobs.refresh()
    # Starting asks for a look at every scope, which is not what is measured.
    while (delivery := jobs.queue.take(0)) is not None:
        jobs.queue.end(delivery)
    now = utc_now()
    asked, *others = (one.scope.name for one in jobs.accounts.scopes(jobs.known().accepted))
    for name in others:
        jobs.put_at(now, _look(name, AGAIN))
    jobs.tick_schedules()
    fleet.aws.controls.slow_down(latency_s)
    daemon.workers.start()
    try:
        time.sleep(_BEFORE_S)
        began = time.monotonic()
        jobs.queue.put(_look(asked, "person"))
        while not any(isinstance(one, WorkDone | WorkFailed) and one.scope == asked for one in list(told)):  # fmt: skip
            if time.monotonic() > began + _WITHIN_S:
                raise SystemExit(f"nobody has looked at {asked} in {_WITHIN_S} s")
            time.sleep(_LOOK_S)
        took = time.monotonic() - began
        still = len(others) - sum(isinstance(one, WorkDone) for one in told)
        if still < workers:
            raise SystemExit(f"only {still} scopes still waited: ask with more of them")
        return took
    finally:
        daemon.workers.stop(_WITHIN_S)
        fleet.aws.controls.no_faults()
        daemon.records.close()
        daemon.notify.close()


def _look(scope: str, trigger: str) -> Work:
    return Work(
        scope=scope,
        job=Job.LOOK,
        dedup=secrets.token_hex(16),
        asked_at=utc_now() + timedelta(seconds=1),
        trigger=trigger,
    )
