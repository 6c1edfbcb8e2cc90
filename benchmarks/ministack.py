"""A ministack of one's own on a loopback port, for measurements that write many items."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MINISTACK = Path(__file__).parent.parent / ".venv-servers/bin/ministack"
START_SECONDS = 60


@contextmanager
def ministack() -> Iterator[str]:
    """Start it, give its address, stop it. Exits with a hint where it is not installed."""
    if not MINISTACK.exists():
        sys.exit("ministack is not installed here; fix: make servers")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(MINISTACK)],
        env={
            "PATH": os.environ["PATH"],
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "LOG_LEVEL": "ERROR",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_ministack/health", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(health: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_SECONDS * 10):
        if server.poll() is not None:
            sys.exit(f"ministack ended at once, with code {server.returncode}")
        try:
            with urllib.request.urlopen(health, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"ministack did not answer within {START_SECONDS} s")
