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
    """Reads when what it has is older than ``keep_s``; who asks meanwhile waits for the same. Thread-safe.

    An error is kept for ``KEEP_S`` at most: what was mended is seen.
    """

    def __init__(self, read: Callable[[], _Read], keep_s: float = KEEP_S) -> None:
        """Take what reads; nothing is read yet."""
        self._read, self._keep_s = read, keep_s
        self._lock = Lock()
        self._found: tuple[float, _Read | EnvctlError] | None = None

    @property
    def kept(self) -> _Read | None:
        """What is kept and still young enough; None if it has to be asked for."""
        found = self._young(self._keep_s)
        return None if isinstance(found, EnvctlError) else found

    def get(self, within_s: float | None = None) -> _Read:
        """Return what is kept if it is not older than ``within_s`` (``keep_s`` if None), or read it. Raises as reading does."""
        with self._lock:
            found = self._young(self._keep_s if within_s is None else within_s)
            if found is None:
                try:
                    found = self._read()
                except EnvctlError as error:
                    found = error
                self._found = (time.monotonic(), found)
        if isinstance(found, EnvctlError):
            raise found
        return found

    def _young(self, keep_s: float) -> _Read | EnvctlError | None:
        if self._found is None:
            return None
        at, found = self._found
        if isinstance(found, EnvctlError):
            keep_s = min(KEEP_S, self._keep_s)
        return found if time.monotonic() - at <= keep_s else None
