"""One line on standard error that says how far a command is: rewritten on a terminal, a line now and then elsewhere."""

import sys
import time
from dataclasses import dataclass, field

from controller.cli.process import note, note_as_is
from controller.events import ApplyProgressed, Emit, Event, SnapshotProgressed, discard_event
from controller.model.plan import Progress
from controller.views.snapshots import items_text

FIRST_AFTER_S = 2.0
TERMINAL_EVERY_S = 0.5
ELSEWHERE_EVERY_S = 15.0


@dataclass(eq=False)
class ProgressLine:
    """Listens after each transaction, and tells ``emit`` on; prints on standard error when it is time. To be closed."""

    emit: Emit = discard_event
    _next_at: float = field(default_factory=lambda: time.monotonic() + FIRST_AFTER_S, init=False)
    _printed: bool = field(default=False, init=False)
    _scopes: dict[str, ApplyProgressed] = field(default_factory=dict, init=False)
    """Scopes are worked on side by side: what is shown is their sum."""
    _first: tuple[float, int] | None = field(default=None, init=False)
    """When the first transaction was through, and how much it held: before it others may have been waited for."""

    def tell(self, event: Event) -> None:
        """Tell any event on; take where a scope stands, and print where the run does when it is time."""
        self.emit(event)
        if not isinstance(event, ApplyProgressed):
            return
        now = time.monotonic()
        self._scopes[event.scope] = event
        known = list(self._scopes.values())
        progress = Progress(sum(scope.done for scope in known), sum(scope.total for scope in known))
        if not progress.total:
            return
        if self._first is None:
            self._first = now, progress.done
        if now < self._next_at:
            return
        terminal = sys.stderr.isatty()
        self._next_at = now + (TERMINAL_EVERY_S if terminal else ELSEWHERE_EVERY_S)
        text = progress_text(progress, now - self._first[0], self._first[1])
        if terminal:
            note_as_is(f"\r\x1b[K{text}")
            self._printed = True
        else:
            note(text)

    def close(self) -> None:
        """Take the line off the terminal."""
        if self._printed:
            note_as_is("\r\x1b[K")


def progress_text(progress: Progress, elapsed_s: float, before: int) -> str:
    """Return ``applied 4,900 of 10,000 (49 %), about 12 s left``; ``before`` were done before the time began."""
    done, total = progress
    share = f"{done / total:.0%}".replace("%", " %")
    text = f"applied {done:,} of {total:,} ({share})"
    if not before < done < total:
        return text
    return f"{text}, about {elapsed_s / (done - before) * (total - done):,.0f} s left"


@dataclass(eq=False)
class ItemsLine:
    """Listens to how far a snapshot is, and tells events on; prints on standard error when it is time. To be closed."""

    emit: Emit
    _next_at: float = field(default_factory=lambda: time.monotonic() + FIRST_AFTER_S, init=False)
    _printed: bool = field(default=False, init=False)

    def tell(self, event: Event) -> None:
        """Tell any event on; print where a snapshot stands when it is time."""
        self.emit(event)
        now = time.monotonic()
        if not isinstance(event, SnapshotProgressed) or now < self._next_at:
            return
        terminal = sys.stderr.isatty()
        self._next_at = now + (TERMINAL_EVERY_S if terminal else ELSEWHERE_EVERY_S)
        if terminal:
            note_as_is(f"\r\x1b[K{items_text(event)}")
            self._printed = True
        else:
            note(items_text(event))

    def close(self) -> None:
        """Take the line off the terminal."""
        if self._printed:
            note_as_is("\r\x1b[K")
