"""One line of progress on applies that take long: rewritten on a terminal, seldom repeated elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

from controller.cli.output import note
from controller.events import ApplyProgressed, Emit, Event
from controller.model.plan import Progress

FIRST_AFTER_S = 2.0
TERMINAL_EVERY_S = 0.5
ELSEWHERE_EVERY_S = 15.0


class ProgressLine:
    """Listens after each transaction; prints on standard error when it is time."""

    def __init__(self) -> None:
        """Begin to count."""
        self._terminal = sys.stderr.isatty()
        self._began = time.monotonic()
        self._next_at = self._began + FIRST_AFTER_S
        self._printed = False
        self._scopes: dict[str, ApplyProgressed] = {}
        """Scopes are worked on side by side: what is shown is their sum."""
        self._first: tuple[float, int] | None = None
        """When the first transaction was through, and how much it held: before it others may have been waited for."""

    def __enter__(self) -> Self:
        return self

    def listening(self, emit: Emit) -> Emit:
        """Return what shows progress beside what events are told to."""

        def tell(event: Event) -> None:
            if isinstance(event, ApplyProgressed):
                self.show(event)
            emit(event)

        return tell

    def show(self, of_scope: ApplyProgressed) -> None:
        """Take where a scope stands; print where the run does when it is time."""
        now = time.monotonic()
        self._scopes[of_scope.scope] = of_scope
        known = list(self._scopes.values())
        progress = Progress(sum(scope.done for scope in known), sum(scope.total for scope in known))
        if not progress.total:
            return
        if self._first is None:
            self._first = now, progress.done
        if now < self._next_at:
            return
        self._next_at = now + (TERMINAL_EVERY_S if self._terminal else ELSEWHERE_EVERY_S)
        text = progress_text(progress, now - self._first[0], self._first[1])
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
            self._printed = True
        else:
            note(text)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._printed:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def progress_text(progress: Progress, elapsed_s: float, before: int) -> str:
    """Return ``applied 4,900 of 10,000 (49 %), about 12 s left``; ``before`` were done before the time began."""
    done, total = progress
    share = f"{done / total:.0%}".replace("%", " %")
    text = f"applied {done:,} of {total:,} ({share})"
    if not before < done < total:
        return text
    return f"{text}, about {elapsed_s / (done - before) * (total - done):,.0f} s left"
