"""What the operating system gives this process. Nothing else reads the clock, the environment or who is at work."""

import getpass
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from controller.engine.installation.process_context import ProcessContext

USER_VARIABLE = "ENVCTL_USER"
PERSONAL = ("AWS_", "ENVCTL_", "GIT_")
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


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
        user=user,
        instance=f"{socket.gethostname()}-{os.getpid()}",
    )


def may_ask() -> bool:
    """Tell whether somebody sits there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def wants_colour() -> bool:
    """Tell whether output may be coloured: on terminals, unless NO_COLOR is set to anything."""
    given = os.environ
    return sys.stdout.isatty() and not given.get("NO_COLOR") and given.get("TERM") != "dumb"
