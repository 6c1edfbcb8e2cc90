"""What goes wrong with requests to AWS at the n-th of an operation: killed, stopped, delayed, failed, answered by nobody.

It sits between botocore and the wire, so it works with any endpoint, real, embedded or in this process. As a program it runs the
command line with such faults: ``python -m tests.support.request_faults '[{"operation": "StopInstances", "do": "kill"}]' apply``.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any, Final

from botocore.endpoint import Endpoint
from botocore.exceptions import ReadTimeoutError

from controller.cli.main import main as command_line

SIGNALS: Final = {
    "kill": signal.SIGKILL,
    "stop": signal.SIGSTOP,
    "interrupt": signal.SIGINT,
    "terminate": signal.SIGTERM,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens from the n-th request of an operation on, counted from when the fault was made, each try for itself."""

    operation: str
    """Empty: any."""
    nth: int = 1
    times: int | None = 1
    """How many requests go wrong; None: all from there on."""
    before: Callable[[], object] | None = None
    after: Callable[[], object] | None = None
    """What is done before it is sent, or once AWS has done it."""
    code: str = ""
    """It is not sent, and answered with this error."""
    lose_answer: bool = False
    """It is sent and done; the answer gets lost."""


@dataclass(slots=True)
class RequestFaults:
    """The faults of this process, and how often each operation was sent. Thread-safe."""

    faults: list[Fault] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    _met: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, operation: str, nth: int = 1, **what: Any) -> None:
        """Let something happen at the n-th request of an operation from now on."""
        with self._lock:
            self.faults.append(Fault(operation, nth, **what))

    def clear(self) -> None:
        """Let everything go right again."""
        with self._lock:
            self.faults.clear()
            self._met.clear()

    def send(self, real: Callable[[], Any], operation: str) -> Any:
        """Send a request, unless a fault says otherwise; return what botocore's endpoint gives."""
        faults = self._due(operation)
        for fault in faults:
            if fault.before is not None:
                fault.before()
        code = next((fault.code for fault in faults if fault.code), "")
        if code:
            error = {"Code": code, "Message": "asked for by a test"}
            parsed = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raw = SimpleNamespace(status_code=400, headers={}, content=b"", raw=None)
            return (raw, parsed), None
        with self._lock:
            self.sent[operation] += 1
        answer = real()
        for fault in faults:
            if fault.after is not None:
                fault.after()
        if any(fault.lose_answer for fault in faults):
            return None, ReadTimeoutError(endpoint_url="https://aws.example")
        return answer

    def _due(self, operation: str) -> list[Fault]:
        due = []
        with self._lock:
            for place, fault in enumerate(self.faults):
                if fault.operation not in ("", operation):
                    continue
                self._met[place] += 1
                past = self._met[place] - fault.nth
                if past >= 0 and (fault.times is None or past < fault.times):
                    due.append(fault)
        return due


@contextmanager
def request_faults() -> Iterator[RequestFaults]:
    """Have faults for a while."""
    made = RequestFaults()
    place: Any = Endpoint
    real = place._do_get_response

    def meddled(endpoint: Any, request: Any, operation_model: Any, context: Any) -> Any:
        send = partial(real, endpoint, request, operation_model, context)
        return made.send(send, str(operation_model.name))

    place._do_get_response = meddled
    try:
        yield made
    finally:
        place._do_get_response = real


def signal_this_process(name: str) -> None:
    """Send this process a signal, by its name here, and give the main thread time to hear it."""
    os.kill(os.getpid(), SIGNALS[name])
    time.sleep(0.2)


def add(faults: RequestFaults, spec: dict[str, Any]) -> None:
    """Add a fault from its JSON: ``operation``, ``nth``, ``times``, ``when`` and what to ``do``."""
    do, more = str(spec["do"]), {key: spec[key] for key in ("nth", "times") if key in spec}
    name, _, value = do.partition(" ")
    known: dict[str, dict[str, Any]] = {
        "fail": {"code": value},
        "lose": {"lose_answer": True},
        "delay": {spec.get("when", "before"): lambda: time.sleep(float(value))},
    }
    signalled = {spec.get("when", "before"): partial(signal_this_process, name)}
    faults.at(spec["operation"], **more, **known.get(name, signalled))


def main() -> None:
    """Run the command line with the faults of the first argument."""
    specs = json.loads(sys.argv[1])
    sys.argv = ["envctl", *sys.argv[2:]]
    with request_faults() as faults:
        for spec in specs:
            add(faults, spec)
        command_line()


if __name__ == "__main__":
    main()
