"""Ctrl-C and SIGTERM while something is applied: the first stops before the next request, the second ends at once."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Final

import typer

from controller.cli.process import note
from controller.engine.commit.interruption import Interruption
from controller.errors import ExitCode, Interrupted
from controller.planning.wording import NAMES_SHOWN

_BY_SIGNAL: Final = 128
"""What shells add to a signal's number."""


@dataclass(slots=True)
class Heard:
    """The signal that was heard; 0 for none."""

    number: int = 0

    def exit_code(self, code: ExitCode) -> int:
        """Return the exit code of a run; one that a signal ended has that signal's."""
        return _BY_SIGNAL + self.number if code is ExitCode.INTERRUPTED and self.number else code


@contextmanager
def stopping_on_signals(interruption: Interruption) -> Iterator[Heard]:
    """Tell an interruption of the first Ctrl-C or SIGTERM, and say at once what is still under way; end at the second.

    What has been applied by then is thus reported. Only the main thread hears signals: elsewhere nothing changes.
    """
    heard = Heard()

    def hear(number: int, _frame: FrameType | None) -> None:
        if interruption.asked.is_set():
            note("envctl: ended at once; the next run settles what is open by looking")
            sys.stdout.flush()
            # Threads wait for AWS: nobody else can end them.
            os._exit(_BY_SIGNAL + number)
        heard.number = number
        interruption.asked.set()
        names = interruption.under_way
        more = ", …" if names[NAMES_SHOWN:] else ""
        told = f" after what is under way: {', '.join(names[:NAMES_SHOWN])}{more}" if names else ""
        note(f"envctl: stopping{told}; a second signal ends at once")

    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield heard
    except Interrupted as error:
        if heard.number != signal.SIGTERM:
            raise
        note(f"envctl: {error}")
        raise typer.Exit(_BY_SIGNAL + heard.number) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
