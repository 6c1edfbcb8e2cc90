"""deploy/envctl.service: systemd understands it, the daemon is as locked in as it can be, and is started again."""

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from controller.daemon_settings import DaemonSettings

UNIT: Final = Path(__file__).parents[3] / "deploy" / "envctl.service"
LOCKED_IN: Final = {
    "AmbientCapabilities": [""],
    "CapabilityBoundingSet": [""],
    "DynamicUser": ["yes"],
    "LockPersonality": ["yes"],
    "MemoryDenyWriteExecute": ["yes"],
    "NoNewPrivileges": ["yes"],
    "PrivateDevices": ["yes"],
    "PrivateTmp": ["yes"],
    "ProtectHome": ["yes"],
    "ProtectKernelLogs": ["yes"],
    "ProtectKernelModules": ["yes"],
    "ProtectKernelTunables": ["yes"],
    "ProtectSystem": ["strict"],
    "RestrictAddressFamilies": ["AF_INET AF_INET6 AF_UNIX"],
    "RestrictNamespaces": ["yes"],
    "RestrictSUIDSGID": ["yes"],
    "SystemCallArchitectures": ["native"],
    "SystemCallFilter": ["@system-service", "~@privileged @resources"],
}
with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd here to ask"
)


def options() -> dict[str, list[str]]:
    """Return what the unit says, by key."""
    found = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


def test_the_daemon_is_locked_in() -> None:
    found = options()

    assert {key: found[key] for key in LOCKED_IN} == LOCKED_IN
    assert found["MemoryMax"]


def test_systemd_starts_it_again_and_hears_whether_it_lives() -> None:
    found = options()

    assert found["Type"] == ["notify"]
    assert found["Restart"] == ["on-failure"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert found["WatchdogSec"] == ["2min"]


def test_it_has_the_time_to_end_what_is_under_way() -> None:
    (stops_within,) = options()["TimeoutStopSec"]

    assert int(stops_within.removesuffix("s")) > 2 * DaemonSettings().stop_within_seconds


@with_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    # It looks whether what is started is there.
    there = tmp_path / "envctl.service"
    there.write_text(UNIT.read_text().replace("/opt/envctl/bin/envctl", "/bin/true"))
    asked = ["systemd-analyze", "verify", "--man=no", str(there)]

    verified = subprocess.run(asked, check=False, capture_output=True, text=True)

    assert (verified.returncode, verified.stderr) == (0, "")


@with_systemd
def test_systemd_finds_little_that_is_open() -> None:
    asked = ["systemd-analyze", "security", "--offline=true", "--json=short", str(UNIT)]

    answered = subprocess.run(asked, check=True, capture_output=True, text=True)

    open_still = {one["name"] for one in json.loads(answered.stdout) if float(one["exposure"] or 0)}
    # It speaks to AWS, and to systemd; the root of its file system is the machine's, read-only.
    assert open_still <= {
        "DeviceAllow=",
        "IPAddressDeny=",
        "PrivateNetwork=",
        "RestrictAddressFamilies=~AF_(INET|INET6)",
        "RestrictAddressFamilies=~AF_UNIX",
        "RootDirectory=/RootImage=",
    }
