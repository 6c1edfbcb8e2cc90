"""What many ask for at once is read once, and kept for a moment."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final, Generic, TypeVar

from controller.errors import EnvctlError

KEEP_S: Final = 2.0
"""An answer is at most so old."""
_Read = TypeVar("_Read")


class SharedReading(Generic[_Read]):
    """Reads when what it has is older than ``keep_s``; who asks meanwhile waits for the same. Errors are kept as long. Thread-safe."""

    def __init__(self, read: Callable[[], _Read], keep_s: float = KEEP_S) -> None:
        """Take what reads; nothing is read yet."""
        self._read, self._keep_s = read, keep_s
        self._lock = Lock()
        self._found: tuple[float, _Read | EnvctlError] | None = None

    @property
    def kept(self) -> _Read | None:
        """What is kept and still young enough; None if it has to be asked for."""
        found = self._found
        if found is None or time.monotonic() - found[0] > self._keep_s:
            return None
        return None if isinstance(found[1], EnvctlError) else found[1]

    def get(self) -> _Read:
        """Return what is kept, or read it. Raises as reading does."""
        with self._lock:
            if self._found is None or time.monotonic() - self._found[0] > self._keep_s:
                try:
                    found: _Read | EnvctlError = self._read()
                except EnvctlError as error:
                    found = error
                self._found = (time.monotonic(), found)
            else:
                found = self._found[1]
        if isinstance(found, EnvctlError):
            raise found
        return found
