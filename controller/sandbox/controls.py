"""The switches of a running sandbox, as tests and the tour turn them."""

import json
import urllib.error
import urllib.request
from typing import Any

from controller.errors import WrongUsage

ANSWER_WITHIN_S = 300
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SandboxRefused(WrongUsage):
    """The sandbox cannot do what a switch was asked for."""


class SandboxControls:
    """Speaks to ``/sandbox-api/`` of one sandbox. Raises SandboxRefused if it cannot be done."""

    def __init__(self, address: str) -> None:
        """Take the address of the sandbox, such as ``http://127.0.0.1:40001``."""
        self._address = address

    def reset(self) -> None:
        """Empty every account and set every switch back."""
        self.send("reset", {})

    def delays(self, **looks: int) -> None:
        """Let states last for a number of looks: start, stop, standby, launch, replace, refresh."""
        self.send("delays", looks)

    def settings(self, **values: bool | int | list[str]) -> None:
        """Set how it behaves where AWS differs: the fields of SandboxSettings."""
        self.send("settings", values)

    def fail_next(self, operation: str = "", code: str = "", **where: Any) -> None:
        """Answer the next calls that fit with an error; ``times`` says how many (None: all from now on).

        ``account``, ``region`` and ``service`` narrow it, empty fits everything.
        """
        self.send("faults", {"operation": operation, "code": code, **where})

    def lose_answer(self, operation: str, **where: Any) -> None:
        """Do what the next fitting call asks, then close its connection without an answer."""
        self.send("faults", {"operation": operation, "lose_answer": True, **where})

    def slow_down(self, seconds: float, **where: Any) -> None:
        """Let every fitting call take that much longer."""
        self.send("faults", {"latency_s": seconds, "times": None, **where})

    def no_faults(self) -> None:
        """Let everything go right again."""
        self.send("no-faults", {})

    def calls(self) -> dict[str, int]:
        """Return how often each operation was called since this was asked last, as ``ec2.StopInstances``."""
        found: dict[str, int] = self.send("calls", {})
        return found

    def send(self, control: str, body: dict[str, Any]) -> Any:
        """Turn a switch and return what it answers."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self._address}/sandbox-api/{control}", json.dumps(body).encode(), method="POST"
        )
        try:
            with _DIRECT.open(request, timeout=ANSWER_WITHIN_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                problem = error.read().decode(errors="replace")[:500]
            raise SandboxRefused(f"sandbox: {control}: {problem}", fix="see the log") from None
