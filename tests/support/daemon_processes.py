"""`envctl run` in processes of their own, which a test waits for, signals and kills.

As a program it runs the command line with a queue that holds a work for less long, and with faults of requests:
``python -m tests.support.daemon_processes 20 '[{"operation": "StopInstances", "do": "kill"}]' --config FILE run``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from controller.aws.sqs_queue import SqsQueue
from controller.cli import run
from controller.cli.main import main as command_line
from controller.events import DaemonStarted
from tests.support.request_faults import add, request_faults

ROOT = Path(__file__).parents[2]
WITHIN_S = 60
HOLD_S = 120


class DaemonProcess:
    """A daemon, and what it told. Use it as a context: it does not outlive its test."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        name: str = "envctl",
        hold_s: int = HOLD_S,
        faults: Sequence[Mapping[str, Any]] = (),
        before: Sequence[str] = (),
        code: Path = ROOT,
    ) -> None:
        """Start it, with files of its own in a folder.

        ``before`` is what runs it, if not this process; ``code`` is where its package lies, if it is another version.
        """
        self.config, self.told = folder / f"{name}.yaml", folder / f"{name}.jsonl"
        self.log = folder / f"{name}.log"
        self.settings(settings)
        program = ["-m", "tests.support.daemon_processes", str(hold_s), json.dumps([*faults])]
        command = ["--config", str(self.config), "--events", str(self.told), "run"]
        # A file, as nobody reads on while it runs.
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*before, sys.executable, *program, *command],
                cwd=code,
                env={
                    **os.environ,
                    "XDG_CACHE_HOME": str(folder / f"{name}-cache"),
                    "PYTHONPATH": str(ROOT),
                },
                stderr=log,
            )

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it, unless it has ended."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def settings(self, settings: Mapping[str, Any]) -> None:
        """Write the settings file."""
        self.config.write_text(json.dumps(settings))

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what it told of one sort."""
        lines = self.told.read_text().splitlines() if self.told.exists() else []
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def started(self) -> Self:
        """Wait until it works."""
        self.until(lambda: self.events(DaemonStarted.name))
        return self

    def until(self, known: Callable[[], object], within_s: float = WITHIN_S) -> None:
        """Wait for something; the daemon must not end before."""
        ends_at = time.monotonic() + within_s
        while not known():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < ends_at, self.told.read_text()
            time.sleep(0.1)

    def ended(self, *signals: int) -> tuple[int, str]:
        """Send signals; return the exit code, and what was said on standard error."""
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.1)
        code = self.process.wait(timeout=WITHIN_S)
        return code, self.log.read_text()

    def was_killed(self) -> bool:
        """Tell whether it was killed."""
        return self.process.poll() == -signal.SIGKILL

    def stands_still(self) -> bool:
        """Tell whether it was stopped, and not continued."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def go_on(self) -> None:
        """Continue it."""
        self.process.send_signal(signal.SIGCONT)


def main() -> None:
    """Run the command line."""
    hold_s, specs = int(sys.argv[1]), json.loads(sys.argv[2])
    sys.argv = ["envctl", *sys.argv[3:]]
    vars(run)["SqsQueue"] = partial(SqsQueue, hold_s=hold_s)
    with request_faults() as faults:
        for spec in specs:
            add(faults, spec)
        command_line()


if __name__ == "__main__":
    main()
