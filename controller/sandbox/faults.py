"""Faults on demand: throttled or denied calls, answers that get lost, slow calls, starts without capacity."""

import threading
from dataclasses import dataclass

from controller.sandbox.call import Call


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
    lose_answer: bool = False
    """Act, then close the connection without an answer."""
    latency_s: float = 0.0
    """Wait before acting."""
    times: int | None = 1
    """How many calls are left to go wrong; None: all."""

    def fits(self, call: Call) -> bool:
        """Whether the call is one of those that go wrong."""
        return all((
            self.account in ("", call.account),
            self.region in ("", call.region),
            self.service in ("", call.service),
            self.operation in ("", call.operation),
        ))  # fmt: skip


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


def take(call: Call) -> Fault | None:
    """Return the fault this call meets, used up by one, or None."""
    with _LOCK:
        fault = next((one for one in _FAULTS if one.fits(call)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                _FAULTS.remove(fault)
        return fault


def drop_this_connection() -> None:
    """Remember that the answer of the request this thread works on is to be lost."""
    _ANSWER.dropped = True


def connection_is_to_drop() -> bool:
    """Whether the answer of the request this thread works on is to be lost; asking forgets it."""
    dropped = bool(getattr(_ANSWER, "dropped", False))
    _ANSWER.dropped = False
    return dropped
