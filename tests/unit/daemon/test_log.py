"""The log of the daemon: for programs a line of JSON as ``--events`` writes it, for people one they can read; never a secret."""

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from structlog.contextvars import bound_contextvars

from controller.daemon.log import LibraryLog, LogFormat, log_to
from controller.events import (
    Emit,
    Event,
    LibraryWarned,
    RequestServed,
    RevisionApplied,
    WorkDone,
    WorkFailed,
    lines_to,
)
from controller.ledger.records import iso_ms
from controller.redactor import REDACTOR

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SECRET = 'p4ss"w0rd-of-the-hook'
FAILED = WorkFailed("config", "reconcile", "the source does not answer\n  fix: nothing")
EVENTS = [
    FAILED,
    RevisionApplied("9f1e0aa", None),
    RequestServed("r-1", "POST", "/api/v1/overrides", 201, "ada", 0.01),
]


@pytest.fixture
def secret() -> Iterator[str]:
    REDACTOR.tell(SECRET)
    yield SECRET
    REDACTOR.forget()


class Log:
    """A log, and what was written to it."""

    def __init__(self, form: LogFormat, *, colours: bool = False) -> None:
        self.stream = io.StringIO()
        self.tell: Emit = log_to(self.stream, lambda: NOW, form, colours=colours)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_for_programs_it_is_the_line_that_events_are(event: Event) -> None:
    log, file = Log(LogFormat.JSON), io.StringIO()
    log.tell(event)
    lines_to(file, lambda: iso_ms(NOW))(event)

    assert log.stream.getvalue() == file.getvalue()


def test_what_is_bound_around_a_work_or_a_request_stands_beside_its_facts() -> None:
    log = Log(LogFormat.JSON)
    with bound_contextvars(scope="staging-eu/eu-west-1", request="r-7"):
        log.tell(RevisionApplied("9f1e0aa", 3.5))
        log.tell(FAILED)
    log.tell(RevisionApplied("9f1e0ab", 3.5))

    first, second, third = map(json.loads, log.lines)
    assert (first["scope"], first["request"]) == ("staging-eu/eu-west-1", "r-7")
    assert second["scope"] == "config", "what an event says of itself holds"
    assert "scope" not in third


def test_for_people_a_line_is_plain_and_says_what_and_when() -> None:
    log = Log(LogFormat.TEXT)
    log.tell(WorkFailed("config", "look", "odd \x1b[31mred\n  fix: \u202enothing"))

    [line] = log.lines
    assert line.startswith("2026-11-24T10:00:00.000Z [warning  ] work.failed")
    assert "scope=config job=look" in line
    assert r"odd \\x1b[31mred fix: \\u202enothing" in line, "in one line, steering nothing"
    assert line.isprintable()


def test_colours_are_for_terminals() -> None:
    log = Log(LogFormat.TEXT, colours=True)
    log.tell(FAILED)

    assert "\x1b[" in log.lines[0]


@pytest.mark.parametrize("form", LogFormat)
def test_no_secret_is_written_in_any_form(form: LogFormat, secret: str) -> None:
    log = Log(form)
    with bound_contextvars(scope=f"x-{secret}"):
        log.tell(RevisionApplied(f"because {secret}!", None))
    log.tell(WorkFailed("config", "look", f"POST {secret} failed"))

    assert all(part not in log.stream.getvalue() for part in (secret, json.dumps(secret)[1:-1]))
    assert log.stream.getvalue().count("***") == 3


@pytest.mark.parametrize("form", LogFormat)
def test_progress_alone_is_passed_over(form: LogFormat) -> None:
    log = Log(form)
    log.tell(WorkDone("config", "look", 1.0))

    assert log.lines == []


def test_what_libraries_warn_of_is_an_event_without_secrets(secret: str) -> None:
    heard: list[Event] = []
    handler = LibraryLog(heard.append)
    record = logging.getLogger("botocore").makeRecord(
        "botocore", logging.ERROR, "f", 1, "no answer to %s, nor %s", (secret, secret[:-3]), None
    )
    handler.handle(record)

    assert heard == [LibraryWarned("botocore", "no answer to ***, nor ***")]


def test_every_event_has_a_name_of_its_own() -> None:
    names = [event.name for event in Event.__subclasses__() if event.__module__ == Event.__module__]

    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+\.[a-z][a-zA-Z]+", name)] == []
