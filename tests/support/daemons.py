"""A daemon driven by hand: no thread, no scheduler; its ticks and its works are done when a test says so."""

from dataclasses import dataclass, field
from functools import partial

from controller import catalog
from controller.daemon.jobs import Jobs
from controller.daemon.memory_queue import MemoryQueue
from controller.daemon.notify_jobs import NotifyJobs
from controller.daemon.record_jobs import RecordJobs
from controller.daemon.worker import Handler, Workers
from controller.daemon_ports import WorkQueue
from controller.engine.config.planner import Planner
from controller.engine.installation.signed_approvals import signed_lines
from controller.engine.live.accounts import LiveAccounts
from controller.engine.notifications.news import News
from controller.events import Event, WorkDone, WorkFailed, WorkGivenUp
from controller.model.work import Work
from controller.ports import Source


@dataclass(eq=False)
class DaemonByHand:
    """One daemon of an installation; several share a queue."""

    accounts: LiveAccounts
    source: Source
    instance: str = "daemon-a"
    queue: WorkQueue | None = None
    events: list[Event] = field(default_factory=list)
    worked: list[Work] = field(default_factory=list)
    """Every work that was taken, those too that there was nothing to do for."""

    def __post_init__(self) -> None:
        """Put it together."""
        master = self.accounts.installation.master
        self.queue = self.queue or MemoryQueue(master.process.clock)
        news = News()
        emit = news.hearing(self.events.append)
        self.jobs = Jobs(
            accounts=self.accounts,
            planner=Planner(
                lambda: self.source, master.settings, catalog.kinds(), partial(signed_lines, master)
            ),
            polled=lambda: self.source,
            queue=self.queue,
            settings=master.settings,
            clock=master.process.clock,
            instance=self.instance,
            emit=emit,
        )
        self.records = RecordJobs(installation=self.accounts.installation, jobs=self.jobs)
        self.notify = NotifyJobs(self.accounts.installation, self.jobs, news)
        self.workers = Workers(
            queue=self.queue,
            handlers={
                job: self._noting(handler)
                for job, handler in {**self.jobs.handlers, **self.records.handlers}.items()
            },
            count=1,
            interruption=master.process.interruption,
            emit=emit,
            keep_traceback=self._raise,
            put_one=self.jobs.put_one,
        )

    def tick(self) -> None:
        """Let all ticks come once."""
        self.jobs.refresh()
        self.jobs.tick_source()
        self.jobs.tick_schedules()
        self.jobs.tick_looks()

    def work(self) -> list[str]:
        """Do all that is on the queue; return what was done, as ``job scope``."""
        before = len(self.events)
        while self.workers.do_next(0):
            pass
        return [
            f"{event.job} {event.scope}"
            for event in self.events[before:]
            if isinstance(event, WorkDone | WorkFailed | WorkGivenUp)
        ]

    def tick_and_work(self) -> list[str]:
        """Tick, and do what that makes due."""
        self.tick()
        return self.work()

    def _noting(self, handler: Handler) -> Handler:
        def noted(work: Work) -> None:
            self.worked.append(work)
            handler(work)

        return noted

    @staticmethod
    def _raise(error: Exception) -> None:
        raise error
