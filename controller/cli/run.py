"""``envctl run``: the daemon, until it is asked to end."""

import logging
import os
import signal
import sys
import threading
from dataclasses import replace
from functools import cache, partial
from types import FrameType
from typing import Annotated, Final, NamedTuple

import typer

from controller.api.access import Access
from controller.api.application import create_app
from controller.api.credentials import KeptCredentials, read_credentials
from controller.api.metrics import Metrics
from controller.api.put_back.operation_jobs import OperationJobs
from controller.api.served import Served
from controller.api.server import HttpServer
from controller.aws.sessions import MASTER
from controller.aws.sqs_queue import SqsQueue
from controller.cli.invocation import Invocation
from controller.cli.main import keep_traceback
from controller.daemon.jobs import Jobs
from controller.daemon.log import LibraryLog, LogFormat, lines_about, log_to
from controller.daemon.memory_queue import MemoryQueue
from controller.daemon.notify_jobs import NotifyJobs
from controller.daemon.record_jobs import RecordJobs
from controller.daemon.service import Daemon
from controller.daemon.systemd import Systemd
from controller.daemon.worker import Workers
from controller.daemon_ports import WorkQueue
from controller.engine.installation.desired_source import open_desired, settings_source
from controller.engine.notifications.news import News
from controller.errors import EnvctlError, ExitCode
from controller.events import BugFound, Emit, Event, HttpListening, SettingsRefused
from controller.gc_tuning import relaxed_gc

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL: Final = 128
"""What shells add to a signal's number."""
_LOOK_S: Final = 0.5


@relaxed_gc()
def run(
    context: typer.Context,
    *,
    log_format: Annotated[
        LogFormat | None,
        typer.Option(
            "--log-format",
            help="How events are written to standard error: json, or text; default: text on a terminal, else json.",
        ),
    ] = None,
) -> None:
    """Keep tables and accounts as the source says, by day and night. Ctrl-C or SIGTERM ends it; SIGHUP reads the settings again."""
    call: Invocation = context.obj
    log = _log(call, log_format)
    signals = _Signals()
    running = make_running(call, log)
    running.start()
    while signals.wait(running.daemon.ended) == signal.SIGHUP:
        try:
            again = make_running(Invocation(call.config, call.events, call.opened), log)
        except EnvctlError as error:
            log(SettingsRefused(str(error)))
            continue
        running.stop()
        running = again
        running.start()
    whole = running.stop()
    if running.daemon.ended.is_set():
        raise typer.Exit(ExitCode.BUG)
    if not whole:
        # What did not end in time goes to other daemons, or to the next start. Threads wait for AWS: nobody else can end them.
        os._exit(ExitCode.DONE)


def _log(call: Invocation, form: LogFormat | None) -> Emit:
    """Return what is told of all that happens, as it happens: nobody sits there to ask. Libraries are told of by it, too."""
    is_terminal = sys.stderr.isatty()
    if call.events == "-":
        # Lines of events are what the log is.
        call.events, form = None, LogFormat.JSON
    form = form or (LogFormat.TEXT if is_terminal else LogFormat.JSON)
    colours = is_terminal and not call.process.environment.get("NO_COLOR")
    log = log_to(sys.stderr, call.process.clock, form, colours=colours)
    logging.lastResort = LibraryLog(log)
    return log


class Running(NamedTuple):
    """The daemon, and its HTTP interface where the settings name a port."""

    daemon: Daemon
    server: HttpServer | None

    def start(self) -> None:
        """Start both. Raises as starting the daemon, and for an address that cannot be had."""
        if self.server is not None:
            self.daemon.emit(HttpListening(self.server.start()))
        self.daemon.start()

    def stop(self) -> bool:
        """Stop both, as far as the settings give time; tell whether all work ended."""
        if self.server is not None:
            self.server.stop()
        return self.daemon.stop(self.daemon.jobs.settings.daemon.stop_within_seconds)


def make_running(call: Invocation, log: Emit) -> Running:
    """Put it together from settings; ``log`` is told what happens, beside ``--events``. Raises as finding the installation, and for a queue or credentials that cannot be used."""
    settings, process, metrics, news = call.settings, call.process, Metrics(), News()
    file = call.lines

    def told(event: Event) -> None:
        log(event)
        file(event)

    emit = news.hearing(metrics.counting(told))
    queue: WorkQueue = MemoryQueue(process.clock)
    if settings.queue.sqs is not None:
        shared = SqsQueue(call.master.aws.client("sqs", MASTER), settings.queue.sqs, process.clock)
        shared.check()
        queue = shared
    daemon = _daemon(call, queue, emit, news)
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
        last_plan=lambda: daemon.jobs.last_plan,
        queue=queue,
        is_alive=lambda: daemon.is_alive,
        access=Access(_credentials(call), settings.http.host),
        metrics=metrics,
        calls=(call.master.aws.counter, apart.master.aws.counter),
        emit=emit,
        keep_traceback=partial(_tell_bug, emit),
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


def _daemon(call: Invocation, queue: WorkQueue, emit: Emit, news: News) -> Daemon:
    settings, process = call.settings, call.process
    jobs = Jobs(
        accounts=call.live,
        planner=call.planner(None),
        polled=cache(partial(open_desired, None, settings, process)),
        queue=queue,
        settings=settings,
        clock=process.clock,
        instance=process.instance,
        emit=emit,
    )
    records = RecordJobs(installation=call.installation, jobs=jobs)
    asked = OperationJobs(
        accounts=call.live,
        own=call.planner(None) if settings.source.is_named else None,
        owner=f"{process.instance}/operation",
        emit=emit,
    )
    workers = Workers(
        queue=queue,
        handlers={**jobs.handlers, **records.handlers, **asked.handlers},
        count=settings.daemon.workers,
        interruption=process.interruption,
        emit=emit,
        keep_traceback=partial(_tell_bug, emit),
        put_one=jobs.put_one,
        about=lines_about,
    )
    return Daemon(
        jobs=jobs,
        records=records,
        notify=NotifyJobs(call.installation, jobs, news),
        workers=workers,
        systemd=Systemd(process.environment),
        emit=emit,
    )


def _tell_bug(emit: Emit, error: Exception) -> None:
    emit(BugFound(type(error).__name__, keep_traceback(error)))


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
