"""``envctl validate`` on repositories of at most 250 KB that unfold to far more: told within seconds, in little memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.hostile_repositories import HOSTILE, MAX_BYTES, HostileRepository

MOST_SECONDS = 5.0
"""Of processor time, ours and git's; by the clock too, where the machine is quiet: who shares a processor waits for it.

A machine on which two million texts cost more than a tenth of it has ten times what they cost.
"""
MOST_BYTES = 300 * 1024 * 1024
MOST_OUTPUT = 100_000
PROGRAM = """
import resource, sys, time
began = time.monotonic()
from controller.cli.main import run
code = run(['validate', *sys.argv[1:]])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
waited = time.monotonic() - began
print(int(code), sum(u.ru_utime + u.ru_stime for u in used), waited, max(u.ru_maxrss for u in used) * 1024)
"""
LAUNCHER = (
    "import subprocess, sys\nsys.exit(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)"
)
"""A child's peak begins with what its parent had: one small process stands between."""


def most_seconds() -> float:
    """Return the limit on this machine as it is now."""
    took = []
    for _ in range(2):
        began = time.process_time()
        dict.fromkeys([str(number) for number in range(2_000_000)])
        took.append(time.process_time() - began)
    return max(MOST_SECONDS, 10 * min(took))


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_told_within_seconds_and_in_little_memory(name: str, tmp_path: Path) -> None:
    make, expected_code, words = HOSTILE[name]
    repository = HostileRepository(tmp_path / "hostile")
    make(repository)
    assert repository.size <= MAX_BYTES

    ended = subprocess.run(
        [sys.executable, "-c", LAUNCHER, "-c", PROGRAM, repository.source],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    code, seconds, waited, peak = ended.stdout.splitlines()[-1].split()
    told = ended.stdout + ended.stderr
    assert words in told, told[-2000:]
    assert int(code) == expected_code
    assert float(seconds) < MOST_SECONDS or float(seconds) < most_seconds()
    is_quiet = os.getloadavg()[0] <= (os.cpu_count() or 1)
    assert float(waited) < MOST_SECONDS or not is_quiet or float(waited) < most_seconds()
    assert int(peak) < MOST_BYTES
    assert len(told) < MOST_OUTPUT
