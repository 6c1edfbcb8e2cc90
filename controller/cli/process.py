"""What this process has: clock, environment, who is at work, and where output goes: results to standard output, all about them to standard error.

Nothing else reads the clock, the environment or who is at work.
"""

import getpass
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from controller.engine.installation.process_context import ProcessContext
from controller.model.printable import LONGEST_NAME, in_short, printable_lines
from controller.model.ref import Problem
from controller.views.style import Line, coloured, plain

USER_VARIABLE = "ENVCTL_USER"
PERSONAL = ("AWS_", "ENVCTL_", "GIT_")
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


utc_now = partial(datetime.now, UTC)
"""Returns the time."""


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
    user = os.environ.get(USER_VARIABLE)
    if not user:
        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            # A container may run as a number without a name.
            user = f"uid-{os.getuid()}"
    return ProcessContext(
        environment=os.environ,
        clock=utc_now,
        sleep=time.sleep,
        user=in_short(user, LONGEST_NAME),
        instance=f"{socket.gethostname()}-{os.getpid()}",
    )


def may_ask() -> bool:
    """Tell whether somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def wants_colour() -> bool:
    """Tell whether output may be coloured: on terminals, unless NO_COLOR is set to anything."""
    given = os.environ
    return sys.stdout.isatty() and not given.get("NO_COLOR") and given.get("TERM") != "dumb"


def say(text: str) -> None:
    """Print a result."""
    shown = printable_lines(text)
    sys.stdout.write(shown if shown.endswith("\n") else f"{shown}\n")


def say_lines(lines: Iterable[Line]) -> None:
    """Print styled lines, in colour where that is wanted."""
    sys.stdout.write(coloured(lines) if wants_colour() else plain(lines))


def say_document(name: str, fields: Mapping[str, object]) -> None:
    """Print a result as one JSON document in its envelope."""
    # Only who prints JSON pays for loading what writes it.
    from controller.views.documents.envelope import document_text

    sys.stdout.write(document_text(name, fields).decode())


def note(text: str) -> None:
    """Print something about a result."""
    sys.stdout.flush()
    sys.stderr.write(f"{printable_lines(text)}\n")


def note_problems(problems: Iterable[Problem]) -> None:
    """Print problems, in the order given."""
    for problem in problems:
        note(str(problem))


def counted(count: int, noun: str) -> str:
    """Return ``1 table``, ``2 tables``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
