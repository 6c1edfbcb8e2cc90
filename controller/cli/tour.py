"""How the guided tour is told: a few words, the command as one would type it, its real output, and a check that it ended as told."""

import shlex
import sys
import textwrap
import time
from collections.abc import Sequence

from controller.cli.main import run
from controller.cli.process import wants_colour
from controller.errors import EnvctlError

WIDTH = 100
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


class Tour:
    """Tells on standard output and runs commands in this process."""

    def __init__(self) -> None:
        """Begin to count chapters and time."""
        self._chapter = 0
        self._began = time.monotonic()
        self._colour = wants_colour()

    def chapter(self, title: str) -> None:
        """Begin a new part."""
        self._chapter += 1
        self._write(f"\n{self._styled(f'{self._chapter}. {title}', _BOLD)}\n")

    def tell(self, text: str) -> None:
        """Say something, in whole sentences; line breaks are made here."""
        self._write(f"\n{textwrap.fill(' '.join(text.split()), WIDTH)}\n")

    def show(self, command: str, output: str = "") -> None:
        """Show a command that somebody else ran, and what it said."""
        self._write(f"\n{self._styled(f'$ {command}', _BOLD)}\n")
        if output:
            self._write(f"{output}\n")

    def envctl(self, *arguments: str, ends: int = 0) -> None:
        """Run a command and show it. Raises EnvctlError if it ends otherwise than ``ends``."""
        self.show(shlex.join(["envctl", *arguments]))
        began = time.monotonic()
        # What the command notes comes before or after its result on a terminal; here the order of writing counts.
        code = run(_checked(arguments))
        sys.stderr.flush()
        took_s = time.monotonic() - began
        self._write(f"{self._styled(f'exit {code}, {took_s:.1f} s', _DIM)}\n")
        if code != ends:
            raise EnvctlError(f"tour: envctl {arguments[0]} ended with {code}, told was {ends}")

    @property
    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._colour else text

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


def _checked(arguments: Sequence[str]) -> Sequence[str]:
    """Refuse what would wait for an answer: the tour asks nothing."""
    assert arguments[0] != "apply" or "--yes" in arguments
    return arguments
