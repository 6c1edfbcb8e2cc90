"""How often somebody may ask for changes."""

import time
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Final

from controller.api.problems import Refused

BURST: Final = 10
"""So many at once, then one every ``EVERY_S``."""
EVERY_S: Final = 2.0


class RateLimit:
    """Counts by name; names are few, as they come from credentials. Thread-safe; ``monotonic`` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing used up."""
        self._monotonic = monotonic
        self._lock = Lock()
        self._free_at: dict[str, float] = {}
        """When all that a name has used up is there again."""

    def take(self, name: str) -> None:
        """Use one up. Raises Refused (429) with when to come again."""
        with self._lock:
            now = self._monotonic()
            free_at = max(self._free_at.get(name, now), now) + EVERY_S
            wait_s = free_at - now - BURST * EVERY_S
            if wait_s <= 0:
                self._free_at[name] = free_at
                return
        raise Refused(
            HTTPStatus.TOO_MANY_REQUESTS,
            "TooManyRequests",
            f"{name} asks for more than {BURST} changes at once, or one every {EVERY_S:g} seconds",
            "wait, then ask again",
            {"Retry-After": str(int(wait_s) + 1)},
        )
