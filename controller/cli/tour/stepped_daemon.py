"""The daemon of the tour: jobs, queue and worker of ``envctl run``, without threads; its ticks come when the clock is moved."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial

from controller.cli.invocation import Invocation
from controller.cli.process import counted
from controller.daemon.jobs import Jobs
from controller.daemon.memory_queue import MemoryQueue
from controller.daemon.record_jobs import RecordJobs
from controller.daemon.worker import Workers
from controller.engine.installation.desired_source import open_desired
from controller.errors import EnvctlError
from controller.events import (
    ChangeSettled,
    DesiredRejected,
    Event,
    OverrideEnded,
    PlanRefusedByGuard,
    WorkDone,
    WorkFailed,
    WorkGivenUp,
)

MOST_ROUNDS = 12
_ROUND = timedelta(seconds=5)
"""Passes between two rounds of ticks: what AWS goes on with is looked at again after less."""
_FEW = 4
"""So many changes of a scope are told one by one."""


@dataclass(eq=False)
class SteppedDaemon:
    """Ticks and works until nothing is left to do. ``move`` moves the clock of its ``call``."""

    call: Invocation
    move: Callable[[timedelta], None]
    _heard: list[Event] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Put it together as ``envctl run`` does. Raises as finding the installation."""
        call, process = self.call, self.call.process
        queue, emit = MemoryQueue(process.clock), self._heard.append
        self._jobs = Jobs(
            accounts=call.live,
            planner=call.planner(None),
            polled=cache(partial(open_desired, None, call.settings, process)),
            queue=queue,
            settings=call.settings,
            clock=process.clock,
            instance=process.instance,
            emit=emit,
        )
        self._records = RecordJobs(installation=call.installation, jobs=self._jobs)
        self._workers = Workers(
            queue=queue,
            handlers={**self._jobs.handlers, **self._records.handlers},
            count=1,
            interruption=process.interruption,
            emit=emit,
            keep_traceback=_raise,
            put_one=self._jobs.put_one,
        )

    def work(self) -> Iterator[str]:
        """Do all that is due, and what that makes due; yield what was done, as lines.

        Raises EnvctlError if there is no end to it.
        """
        for _ in range(MOST_ROUNDS):
            self._jobs.refresh()
            self._jobs.tick_source()
            self._jobs.tick_schedules()
            self._jobs.tick_looks()
            self._records.tick_streams()
            worked = False
            while self._workers.do_next(0):
                worked = True
                yield from told(self._heard)
                self._heard.clear()
            if not worked:
                return
            self.move(_ROUND)
        raise EnvctlError("tour: the daemon finds no end")

    def close(self) -> None:
        """Give back what it owns."""
        self._records.close()


def _raise(error: Exception) -> None:
    raise error


def told(events: list[Event]) -> Iterator[str]:
    """Yield what the events of one work say to a person; nothing where it found nothing to do."""
    changes = [event for event in events if isinstance(event, ChangeSettled)]
    refused = any(isinstance(event, DesiredRejected | PlanRefusedByGuard) for event in events)
    for event in events:
        match event:
            case DesiredRejected():
                problems = counted(event.problems, "problem")
                yield f"config: {event.revision[:7]} has {problems}: what was accepted last stays in force"
            case PlanRefusedByGuard():
                yield f"{event.scope}: refused by {event.guard}, approved only by {event.token}"
            case OverrideEnded():
                yield f"override of {event.ref} {event.what} ended: {event.because}"
            case WorkDone() if changes:
                yield from (f"{event.scope}: {line}" for line in _changes(changes))
            case WorkFailed() | WorkGivenUp() if not refused:
                yield f"{event.scope}: {event.job} failed: {event.because}"


def _changes(changes: list[ChangeSettled]) -> Iterator[str]:
    if len(changes) <= _FEW:
        yield from (f"{one.action} {one.ref} {one.outcome} ({one.cause})" for one in changes)
        return
    for outcome in sorted({one.outcome for one in changes}):
        of_it = [one for one in changes if one.outcome == outcome]
        kinds = Counter(f"{one.action} {one.ref.partition('/')[0]}" for one in of_it)
        each = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(_FEW))
        more = len(kinds) - _FEW
        yield f"{len(of_it)} {outcome}: {each}{f', {more} kinds more' if more > 0 else ''}"
