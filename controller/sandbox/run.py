"""Keeps a sandbox running for one's own play."""

import time
from collections.abc import Callable
from pathlib import Path

from controller.sandbox.seed import seed
from controller.sandbox.server import embedded_aws

EXAMPLES = Path(__file__).parents[2] / "examples" / "fleet"
A_WHILE_S = 3600.0


def _until_interrupted() -> None:
    while True:
        time.sleep(A_WHILE_S)


def run_sandbox(
    port: int,
    printer: Callable[[str], None],
    fleet: Path | None = None,
    wait: Callable[[], None] = _until_interrupted,
) -> None:
    """Run an AWS with the accounts of a fleet until Ctrl-C; print what to export, ready for ``eval``.

    ``port`` 0 takes a free one. ``fleet`` is a folder of YAML, default: the examples, where there are any. Everything
    is in memory and gone afterwards. Raises Unreachable if the AWS does not start.
    """
    with embedded_aws(port=port) as aws:
        fleet = fleet or (EXAMPLES if EXAMPLES.is_dir() else None)
        seeded = seed(aws.address, fleet=fleet)
        printer(f"# an AWS in memory at {aws.address}, up in {aws.startup_s:.1f} s; Ctrl-C ends it")
        printer(f"# accounts: master {seeded.master}, children {', '.join(seeded.children)}")
        for name, value in aws.environment.items():
            printer(f"export {name}={value}")
        try:
            wait()
        except KeyboardInterrupt:
            printer("# ended; nothing is kept")
