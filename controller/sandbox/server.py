"""Starts and ends a sandbox: an AWS in a process of its own, on loopback, in memory."""

import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from controller.errors import Unreachable, WrongUsage
from controller.sandbox.controls import SandboxControls
from controller.sandbox.seed import REGION

MADE_OF = ("moto", "flask", "flask_cors", "cronsim")
START_WITHIN_S = 60.0
END_WITHIN_S = 5.0
LOOPBACK = "127.0.0.1"
FOR_PROGRAMS = {
    "AWS_ACCESS_KEY_ID": "SANDBOXMASTERACCOUNT",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class EmbeddedAws:
    """A running sandbox: where it is and what a program must have in its environment to use it."""

    address: str
    environment: Mapping[str, str]
    startup_s: float
    pid: int
    log: Path

    @property
    def controls(self) -> SandboxControls:
        """Its switches: delays, faults, reset."""
        return SandboxControls(self.address)


@contextmanager
def embedded_aws(
    *,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    extensions: Sequence[str] = (),
) -> Iterator[EmbeddedAws]:
    """Run an AWS until the context ends; several may run at once. ``port`` 0 takes a free one.

    ``environment`` is added to what programs are to export, such as ENVCTL_CONFIG. ``extensions`` are modules that the
    server's process imports before it answers: rules and controls of one's own. The process ends with this one, however
    this one ends. Raises Unreachable with the end of the log if it does not answer within a minute.
    """
    require_extra()
    began = time.monotonic()
    with _log_file() as log, log.open("ab") as log_out:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                *(sys.executable, "-m", "controller.sandbox.serve", f"--port={port}"),
                f"--remove={log}",
                *(f"--with={module}" for module in extensions),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_out,
            env=_environment_of_the_server(extensions),
        )
        try:
            address = f"http://{LOOPBACK}:{_port(process, log)}"
            SandboxControls(address).send("health", {})
            yield EmbeddedAws(
                address,
                {"AWS_ENDPOINT_URL": address, **FOR_PROGRAMS, **(environment or {})},
                time.monotonic() - began,
                process.pid,
                log,
            )
        finally:
            _end(process)


def require_extra() -> None:
    """Raise WrongUsage unless everything the server is made of is installed."""
    if None in map(find_spec, MADE_OF):
        raise WrongUsage(
            "the AWS in memory is an extra that is not installed",
            fix="pip install 'environment-controller[sandbox]'",
        )


@contextmanager
def _log_file() -> Iterator[Path]:
    handle, name = tempfile.mkstemp(prefix="envctl-sandbox-", suffix=".log")
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _environment_of_the_server(extensions: Sequence[str]) -> dict[str, str]:
    """Leave out what would make moto answer as another account or look for an AWS of its own.

    Without the 1300 public images that moto holds ready, an account begins in a twentieth of the time. Each connection has a
    thread: were each to have memory of its own, what transactions copy would be kept many times over.
    """
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MOTO_", "AWS_")) and name != "COVERAGE_PROCESS_START"
    }
    if extensions:
        # They are found where this process would find them.
        own["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return {**own, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "MALLOC_ARENA_MAX": "2"}


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    assert process.stdout is not None
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        if ready.select(START_WITHIN_S):
            line = process.stdout.readline()
            if line:
                return int(line)
            process.wait(END_WITHIN_S)
    end = log.read_text(errors="replace")[-2000:]
    how = "ended as it started" if process.poll() is not None else "gave no sign in time"
    raise Unreachable(
        f"sandbox: the embedded AWS {how} (limit {START_WITHIN_S:.0f} s)\n{end}",
        fix="is the port free, and is the virtual environment complete (make setup)?",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it by closing the pipe it watches; by force if it does not go."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_WITHIN_S)
