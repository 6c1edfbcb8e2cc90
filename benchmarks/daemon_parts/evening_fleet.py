"""One evening of a fleet of its own, by one of the two ways."""

import json
import subprocess
import sys
from datetime import timedelta

from benchmarks.daemon_parts.fleet import fleet
from controller.cli.process import utc_now

_BEFORE = timedelta(minutes=15)


def evening_s(accounts: int, instances: int, how: str, latency_s: float) -> float:
    """Return the seconds until all is stopped; ends the program where something is left on."""
    # Not far from the real time: the sandbox's credentials end by that.
    end = (utc_now() + timedelta(minutes=20)).replace(second=0, microsecond=0)
    each = instances // accounts
    with fleet(accounts, instances_each=each, end=end, power={"graceSeconds": 0}) as made:
        config = made.configured(how)
        made.aws.controls.slow_down(latency_s)
        offset = (end - _BEFORE - utc_now()).total_seconds()
        module = [sys.executable, "-m", "benchmarks.daemon_parts.evening"]
        said = subprocess.run(
            [*module, str(config), str(offset), how], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        calls = made.aws.controls.calls().get("ec2.StopInstances", 0)
        if calls < accounts:
            raise SystemExit(f"{how}: only {calls} of {accounts} accounts were stopped")
        return float(json.loads(said)["seconds"])
