"""``envctl run``: the daemon, until it is asked to end."""

import os
import signal
import threading
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import Final, NamedTuple

import typer

from controller.api.access import Access
from controller.api.application import create_app
from controller.api.credentials import KeptCredentials, read_credentials
from controller.api.metrics import Metrics
from controller.api.served import Served
from controller.api.server import HttpServer
from controller.aws.sessions import MASTER
from controller.aws.sqs_queue import SqsQueue
from controller.cli.invocation import Invocation
from controller.cli.main import keep_traceback
from controller.cli.process import note
from controller.daemon.jobs import Jobs
from controller.daemon.memory_queue import MemoryQueue
from controller.daemon.notify_jobs import NotifyJobs
from controller.daemon.record_jobs import RecordJobs
from controller.daemon.service import Daemon
from controller.daemon.systemd import Systemd
from controller.daemon.worker import Workers
from controller.engine.installation.installation import open_desired, settings_source
from controller.errors import EnvctlError, ExitCode
from controller.events import Emit
from controller.gc_tuning import relaxed_gc
from controller.ports import WorkQueue

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL: Final = 128
"""What shells add to a signal's number."""
_LOOK_S: Final = 0.5


@relaxed_gc()
def run(context: typer.Context) -> None:
    """Keep tables and accounts as the source says, by day and night. Ctrl-C or SIGTERM ends it; SIGHUP reads the settings again."""
    call: Invocation = context.obj
    # Nobody sits there to ask: what happens is said as it happens.
    call.events = call.events or "-"
    signals = _Signals()
    running = make_running(call)
    running.start()
    note("envctl: running; Ctrl-C ends it after what is under way")
    while signals.wait(running.daemon.ended) == signal.SIGHUP:
        try:
            again = make_running(Invocation(call.config, call.events, call.opened))
        except EnvctlError as error:
            note(f"envctl: the settings stay as they are: {error}")
            continue
        running.stop()
        running = again
        running.start()
        note("envctl: running, with the settings as they are now")
    whole = running.stop()
    if running.daemon.ended.is_set():
        raise typer.Exit(ExitCode.BUG)
    if not whole:
        note("envctl: what did not end in time goes to other daemons, or to the next start")
        # Threads wait for AWS: nobody else can end them.
        os._exit(ExitCode.DONE)


class Running(NamedTuple):
    """The daemon, and its HTTP interface where the settings name a port."""

    daemon: Daemon
    server: HttpServer | None

    def start(self) -> None:
        """Start both. Raises as starting the daemon, and for an address that cannot be had."""
        if self.server is not None:
            note(f"envctl: listening on {self.server.start()}")
        self.daemon.start()

    def stop(self) -> bool:
        """Stop both, as far as the settings give time; tell whether all work ended."""
        if self.server is not None:
            self.server.stop()
        return self.daemon.stop(self.daemon.jobs.settings.daemon.stop_within_seconds)


def make_running(call: Invocation) -> Running:
    """Put it together from settings. Raises as finding the installation, and for a queue or credentials that cannot be used."""
    settings, process, metrics = call.settings, call.process, Metrics()
    emit = metrics.counting(call.emit)
    queue: WorkQueue = MemoryQueue(process.clock)
    if settings.queue.sqs is not None:
        shared = SqsQueue(call.master.aws.client("sqs", MASTER), settings.queue.sqs, process.clock)
        shared.check()
        queue = shared
    daemon = _daemon(call, queue, emit)
    if settings.http.port is None:
        return Running(daemon, None)
    # Whoever asks by HTTP takes no scope away from a worker: they are two, and wait for each other.
    asking = replace(process, instance=f"{process.instance}-http")
    apart = Invocation(call.config, call.events, call.opened, asking)
    apart.settings = settings
    served = Served(
        accounts=apart.live,
        planner=apart.planner(None),
        source=lambda: settings_source(settings, process),
        queue=queue,
        is_alive=lambda: daemon.is_alive,
        access=Access(_credentials(call), settings.http.host),
        metrics=metrics,
        calls=(call.master.aws.counter, apart.master.aws.counter),
        emit=emit,
        keep_traceback=_note_bug,
    )
    return Running(daemon, HttpServer(create_app(served), settings.http.host, settings.http.port))


def _credentials(call: Invocation) -> KeptCredentials | None:
    reference = call.settings.http.credentials
    if reference is None:
        return None
    read = partial(read_credentials, reference, call.master)
    kept = KeptCredentials(reference, read, call.process.clock)
    kept.current()
    return kept


def _daemon(call: Invocation, queue: WorkQueue, emit: Emit) -> Daemon:
    settings, process = call.settings, call.process
    jobs = Jobs(
        accounts=call.live,
        planner=call.planner(None),
        polled=partial(open_desired, None, settings, process),
        queue=queue,
        settings=settings,
        clock=process.clock,
        instance=process.instance,
        emit=emit,
    )
    records = RecordJobs(installation=call.installation, jobs=jobs)
    workers = Workers(
        queue=queue,
        handlers={**jobs.handlers, **records.handlers},
        count=settings.daemon.workers,
        interruption=process.interruption,
        emit=emit,
        keep_traceback=_note_bug,
        put_one=jobs.put_one,
    )
    return Daemon(
        jobs=jobs,
        records=records,
        notify=NotifyJobs(call.installation, jobs),
        workers=workers,
        systemd=Systemd(process.environment),
        emit=emit,
    )


def _note_bug(error: Exception) -> None:
    note(f"envctl: a bug of envctl: {keep_traceback(error)}")


class _Signals:
    """Hears signals from its making on; the second one that ends the process ends it at once."""

    def __init__(self) -> None:
        self._heard = threading.Event()
        self._number = 0
        for number in _SIGNALS:
            signal.signal(number, self._hear)

    def wait(self, ended: threading.Event) -> int:
        """Return the number of the next signal; 0 if what runs has ended by itself."""
        while not ended.is_set():
            if self._heard.wait(_LOOK_S):
                number, self._number = self._number, 0 if self._number == signal.SIGHUP else -1
                self._heard.clear()
                return number
        return 0

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self._number == -1 and number != signal.SIGHUP:
            os._exit(_BY_SIGNAL + number)
        if self._number != -1:
            self._number = number
            self._heard.set()
