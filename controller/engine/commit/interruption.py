"""Ctrl-C, or a signal to end, as workers hear of it: before the next request, and in every pause."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from controller.errors import Interrupted


@dataclass(frozen=True, slots=True)
class Interruption:
    """Whether this process was asked to end, and what is under way in it. Thread-safe, also for a signal's handler."""

    asked: threading.Event = field(default_factory=threading.Event)
    _under_way: dict[str, None] = field(default_factory=dict)

    @property
    def under_way(self) -> tuple[str, ...]:
        """What has been begun and not ended: objects, or a scope."""
        return tuple(self._under_way)

    def check(self) -> None:
        """Raise Interrupted if this process was asked to end."""
        if self.asked.is_set():
            raise Interrupted("interrupted", fix="run again: the next run goes on from there")

    def pause(self, sleep: Callable[[float], None], seconds: float) -> None:
        """Sleep. Raises Interrupted before or after, if this process was asked to end."""
        self.check()
        sleep(seconds)
        self.check()

    def wait(self, seconds: float) -> None:
        """Sleep, but no longer than until this process is asked to end."""
        self.asked.wait(seconds)

    @contextmanager
    def doing(self, names: Iterable[str]) -> Iterator[None]:
        """Have something under way."""
        begun = dict.fromkeys(names)
        self._under_way.update(begun)
        try:
            yield
        finally:
            for name in begun:
                self._under_way.pop(name, None)
