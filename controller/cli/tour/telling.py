"""How the tour speaks: a few words, the command as one would type it, its real output, and what the daemon does."""

import shlex
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import chain

from controller.cli.main import run
from controller.cli.process import print_as_is, utc_now, wants_colour
from controller.errors import EnvctlError

WIDTH = 100
_BOLD, _DIM, _BLUE, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"


class Tour:
    """Tells on standard output and runs commands in this process. ``move`` lets it be later by so much."""

    def __init__(self, chapters: int, move: Callable[[timedelta], None]) -> None:
        """Begin to count chapters."""
        self._chapters, self._chapter = chapters, 0
        self._colour = wants_colour()
        self._move = move

    def chapter(self, title: str) -> None:
        """Begin a new part."""
        self._chapter += 1
        self._write(f"\n{self._styled(f'{self._chapter}/{self._chapters}  {title}', _BOLD)}\n")

    def tell(self, text: str) -> None:
        """Say something, in whole sentences; line breaks are made here."""
        self._write(f"\n{textwrap.fill(' '.join(text.split()), WIDTH)}\n")

    def show(self, command: str, output: str = "") -> None:
        """Show a command that somebody else ran, and what it said."""
        self._write(f"\n{self._styled(f'$ {command}', _BOLD)}\n")
        if output:
            self._write(f"{output}\n")

    def later(self, by: timedelta, why: str) -> None:
        """Let it be later, and say so."""
        self._move(by)
        self._write(f"\n{self._styled(f'It is {utc_now():%H:%M} UTC now: {why}.', _DIM)}\n")

    def daemon(self, lines: Iterable[str]) -> None:
        """Show what the daemon says it did, each line when it says so."""
        self._write("\n")
        for line in chain(lines, ("nothing more to do",)):
            wrapped = textwrap.fill(line, WIDTH, subsequent_indent=" " * 19)
            self._write(f"{self._styled(f'daemon {utc_now():%H:%M:%S}', _BLUE)}  {wrapped}\n")

    def envctl(self, *arguments: str, ends: int = 0) -> None:
        """Run a command and show it. Raises EnvctlError if it ends otherwise than ``ends``."""
        self.show(shlex.join(["envctl", *arguments]))
        began = time.monotonic()
        # What the command notes comes before or after its result on a terminal; here the order of writing counts.
        assert arguments[0] not in {"apply", "override", "restore", "rollback"} or {
            *("--yes", "--plan", "list")
        } & set(arguments), "the tour asks nothing"
        code = run(arguments)
        sys.stderr.flush()
        took_s = time.monotonic() - began
        self._write(f"{self._styled(f'exit {code}, {took_s:.1f} s', _DIM)}\n")
        if code != ends:
            raise EnvctlError(f"tour: envctl {arguments[0]} ended with {code}, told was {ends}")

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_PLAIN}" if self._colour else text

    def _write(self, text: str) -> None:
        print_as_is(text)
        sys.stdout.flush()
