"""What a shell is offered when Tab is pressed, in processor time of the process it starts each time.

The folder of the settings holds so many environments, each in a file of its own.

    python -m benchmarks.completion [--environments 1000] [--rounds 7] [--check]

``--check`` exits 1 if the median answer to a line takes more than 0.3 s of processor time.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

MOST_S: Final = 0.3
LINES: Final = ("envctl re", "envctl plan --format ", "envctl plan --scope c", "envctl explain e09")
ENVIRONMENT: Final = """apiVersion: envctl/v1
kind: Environment
metadata: {{name: e{0:04d}}}
spec: {{environmentType: Staging, owningCluster: Tango, deploymentMap: web, schedule: office}}
"""


def answered_in_s(line: str, config: Path) -> float:
    """Return the processor time of one answer, in seconds. Raises CalledProcessError, and ValueError where nothing is offered."""
    given = {
        "_ENVCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
        "ENVCTL_CONFIG": str(config),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "controller.cli"],
        capture_output=True,
        check=True,
        env={**os.environ, **given},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not done.stdout.strip():
        raise ValueError(f"nothing is offered for {line!r}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the median of each line; exit 1 under ``--check`` if one passes the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environments", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--check", action="store_true", help="exit 1 if the limit is passed")
    given = parser.parse_args()
    slowest_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        fleet, config = Path(folder) / "fleet", Path(folder) / "envctl.yaml"
        fleet.mkdir()
        config.write_text("source: {folder: fleet}\n", encoding="utf-8")
        for number in range(given.environments):
            path = fleet / f"e{number:04d}.yaml"
            path.write_text(ENVIRONMENT.format(number), encoding="utf-8")
        for line in LINES:
            # The first round leaves what is compiled behind.
            rounds = [answered_in_s(line, config) for _ in range(given.rounds + 1)][1:]
            median_s = statistics.median(rounds)
            slowest_s = max(slowest_s, median_s)
            print(f"{line:<24} {median_s:.3f} s of processor time, at most {max(rounds):.3f} s")
    print(f"limit: {MOST_S} s")
    sys.exit(1 if given.check and slowest_s > MOST_S else 0)


if __name__ == "__main__":
    main()
