"""Keeps a sandbox running for one's own play."""

import json
import shlex
import signal
import tempfile
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path

from controller.sandbox.ending import sigterm_ends_in_order
from controller.sandbox.seed import REGION, seed
from controller.sandbox.server import embedded_aws
from controller.variables import CONFIG_VARIABLE

EXAMPLES = (Path(__file__).parent / "fleet").resolve()
LIFELIKE = {"start": 1, "stop": 1, "standby": 1, "launch": 1, "refresh": 1}
"""Looks that states between last: enough to see them, too few to wait for."""


def run_sandbox(
    port: int,
    printer: Callable[[str], None],
    fleet: Path | None = None,
    wait: Callable[[], object] = signal.pause,
    unconnected: Collection[str] = (),
) -> None:
    """Run an AWS with the accounts of a fleet until Ctrl-C; print what to export, ready for ``eval``.

    ``port`` 0 takes a free one. ``fleet`` is a folder of YAML, default: the examples; the settings exported as
    ENVCTL_CONFIG name it as the source. Accounts whose names are ``unconnected`` have no role yet, and what makes it is printed. Everything is in memory and gone afterwards, the settings too. Raises WrongUsage
    without the extra, Unreachable if the AWS does not start, InvalidDesiredState if the YAML is wrong.
    """
    fleet = fleet or EXAMPLES
    with (
        sigterm_ends_in_order(),
        tempfile.TemporaryDirectory(prefix="envctl-sandbox-") as folder,
    ):
        settings = Path(folder, "envctl.yaml")
        settings.write_text(settings_for(fleet), encoding="utf-8")
        with embedded_aws(port=port, environment={CONFIG_VARIABLE: str(settings)}) as aws:
            seeded = seed(aws.address, fleet=fleet, unconnected=unconnected)
            printer(
                f"# an AWS in memory at {aws.address}, up in {aws.startup_s:.1f} s; Ctrl-C ends it"
            )
            aws.controls.delays(**LIFELIKE)
            printer(f"# accounts: master {seeded.master}, children {', '.join(seeded.children)}")
            printer(f"# longer: curl -d '{{\"stop\": 5}}' {aws.address}/sandbox-api/delays")
            for name, role in seeded.unconnected.items():
                body = json.dumps({"accounts": [asdict(role)]})
                printer(f"# {name} has no role yet; its stack is deployed by this:")
                printer(f"# curl -d {shlex.quote(body)} {aws.address}/sandbox-api/accounts")
            for name, value in aws.environment.items():
                printer(f"export {name}={value}")
            try:
                wait()
            except KeyboardInterrupt:
                printer("# ended; nothing is kept")


def settings_for(fleet: Path) -> str:
    """Return the text of settings for the sandbox: its region, and a folder as the source."""
    return f"region: {REGION}\nsource: {{folder: {json.dumps(str(fleet.resolve()))}}}\n"
