"""Faults on demand: throttled or denied calls, answers that get lost, slow calls, starts without capacity."""

import threading
from dataclasses import dataclass, replace

from controller.sandbox.call import Call

NARROWED_BY = ("account", "region", "service", "operation")


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next calls that fit. Empty strings fit everything."""

    account: str = ""
    region: str = ""
    service: str = ""
    operation: str = ""
    code: str = ""
    """Error code answered instead of acting, such as ``Throttling`` or ``InsufficientInstanceCapacity``."""
    message: str = "The sandbox was asked to refuse this call."
    status: int = 0
    """HTTP status of the refusal; 0: the usual one of the service."""
    lose_answer: bool = False
    """Act, then close the connection without an answer."""
    latency_s: float = 0.0
    """Wait before acting."""
    times: int | None = 1
    """How many calls are left to go wrong; None: all."""

    def fits(self, call: Call) -> bool:
        """Whether the call is one of those that go wrong."""
        return all(getattr(self, name) in ("", getattr(call, name)) for name in NARROWED_BY)


_FAULTS: list[Fault] = []
_LOCK = threading.Lock()
_ANSWER = threading.local()


def add(fault: Fault) -> None:
    """Let calls go wrong from now on."""
    with _LOCK:
        _FAULTS.append(fault)


def clear() -> None:
    """Let everything go right again."""
    with _LOCK:
        _FAULTS.clear()


def take(call: Call) -> Fault:
    """Return what this call meets: every slowing that fits, and the first of the other faults; without a code if nothing.

    Each is used up by one.
    """
    with _LOCK:
        fitting = [fault for fault in _FAULTS if fault.fits(call)]
        failure = next((fault for fault in fitting if not fault.latency_s), None)
        met = [fault for fault in fitting if fault.latency_s or fault is failure]
        for fault in met:
            if fault.times is not None:
                fault.times -= 1
        _FAULTS[:] = [fault for fault in _FAULTS if fault.times is None or fault.times > 0]
    first = failure or next(iter(met), Fault())
    return replace(first, latency_s=sum(fault.latency_s for fault in met))


def drop_this_connection() -> None:
    """Remember that the answer of the request this thread works on is to be lost."""
    _ANSWER.dropped = True


def connection_is_to_drop() -> bool:
    """Whether the answer of the request this thread works on is to be lost; asking forgets it."""
    dropped = bool(getattr(_ANSWER, "dropped", False))
    _ANSWER.dropped = False
    return dropped
