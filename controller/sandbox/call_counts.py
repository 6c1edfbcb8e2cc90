"""How often each operation was called: what measurements ask."""

import threading
from collections import Counter

from controller.sandbox.call import Call

_COUNTS: Counter[str] = Counter()
_LOCK = threading.Lock()


def count(call: Call) -> None:
    """Count one call, refused ones too."""
    with _LOCK:
        _COUNTS[f"{call.service}.{call.operation}"] += 1


def taken() -> dict[str, int]:
    """Return the calls since this was asked last, by ``service.Operation``."""
    with _LOCK:
        found = dict(_COUNTS)
        _COUNTS.clear()
    return found
