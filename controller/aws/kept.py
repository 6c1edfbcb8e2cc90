"""What is read from somewhere again and again while it is used: secrets that are changed without a restart."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, Generic, TypeVar

from controller.errors import AccessDenied, EnvctlError

READ_AGAIN: Final = timedelta(seconds=60)
"""What is older is read again: what was taken out is refused from then on, what was put there counts."""
LONGEST_UNREAD: Final = timedelta(minutes=15)
"""For so long counts what cannot be read again; then nothing does."""
FAILED_FOR: Final = timedelta(seconds=5)
"""Where nothing counts as it cannot be read that is tried again after so long, however many ask."""

Value = TypeVar("Value")


@dataclass(eq=False)
class Kept(Generic[Value]):
    """A value, as young as ``READ_AGAIN`` asks. Thread-safe; ``clock`` gives aware time."""

    read: Callable[[], Value]
    clock: Callable[[], datetime]
    _lock: Lock = field(default_factory=Lock, init=False)
    _known: Value | None = field(default=None, init=False)
    _read_at: datetime | None = field(default=None, init=False)
    _tried_at: datetime | None = field(default=None, init=False)
    _failed: EnvctlError | None = field(default=None, init=False)

    @property
    def young(self) -> Value | None:
        """What is known, where it need not be read again; else None. Nobody is waited for."""
        read_at = self._read_at
        if read_at is None or self.clock() - read_at > READ_AGAIN:
            return None
        return self._known

    def current(self) -> Value:
        """Return what counts now. Raises as reading it, if that fails and what is known is too old."""
        with self._lock:
            now = self.clock()
            if self._failed and self._tried_at and now - self._tried_at < FAILED_FOR:
                raise self._failed
            if self._known is None or self._tried_at is None or now - self._tried_at > READ_AGAIN:
                self._tried_at = now
                try:
                    self._known = self.read()
                    self._read_at, self._failed = now, None
                except EnvctlError as error:
                    # Who is denied is not let in by what was once allowed.
                    recent = self._read_at is not None and now - self._read_at <= LONGEST_UNREAD
                    if not recent or isinstance(error, AccessDenied):
                        self._known, self._failed = None, error
                        raise
            assert self._known is not None, "read now, or before"
            return self._known
