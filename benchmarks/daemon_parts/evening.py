"""Everything switched off at the end of office hours: by the daemon, and by one run over all accounts as ``envctl apply`` makes it.

As a program it is the process that is measured, in an installation whose settings it is given:

    python -m benchmarks.daemon_parts.evening SETTINGS OFFSET_SECONDS daemon|apply
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from controller.cli.invocation import Invocation
from controller.cli.process import process_context, utc_now
from controller.cli.run import make_running
from controller.engine.commit.lease import Claim
from controller.engine.power.fleet import accepted_now
from controller.engine.reconcile.tick import PowerRun
from controller.events import Event, WorkDone, discard_event
from controller.model.ledger_record import Requester
from controller.model.work import Job

_LOOK_S = 0.02
_WITHIN_S = 1200


def main() -> None:
    """Let the afternoon pass, where there is nothing to do; then the evening, of which the seconds are printed."""
    settings, offset, how = sys.argv[1:]
    clock = _Clock(timedelta(seconds=float(offset)))
    process = replace(process_context(), clock=clock.now)
    call = Invocation(settings, None, process=process)
    evening = {"daemon": _by_the_daemon, "apply": _by_apply}[how](call)
    clock.offset += timedelta(minutes=16)
    began = time.monotonic()
    evening()
    print(json.dumps({"seconds": time.monotonic() - began}))


def _by_apply(call: Invocation) -> Callable[[], None]:
    run = PowerRun(call.live, Claim("benchmark"), Requester("benchmark", "schedule"))
    accepted = accepted_now(call.installation, call.process.clock(), call.live).accepted
    run.watch(accepted, call.process.clock())
    run.tick(accepted, call.process.clock())

    def evening() -> None:
        done = run.tick(accepted, call.process.clock())
        assert done is not None

    return evening


def _by_the_daemon(call: Invocation) -> Callable[[], None]:
    daemon = make_running(call, discard_event).daemon
    jobs, workers, told = daemon.jobs, daemon.workers, list[Event]()
    workers.emit = told.append
    jobs.refresh()
    scopes = len(jobs.accounts.scopes(jobs.known().accepted))
    workers.start()

    def done(job: Job) -> int:
        return len({one.scope for one in told if isinstance(one, WorkDone) and one.job == job})

    def until(job: Job) -> None:
        began = time.monotonic()
        while done(job) < scopes:
            if time.monotonic() > began + _WITHIN_S:
                raise SystemExit(f"only {done(job)} of {scopes} scopes are done")
            time.sleep(_LOOK_S)

    until(Job.LOOK)
    jobs.tick_schedules()
    told.clear()

    def evening() -> None:
        jobs.tick_schedules()
        until(Job.POWER)
        workers.stop(_WITHIN_S)

    return evening


class _Clock:
    def __init__(self, offset: timedelta) -> None:
        self.offset = offset

    def now(self) -> Any:
        return utc_now() + self.offset


if __name__ == "__main__":
    main()
