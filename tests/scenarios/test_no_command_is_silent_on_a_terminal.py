"""Whatever a command waits for, a person at a terminal reads what it is; no answer of AWS has come by then."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

COMMANDS = {
    "apply": "apply --yes",
    "bootstrap": "bootstrap",
    "doctor": "doctor",
    "explain": "explain c50",
    "get": "get groups",
    "import": "import --out imported",
    "override": "override c50 schedule=on --until +1h --reason test --yes",
    "plan": "plan",
    "recover": "audit recover config",
    "restore": "restore snapshot-1 --yes",
    "rollback": "rollback 01M8JQJXTVRJD4WRXSFZ4ZRW05 --yes",
    "schedule": "schedule exceptions",
    "snapshot": "snapshot create",
    "status": "status --look",
    "verify": "audit verify",
}
ON_TERMINALS = """
import json, os, pty, select, signal, sys
from controller.cli import apply, doctor, explain, main, plan, snapshot, status

said, terminals, children = {}, {}, []
for name, line in json.loads(sys.argv[1]).items():
    child, terminal = pty.fork()
    if child == 0:
        sys.exit(main.run(line.split()))
    children.append(child)
    terminals[terminal], said[name] = name, b""
while terminals:
    ready, _, _ = select.select(list(terminals), [], [], 60)
    for terminal in ready or list(terminals):
        try:
            text = os.read(terminal, 4096) if ready else b""
        except OSError:
            text = b""
        name = terminals[terminal]
        said[name] += text
        if not text or b"waiting for AWS: " in said[name]:
            del terminals[terminal]
for child in children:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
print(json.dumps({name: text.decode(errors="replace") for name, text in said.items()}))
"""
"""Runs each command on a terminal of its own until it says what it waits for, or has ended."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    """An AWS that takes every request and answers none."""
    taken: list[socket.socket] = []

    def take(server: socket.socket) -> None:
        while True:
            try:
                taken.append(server.accept()[0])
            except OSError:
                return

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=take, args=(server,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for one in taken:
        one.close()


@pytest.mark.slow
def test_every_command_says_what_it_waits_for(endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "cluster.yaml").write_text(
        "apiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: Tango}\nspec: {shortName: ta}\n"
    )
    (tmp_path / "envctl.yaml").write_text(
        "source: {folder: fleet}\nsnapshots: {folder: snapshots}\n"
    )
    given = {
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nobody",
        "AWS_ENDPOINT_URL": endpoint,
        "ENVCTL_CONFIG": str(tmp_path / "envctl.yaml"),
        "TERM": "xterm",
    }

    done = subprocess.run(
        [sys.executable, "-c", ON_TERMINALS, json.dumps(COMMANDS)],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, **given},
    )

    said = json.loads(done.stdout)
    silent = {name: text for name, text in said.items() if "waiting for AWS: " not in text}
    assert silent == {}
    assert said.keys() == COMMANDS.keys()
