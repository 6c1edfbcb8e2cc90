"""Requests sent over so many connections side by side: by ``wrk`` where it is installed, else by a small client of our own."""

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks.daemon_parts.webhook import percentile

_PERCENTILE = re.compile(r"^\s*99%\s+([\d.]+)(us|ms|s)\s*$", re.MULTILINE)
_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_WRK_SECONDS = 10
_FIRST_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Answered:
    """How many requests were answered as they should be, and were not; and what 99 of 100 took at most."""

    client: str
    requests: int
    errors: int
    p99_s: float
    seconds: float


def measure(url: str, requests: int, connections: int) -> Answered:
    """Send requests, each connection the next when it has its answer. ``wrk`` sends as many as it can for ten seconds at least."""
    # The first one finds a daemon that has read nothing yet: all connections would wait for it.
    with urlopen(url, timeout=_FIRST_WITHIN_S) as answer:
        answer.read()
    wrk = shutil.which("wrk")
    return _by_wrk(wrk, url, requests, connections) if wrk else asyncio.run(_by_hand(url, requests, connections))  # fmt: skip


def _by_wrk(wrk: str, url: str, requests: int, connections: int) -> Answered:
    seconds, sent, errors, p99_s = 0, 0, 0, 0.0
    while sent < requests:
        command = [wrk, "-t1", f"-c{connections}", f"-d{_WRK_SECONDS}s", "--latency", url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        counted, slow = re.search(r"(\d+) requests in", said), _PERCENTILE.search(said)
        if counted is None or slow is None:
            raise SystemExit(f"wrk says something else:\n{said}")
        sent, seconds = sent + int(counted[1]), seconds + _WRK_SECONDS
        p99_s = max(p99_s, float(slow[1]) * _UNITS[slow[2]])
        errors += sum(map(int, re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)))  # fmt: skip
    return Answered("wrk", sent, errors, p99_s, seconds)


async def _by_hand(url: str, requests: int, connections: int) -> Answered:
    place, took, errors = urlsplit(url), list[float](), 0
    request = f"GET {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode()
    left = requests

    async def connection() -> None:
        nonlocal left, errors
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        while left > 0:
            left -= 1
            began = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            took.append(time.monotonic() - began)
            errors += not head.startswith(b"HTTP/1.1 200 ")
        writer.close()

    began = time.monotonic()
    ended = await asyncio.gather(*(connection() for _ in range(connections)), return_exceptions=True)  # fmt: skip
    seconds = time.monotonic() - began
    errors += sum(isinstance(one, BaseException) for one in ended) + requests - len(took)
    return Answered("our own client", len(took), errors, percentile(took, 0.99), seconds)
