"""What stands for the programs ``envctl`` and ``aws`` in a shell of a test: each call is answered by the test's own process, which has everything loaded.

A call is sent over a socket of the machine by ``SENDER`` with its words, folder, variables and standard input.
"""

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from controller.cli.main import INTERRUPTED, run
from tests.support import typed_aws

SENDER: Final = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as to:
    to.connect(sys.argv[1])
    asked = {"words": sys.argv[2:], "folder": os.getcwd(), "variables": dict(os.environ), "stdin": sys.stdin.read()}
    to.sendall(json.dumps(asked).encode())
    to.shutdown(socket.SHUT_WR)
    said = json.loads(b"".join(iter(lambda: to.recv(65536), b"")))
for number, text in said["said"]:
    os.write(number, text.encode())
sys.exit(said["code"])
"""
ASK: Final = (("apply",), ("override",), ("restore",), ("rollback",), ("items", "import"))
"""Commands that ask; whoever types here says yes."""
NEVER_ASK: Final = (("override", "list"), ("override", "yaml"))
UNTIL_CTRL_C: Final = {("run",): b'"daemon.started"', ("audit", "follow"): b"updated "}
"""Commands that end when they are told to, and what they say once they do what they are for."""


@dataclass(frozen=True)
class Call:
    """A program that was called, as the sender tells it."""

    words: Sequence[str]
    folder: str
    variables: Mapping[str, str]
    stdin: str


def answer(connection: socket.socket) -> None:
    """Do what one call asks for, and tell it how that ended. Raises what the program raises, which is a bug of it."""
    call = Call(**json.loads(b"".join(iter(lambda: connection.recv(65536), b""))))
    said: list[tuple[int, bytes]] = []
    with _as_there(call), _telling(said):
        code = _ended(call)
    told = {"code": code, "said": [(number, text.decode()) for number, text in said]}
    connection.sendall(json.dumps(told).encode())


class _Stream(io.RawIOBase):
    """Keeps what is written to a standard stream, in its order with the other one."""

    def __init__(self, number: int, said: list[tuple[int, bytes]]) -> None:
        self._number, self._said = number, said

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._said.append((self._number, bytes(data)))
        return len(data)


@contextmanager
def _telling(said: list[tuple[int, bytes]]) -> Iterator[None]:
    out, err = (
        io.TextIOWrapper(_Stream(number, said), encoding="utf-8", write_through=True)  # type: ignore[type-var]
        for number in (1, 2)
    )
    with redirect_stdout(out), redirect_stderr(err):
        yield


@contextmanager
def _as_there(call: Call) -> Iterator[None]:
    given = io.TextIOWrapper(io.BytesIO(call.stdin.encode()), encoding="utf-8")
    variables = patch.dict(os.environ, call.variables, clear=True)
    path = [*call.variables["PYTHONPATH"].split(os.pathsep), *sys.path]
    with variables, chdir(call.folder), patch.object(sys, "stdin", given), patch.object(sys, "path", path):  # fmt: skip
        yield


def _ended(call: Call) -> int:
    program, *words = call.words
    if program == "aws":
        typed_aws.main(words)
        return 0
    for beginning, sign in UNTIL_CTRL_C.items():
        if _begin(words, beginning) and not {"--once", "--help"} & {*words}:
            return _interrupted(words, sign)
    asks = any(_begin(words, one) for one in ASK)
    told = {"--yes", "--plan"} & {*words} or any(_begin(words, one) for one in NEVER_ASK)
    return run([*words, *["--yes"] * (asks and not told)])


def _begin(words: Sequence[str], beginning: Sequence[str]) -> bool:
    return tuple(words[: len(beginning)]) == tuple(beginning)


def _interrupted(words: Sequence[str], sign: bytes) -> int:
    command = [sys.executable, "-m", "controller.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line.decode())
            if sign in line:
                process.send_signal(signal.SIGINT)
        code = process.wait()
    # A shell says nothing of what Ctrl-C ended.
    return 0 if code == INTERRUPTED else code


def waiting(folder: Path) -> socket.socket:
    """Return a socket that calls come in by, in a folder. Close it."""
    calls = socket.socket(socket.AF_UNIX)
    calls.bind(str(folder / "calls"))
    calls.listen()
    return calls
