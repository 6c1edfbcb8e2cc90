import io
import logging
import os
import sys
from contextlib import closing

import pytest

from controller.cli import process
from controller.cli.invocation import Format, say_answer
from controller.cli.process import counted, log_without_secrets, note, say, say_lines
from controller.cli.terminal.progress import ProgressLine, progress_text
from controller.events import ApplyProgressed
from controller.model.plan import Progress
from controller.redactor import REDACTOR
from controller.views.answer import Answer
from controller.views.style import Span


@pytest.mark.parametrize(
    ("done", "total", "elapsed_s", "before", "text"),
    [
        (0, 100, 3.0, 0, "applied 0 of 100 (0 %)"),
        (4_900, 10_000, 12.0, 0, "applied 4,900 of 10,000 (49 %), about 12 s left"),
        (49, 10_000, 0.0, 49, "applied 49 of 10,000 (0 %)"),
        (149, 249, 5.0, 49, "applied 149 of 249 (60 %), about 5 s left"),
        (100, 100, 3.0, 0, "applied 100 of 100 (100 %)"),
    ],
)
def test_progress_in_one_line(
    done: int, total: int, elapsed_s: float, before: int, text: str
) -> None:
    assert progress_text(Progress(done, total), elapsed_s, before) == text


def test_short_applies_have_no_progress(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(ProgressLine()) as progress:
        progress.tell(ApplyProgressed("config", 1, 2))

    assert capsys.readouterr().err == ""


def test_nothing_to_do_has_no_progress(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.cli.terminal.progress.FIRST_AFTER_S", 0.0)
    with closing(ProgressLine()) as progress:
        progress.tell(ApplyProgressed("config", 0, 0))

    assert capsys.readouterr().err == ""


def test_long_applies_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.cli.terminal.progress.FIRST_AFTER_S", 0.0)
    with closing(ProgressLine()) as progress:
        progress.tell(ApplyProgressed("config", 1, 2))
        progress.tell(ApplyProgressed("config", 2, 2))

    assert capsys.readouterr().err.splitlines()[0].startswith("applied 1 of 2 (50 %)")


def test_scopes_side_by_side_are_added_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.cli.terminal.progress.FIRST_AFTER_S", 0.0)
    monkeypatch.setattr("controller.cli.terminal.progress.ELSEWHERE_EVERY_S", 0.0)
    with closing(ProgressLine()) as progress:
        for scope, done in (("a/eu-west-1", 1), ("b/eu-west-1", 1), ("a/eu-west-1", 2)):
            progress.tell(ApplyProgressed(scope, done, 2))

    assert capsys.readouterr().err.splitlines()[-1].startswith("applied 3 of 4 (75 %)")


def test_on_a_terminal_the_line_is_rewritten_and_gone_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.cli.terminal.progress.FIRST_AFTER_S", 0.0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with closing(ProgressLine()) as progress:
        progress.tell(ApplyProgressed("config", 1, 2))

    assert capsys.readouterr().err.startswith("\r\x1b[Kapplied 1 of 2")


@pytest.mark.parametrize(
    ("terminal", "environment", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colour(
    terminal: bool,
    environment: dict[str, str],
    wanted: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    say_lines([(Span("gone", "remove"),)])

    assert capsys.readouterr().out == ("\x1b[31mgone\x1b[0m\n" if wanted else "gone\n")


def test_nothing_that_is_said_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("two\tcolumns\nand \x1b[2J")
    note("more \x9b2J")

    assert capsys.readouterr() == ("two\tcolumns\nand \\x1b[2J\n", "more \\x9b2J\n")


def test_counting() -> None:
    assert [counted(n, "table") for n in (0, 1, 2_000)] == ["0 tables", "1 table", "2,000 tables"]


def test_the_environment_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("https_proxy", "http://proxy")
    before = dict(os.environ)

    with process.environment_instead({"AWS_REGION": "eu-west-2"}):
        assert "AWS_PROFILE" not in os.environ
        assert "https_proxy" not in os.environ
        assert os.environ["AWS_REGION"] == "eu-west-2"

    assert dict(os.environ) == before


def test_somebody_without_a_name_is_called_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", nameless)

    assert process.process_context().user.startswith("uid-")


def test_no_two_processes_go_by_one_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "envctl")
    monkeypatch.setattr("os.getpid", lambda: 1)

    first, second = process.process_context().instance, process.process_context().instance

    assert first.startswith("envctl-1-")
    assert first != second


def test_what_libraries_log_is_printed_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    REDACTOR.tell("CANARY-external-id-of-one")
    log_without_secrets()
    assert logging.lastResort is not None
    said_by_aws = ValueError(
        "Value 'CANARY-external-id…' at 'externalId'\nCANARY-external-id-of-one"
    )
    told = (ValueError, said_by_aws, None)
    record = logging.LogRecord("botocore", logging.WARNING, "", 1, "no: %s", ("x",), told)
    logging.lastResort.handle(record)
    said = capsys.readouterr().err
    assert "no: x" in said
    assert "Value '***…' at 'externalId'" in said
    assert "CANARY" not in said


def test_nothing_that_steers_a_terminal_or_turns_its_direction_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say("a\n\tb\x1b[2J\u202ec")
    note("a\nb\x9b\u200bc")

    assert capsys.readouterr() == ("a\n\tb\\x1b[2J\\u202ec\n", "a\nb\\x9b\\u200bc\n")


class Screen(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize("columns", [60, 80])
def test_an_answer_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    answer = Answer(
        document="audit-list", fields=dict, text=lambda: "wide", fitted=lambda width: "n" * width
    )
    screen, file = Screen(), io.StringIO()
    monkeypatch.setenv("COLUMNS", str(columns))

    for stream in (screen, file):
        monkeypatch.setattr(sys, "stdout", stream)
        say_answer(answer, Format.TEXT)

    assert screen.getvalue() == "n" * columns + "\n"
    assert file.getvalue() == "wide\n"
