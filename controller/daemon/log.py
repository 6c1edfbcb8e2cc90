"""The daemon's log: a line for each event, for programs or for people, without secrets.

What an event is called and which facts it has is the event's own (``events``); what is bound around a work or a request, its
scope or its id, stands beside them (``structlog.contextvars``).
"""

import logging
from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TextIO

import orjson
import structlog

from controller.events import Emit, Event, LibraryWarned
from controller.ledger.records import iso_ms
from controller.model.printable import printable, printable_json
from controller.model.work import Work
from controller.redactor import REDACTOR

_FIRST: Final = ("at", "event", "level")
Facts = MutableMapping[str, Any]


class LogFormat(StrEnum):
    """How a line of the log is written."""

    JSON = "json"
    TEXT = "text"


def log_to(
    stream: TextIO, clock: Callable[[], datetime], form: LogFormat, *, colours: bool
) -> Emit:
    """Return what writes each event as a line, at once; progress alone is passed over. ``clock`` gives aware time."""

    def with_moment(_logger: object, _method: str, facts: Facts) -> Facts:
        return {**facts, "at": iso_ms(clock())}

    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            with_moment,
            _redacted,
            *([_json] if form is LogFormat.JSON else [_readable, _for_people(colours=colours)]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )

    def tell(event: Event) -> None:
        getattr(logger, event.level)(event.name, **asdict(event))

    return tell


class LibraryLog(logging.Handler):
    """Tells what libraries log where nobody else takes it as events: warnings, without what they quote of secrets."""

    def __init__(self, emit: Emit) -> None:
        """Take what is told."""
        super().__init__(logging.WARNING)
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one."""
        lines = REDACTOR.redact(self.format(record)).splitlines()
        text = "\n".join(map(REDACTOR.redact_quoted, lines))
        self._emit(LibraryWarned(record.name, text))


def _redacted(_logger: object, _method: str, facts: Facts) -> Facts:
    """Take secrets out of every value, as they are and not as a line would have them."""
    return {name: REDACTOR.redact_values(value) for name, value in facts.items()}


def _json(_logger: object, _method: str, facts: Facts) -> str:
    """Return a line as ``--events`` has it: when, what and how bad first."""
    ordered = {**{name: facts.pop(name) for name in _FIRST}, **facts}
    return printable_json(orjson.dumps(ordered)).decode()


def _readable(_logger: object, _method: str, facts: Facts) -> Facts:
    """Return texts as one line each, nothing of which steers a terminal; what is empty is left out."""
    shown = {
        name: printable(" ".join(value.split())) if isinstance(value, str) else value
        for name, value in facts.items()
    }
    return {name: value for name, value in shown.items() if value not in ("", None)}


def lines_about(work: Work) -> AbstractContextManager[None]:
    """Let lines say which work they are about, in this thread while it lasts."""
    return structlog.contextvars.bound_contextvars(scope=work.scope, job=work.job)


def _for_people(*, colours: bool) -> structlog.typing.Processor:
    return structlog.dev.ConsoleRenderer(
        pad_event_to=18,
        colors=colours,
        sort_keys=False,
        timestamp_key="at",
        exception_formatter=structlog.dev.plain_traceback,
    )
