"""What this process has: clock, environment, who is at work, and where output goes: results to standard output, all about them to standard error.

Nothing else reads the clock, the environment or who is at work.
"""

import getpass
import logging
import os
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from controller.engine.commit.interruption import Interruption
from controller.engine.installation.process_context import ProcessContext
from controller.errors import EnvctlError, InvalidDesiredState
from controller.model.printable import LONGEST_NAME, in_short, printable, printable_lines
from controller.model.ref import Problem
from controller.redactor import REDACTOR
from controller.variables import BEGIN, USER_VARIABLE
from controller.views.style import Line, coloured, plain

PERSONAL = ("AWS_", BEGIN, "GIT_")
OWN_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables whose values are secret whoever names them."""
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


class _Clock:
    ahead = timedelta()
    """The clock of this process is ahead of the real one by this: always nothing, but in the tour."""
    moved_by_hand = False


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC) + _Clock.ahead


def _move(by: timedelta) -> None:
    _Clock.ahead += by


@contextmanager
def movable_clock() -> Iterator[Callable[[timedelta], None]]:
    """Give what lets it be later by so much, for all that this process does; then it is as late as it is.

    Whoever sleeps meanwhile does not wait: the clock is moved.
    """
    _Clock.moved_by_hand = True
    try:
        yield _move
    finally:
        _Clock.ahead, _Clock.moved_by_hand = timedelta(), False


@contextmanager
def environment_instead(values: Mapping[str, str]) -> Iterator[None]:
    """Have these variables for a while, and none of AWS, Git, proxies or ours besides; then everything as before."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(PERSONAL) or name.lower() in PROXIES:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def process_context() -> ProcessContext:
    """Return what this process gives a command."""
    try:
        local = getpass.getuser()
    except (OSError, KeyError):
        # A container may run as a number without a name.
        local = f"uid-{os.getuid()}"
    user = os.environ.get(USER_VARIABLE) or local
    interruption = Interruption()
    REDACTOR.tell(*(os.environ.get(name, "") for name in OWN_SECRETS))
    return ProcessContext(
        environment=os.environ,
        clock=utc_now,
        sleep=(
            (lambda seconds: _move(timedelta(seconds=seconds)))
            if _Clock.moved_by_hand
            else interruption.wait
        ),
        user=in_short(user, LONGEST_NAME),
        host=in_short(f"{local}@{socket.gethostname()}", LONGEST_NAME),
        # Containers of one name may all be process 1: what is random keeps one from taking another's lease for its own.
        instance=f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}",
        interruption=interruption,
    )


class _Remarks(logging.Handler):
    """Prints what libraries log where nobody else takes it: with whole tracebacks, which quote what was sent."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = REDACTOR.redact(self.format(record)).splitlines()
        note("\n".join(map(REDACTOR.redact_quoted, lines)))


def log_without_secrets() -> None:
    """Have warnings of libraries printed as before, but without secrets."""
    logging.lastResort = _Remarks(logging.WARNING)


def is_completing() -> bool:
    """Tell whether a shell asks what may be typed."""
    return bool(os.environ.get("_ENVCTL_COMPLETE"))


def may_ask() -> bool:
    """Tell whether somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def wants_colour() -> bool:
    """Tell whether output may be coloured: on terminals, unless NO_COLOR is set to anything."""
    given = os.environ
    return sys.stdout.isatty() and not given.get("NO_COLOR") and given.get("TERM") != "dumb"


def redraws() -> bool:
    """Tell whether output can be drawn anew in its place: on terminals that are not dumb."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def redraws_remarks() -> bool:
    """Tell whether remarks can be drawn anew in their place: on terminals that are not dumb."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width() -> int | None:
    """Return how many characters a line of the terminal holds; None where output goes elsewhere, which takes any."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


class _LastLine:
    """The line of the terminal that says what is waited for: whatever else is printed takes it off first."""

    lock = threading.RLock()
    is_shown = False
    printed_at_s = time.monotonic()
    """When something else was printed last, by the steady clock; at first when this process began."""
    rests = 0
    """How many wait by intention: for a person, or for the next time."""


def print_as_is(text: str) -> None:
    """Print part of a result, with its own line feeds and colours: all that is printed, but without secrets."""
    with _LastLine.lock:
        if _LastLine.is_shown:
            take_off()
        _LastLine.printed_at_s = time.monotonic()
        sys.stdout.write(REDACTOR.redact(text))


def note_as_is(text: str) -> None:
    """Print something about a result, at once, as ``print_as_is`` does."""
    with _LastLine.lock:
        if _LastLine.is_shown:
            take_off()
        _LastLine.printed_at_s = time.monotonic()
        sys.stderr.write(REDACTOR.redact(text))
        sys.stderr.flush()


def silent_for_s() -> float:
    """Return how long nothing was printed; 0 while somebody waits by intention."""
    return 0.0 if _LastLine.rests else time.monotonic() - _LastLine.printed_at_s


def note_in_passing(text: str) -> None:
    """Show a line on the terminal until something else is printed, or it is taken off; it is cut where the terminal ends."""
    columns = shutil.get_terminal_size().columns
    with _LastLine.lock:
        sys.stderr.write(f"\r\x1b[K{printable(REDACTOR.redact(text))[: columns - 1]}")
        sys.stderr.flush()
        _LastLine.is_shown = True


def take_off() -> None:
    """Take off the line that was shown in passing, if there is one."""
    with _LastLine.lock:
        if _LastLine.is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            _LastLine.is_shown = False


@contextmanager
def at_rest() -> Iterator[None]:
    """Wait by intention, for a person or for the next time: nothing is said of it meanwhile."""
    take_off()
    _LastLine.rests += 1
    try:
        yield
    finally:
        _LastLine.rests -= 1
        _LastLine.printed_at_s = time.monotonic()


def say(text: str) -> None:
    """Print a result."""
    # A secret is found as it is, not with characters escaped.
    shown = printable_lines(REDACTOR.redact(text))
    print_as_is(shown if shown.endswith("\n") else f"{shown}\n")


def say_lines(lines: Iterable[Line]) -> None:
    """Print styled lines, in colour where that is wanted."""
    print_as_is(coloured(lines) if wants_colour() else plain(lines))


def say_document(name: str, fields: Mapping[str, object]) -> None:
    """Print a result as one JSON document in its envelope."""
    # Only who prints JSON pays for loading what writes it.
    from controller.views.documents.envelope import document_text

    print_as_is(document_text(name, fields).decode())


def note(text: str) -> None:
    """Print something about a result."""
    sys.stdout.flush()
    note_as_is(f"{printable_lines(REDACTOR.redact(text))}\n")


def note_problems(problems: Iterable[Problem]) -> None:
    """Print problems, in the order given."""
    for problem in problems:
        note(str(problem))


def note_error(error: EnvctlError) -> None:
    """Print an error on standard error; of a wrong desired state every problem."""
    if isinstance(error, InvalidDesiredState):
        note_problems(error.problems)
        wrong = sum(not problem.warning for problem in error.problems)
        note(f"{counted(wrong, 'problem')}: nothing is planned from this")
    else:
        note(f"envctl: {error}")


def counted(count: int, noun: str) -> str:
    """Return ``1 table``, ``2 tables``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
