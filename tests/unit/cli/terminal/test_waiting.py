"""Where a command is silent a line says what it waits for; whatever else is printed takes that line off."""

import io
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from controller.cli.process import at_rest, note, say
from controller.cli.terminal.waiting import EVERY_S, FIRST_AFTER_S, WaitingLine, waiting_text
from controller.engine.commit.interruption import Interruption
from controller.model.waits import WAITS

LONGEST_S = 30.0
"""A test waits so long for what comes at once on any machine that is not stuck."""


class Screen(io.StringIO):
    """A terminal that tells when something is on it."""

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        """It is one."""
        return True

    def write(self, text: str) -> int:
        """Write, and tell of it."""
        count = super().write(text)
        self.written.set()
        return count


def screen_of(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Return what is printed on from now on; within a test, as pytest puts its own there before each."""
    made = Screen()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setattr(sys, "stdout", made)
    return made


@contextmanager
def waiting() -> Iterator[None]:
    line = WaitingLine(Interruption(), first_after_s=0.0, every_s=0.001)
    line.start()
    try:
        yield
    finally:
        line.end()


def test_something_is_to_be_read_within_two_seconds() -> None:
    assert FIRST_AFTER_S + EVERY_S < 2


def test_what_is_waited_for_is_shown_and_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setitem(WAITS, 1, "AWS: dynamodb Scan in eu-west-1")

    with waiting():
        assert screen.written.wait(LONGEST_S)

    assert "\r\x1b[Kwaiting for AWS: dynamodb Scan in eu-west-1, " in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("print_it", [say, note])
def test_what_is_printed_takes_the_line_off_first(
    monkeypatch: pytest.MonkeyPatch, print_it: Callable[[str], None]
) -> None:
    screen = screen_of(monkeypatch)
    with waiting():
        assert screen.written.wait(LONGEST_S)
        print_it("done")

    before, _, after = screen.getvalue().partition("done\n")
    assert before.endswith("\r\x1b[K")
    assert before.count("\r\x1b[K") >= 2
    assert set(after.split("\r\x1b[K")) <= {"", "working, 0 s"}


def test_nothing_is_said_while_a_person_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    with at_rest(), waiting():
        assert not screen.written.wait(0.05)

    assert screen.getvalue() == ""


def test_a_terminal_that_cannot_draw_anew_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")

    with waiting():
        assert not screen.written.wait(0.05)

    assert screen.getvalue() == ""


def test_a_line_is_no_longer_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = screen_of(monkeypatch)
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setitem(WAITS, 1, "AWS: " + "x" * 100)

    with waiting():
        assert screen.written.wait(LONGEST_S)

    assert all(len(line) < 20 for line in screen.getvalue().split("\r\x1b[K"))


@pytest.mark.parametrize(
    ("waits", "under_way", "text"),
    [
        ((), (), "working, 3 s"),
        (("git fetch",), ("Group c50-ta-Web",), "waiting for git fetch, 3 s"),
        (("AWS: sts", "AWS: ec2"), (), "waiting for AWS: sts and 1 more, 3 s"),
        ((), ("Group a", "Group b"), "waiting until it is done: Group a and 1 more, 3 s"),
    ],
)
def test_it_is_named_what_is_waited_for(
    waits: tuple[str, ...], under_way: tuple[str, ...], text: str
) -> None:
    assert waiting_text(waits, under_way, 3.2) == text
