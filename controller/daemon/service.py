"""The daemon: ticks that put works on the queue, workers that do them, and how both end."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from controller import __version__
from controller.daemon.jobs import Jobs
from controller.daemon.notify_jobs import NotifyJobs
from controller.daemon.record_jobs import RecordJobs
from controller.daemon.systemd import Systemd
from controller.daemon.worker import Workers
from controller.daemon_settings import IntervalSettings
from controller.errors import EnvctlError, Interrupted
from controller.events import DaemonStarted, DaemonStopped, Emit, WorkFailed

LOOKS_EVERY_S = 10
"""So often it is asked which scopes are to be looked at: each has a moment of its own."""


@dataclass(eq=False, kw_only=True)
class Daemon:
    """Runs from ``start`` to ``stop``. ``is_alive`` tells whether its ticks still come."""

    jobs: Jobs
    records: RecordJobs
    notify: NotifyJobs
    workers: Workers
    systemd: Systemd
    emit: Emit
    _scheduler: BackgroundScheduler = field(init=False)

    def __post_init__(self) -> None:
        """Make the scheduler; nothing runs before ``start``."""
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._bug, EVENT_JOB_ERROR)
        # A tick that takes longer than its interval is left out once: nothing that anybody has to read.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)

    def start(self) -> None:
        """Read what is accepted, then tick and work. Raises as reading it."""
        jobs = self.jobs
        jobs.refresh()
        intervals = jobs.settings.intervals
        for name, (tick, every_s) in self._ticks(intervals).items():
            self._scheduler.add_job(
                self._guarded(name, tick),
                "interval",
                id=name,
                seconds=every_s,
                # Machines that start together do not ask together for ever.
                jitter=max(1, every_s // 10) if name == "source" else None,
                next_run_time=jobs.clock(),
            )
        self._scheduler.start()
        self.workers.start()
        scopes = len(jobs.accounts.scopes(jobs.known().accepted))
        self.emit(DaemonStarted(jobs.instance, __version__, scopes))
        self.systemd.tell("READY=1")

    def stop(self, within_s: float) -> bool:
        """End the ticks, then the works; tell whether all ended within the time. What did not goes to other daemons."""
        self.systemd.tell("STOPPING=1")
        self._scheduler.shutdown(wait=False)
        whole = self.workers.stop(within_s)
        # What still reads a stream stops before its next request, too.
        self.workers.interruption.asked.set()
        self.records.close()
        self.notify.close()
        self.emit(DaemonStopped(self.jobs.instance, len(self.workers.under_way)))
        return whole

    @property
    def ended(self) -> threading.Event:
        """Set when a tick or a worker met a bug of ours: whoever runs the daemon starts it anew."""
        return self.workers.broken

    @property
    def is_alive(self) -> bool:
        """Tell whether the ticks come: a scheduler that hangs lets its next moments pass."""
        now = self.jobs.clock()
        late = timedelta(seconds=LOOKS_EVERY_S * 6)
        ticks = self._scheduler.get_jobs()
        return self._scheduler.running and all(tick.next_run_time > now - late for tick in ticks)

    def _ticks(self, intervals: IntervalSettings) -> Mapping[str, tuple[Callable[[], None], float]]:
        ticks: dict[str, tuple[Callable[[], None], float]] = {
            "source": (self.jobs.tick_source, intervals.reconcile_seconds),
            "schedules": (self.jobs.tick_schedules, intervals.schedule_seconds),
            "looks": (self.jobs.tick_looks, LOOKS_EVERY_S),
            "clock": (self.records.tick_clock, LOOKS_EVERY_S),
            "streams": (self.records.tick_streams, intervals.stream_seconds),
            "notify": (self.notify.tick, intervals.notify_seconds),
        }
        if self.systemd.watchdog_s:
            ticks["watchdog"] = (lambda: self.systemd.tell("WATCHDOG=1"), self.systemd.watchdog_s)
        return ticks

    def _guarded(self, name: str, tick: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                tick()
            except Interrupted:
                # The daemon ends.
                return
            except EnvctlError as error:
                self.emit(WorkFailed("ticks", name, str(error)))

        return run

    def _bug(self, event: JobExecutionEvent) -> None:
        self.workers.keep_traceback(event.exception)
        self.ended.set()
