"""What belongs to no account and was read a moment ago for another scope: of scopes that are looked at side by side one reads it."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, Final, TypeVar

SHARED_FOR: Final = timedelta(seconds=30)

Value = TypeVar("Value")


@dataclass(eq=False)
class SharedReads:
    """Values by name, each as young as ``SHARED_FOR``; ``clock`` gives aware time. Thread-safe: who comes while it is read waits."""

    clock: Callable[[], datetime]
    _reading: defaultdict[str, Lock] = field(default_factory=partial(defaultdict, Lock), init=False)
    _known: dict[str, tuple[datetime, Any]] = field(default_factory=dict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def read(self, name: str, read: Callable[[], Value]) -> Value:
        """Return what was read under a name, or read it. Raises as reading it."""
        with self._lock:
            reading = self._reading[name]
        with reading:
            now = self.clock()
            known = self._known.get(name)
            # A clock that was set back would keep it for as long.
            if known is None or not timedelta() <= now - known[0] <= SHARED_FOR:
                known = self._known[name] = now, read()
            value: Value = known[1]
            return value
