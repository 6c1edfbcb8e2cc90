"""The memory of the sandbox: what an hour of use leaves in it.

    python -m benchmarks.sandbox [--rounds N] [--check]

A round is what a daemon and a person ask in about four seconds, 25 calls; everything is written over, so that nothing has to stay.
``--check`` exits 1 if a limit is passed.
"""

import argparse
import sys

from controller.sandbox.run import EXAMPLES
from controller.sandbox.seed import seed
from controller.sandbox.server import embedded_aws
from tests.support.sandbox_load import resident_mb, rounds_of

MOST_MB = 400
MOST_GROWTH_MB = 40
"""Streams keep their newest 5500 records, an account 1000 sessions."""
HOUR = 900
WARM = 30


def main() -> None:
    """Measure and print; with ``--check`` hold against the limits."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=HOUR)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with embedded_aws() as aws:
        seed(aws.address, EXAMPLES)
        ask = rounds_of(aws)
        for _ in range(WARM):
            ask()
        warm_mb = resident_mb(aws)
        for _ in range(options.rounds):
            ask()
        end_mb = resident_mb(aws)
        calls = sum(aws.controls.calls().values())
    grown = end_mb - warm_mb
    print(f"the sandbox after {calls} calls: {end_mb:.0f} MB (limit {MOST_MB}), grown by {grown:.1f} MB (limit {MOST_GROWTH_MB})")  # fmt: skip
    if options.check and (end_mb > MOST_MB or grown > MOST_GROWTH_MB):
        sys.exit("PASSED A LIMIT")


if __name__ == "__main__":
    main()
