"""A line on the terminal that says what a command waits for where it is silent: within two seconds something is to be read."""

import threading
from dataclasses import dataclass, field
from typing import Final

from controller.cli.process import note_in_passing, redraws_remarks, silent_for_s, take_off
from controller.engine.commit.interruption import Interruption
from controller.model.waits import WAITS

FIRST_AFTER_S: Final = 1.0
EVERY_S: Final = 0.5


@dataclass(eq=False)
class WaitingLine:
    """Looks now and then whether the command is silent, in a thread of its own. To be ended."""

    interruption: Interruption
    """Knows which objects are under way."""
    first_after_s: float = FIRST_AFTER_S
    every_s: float = EVERY_S
    _ended: threading.Event = field(default_factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to look, where a line can be drawn anew."""
        if not redraws_remarks():
            return
        self._thread = threading.Thread(target=self._look, name="waiting", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no longer, and take the line off."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        take_off()

    def _look(self) -> None:
        while not self._ended.wait(self.every_s):
            silent_s = silent_for_s()
            if silent_s > self.first_after_s:
                waits = tuple(WAITS.values())
                note_in_passing(waiting_text(waits, self.interruption.under_way, silent_s))


def waiting_text(waits: tuple[str, ...], under_way: tuple[str, ...], silent_s: float) -> str:
    """Return ``waiting for AWS: dynamodb Scan in eu-west-1, 3 s``, or what is under way where nothing is waited for by name."""
    names = waits or under_way
    if not names:
        return f"working, {silent_s:.0f} s"
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    what = "waiting for" if waits else "waiting until it is done:"
    return f"{what} {names[0]}{more}, {silent_s:.0f} s"
