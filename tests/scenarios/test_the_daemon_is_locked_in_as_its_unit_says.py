"""deploy/envctl.service, done to a process: what it keeps out is kept out, and the daemon does all it has to within it."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.events import HttpListening
from tests.support.command_line import TEAMS, commands_in, envctl
from tests.support.daemon_processes import DaemonProcess
from tests.support.embedded_aws import AwsForTests
from tests.support.git_repository import Repository
from tests.support.locked_in import USER, can_lock_in, locked_in
from tests.support.master_stack import ROOT

pytestmark = pytest.mark.slow

TRIED = """
import ctypes, json, mmap, os, resource, socket, subprocess, sys
def refused(attempt):
    try:
        attempt()
    except OSError as error:
        return error.strerror
    return "done"
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
own = sys.argv[1]
open(own + "/kept", "w").close()
print(json.dumps({
    "user": os.getuid(),
    "capabilities": [line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapBnd"))],
    "no new privileges": [line.split()[1] for line in open("/proc/self/status") if line.startswith("NoNewPrivs")],
    "devices": sorted(set(os.listdir("/dev"))),
    "home": os.listdir("/home"),
    "writes": [refused(lambda: open(place + "/x", "w")) for place in ("/usr", "/etc", "/var", "/root")],
    "families": [refused(lambda: socket.socket(family, socket.SOCK_DGRAM)) for family in (socket.AF_NETLINK, socket.AF_PACKET)],
    "ip": refused(lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM)),
    "writable code": refused(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "namespace": refused(lambda: call(272, 0x10000000)),
    "personality": refused(lambda: call(135, 8)),
    "setuid": refused(lambda: os.chmod(own + "/kept", 0o4755)),
    "reboot": refused(lambda: call(169, 0, 0, 0, 0)),
    "memory": refused(lambda: mmap.mmap(-1, 1600 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)),
}))
"""
"""Numbers of calls are those of x86-64: unshare, personality, reboot."""


@pytest.fixture(autouse=True)
def _can(tmp_path: Path) -> None:
    if not can_lock_in(tmp_path):
        pytest.skip("needs root of a Linux with libseccomp and systemd-analyze")


def test_what_the_unit_keeps_out_is_kept_out(tmp_path: Path) -> None:
    tried = subprocess.run(
        [*locked_in(tmp_path), sys.executable, "-c", TRIED, str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip

    found: dict[str, Any] = json.loads(tried.stdout)
    assert found.pop("user") == USER
    assert {*found.pop("devices")} <= {"full", "null", "random", "shm", "tty", "urandom", "zero"}
    assert found.pop("ip") == "done"
    no = "Operation not permitted"
    assert found == {
        "capabilities": ["0000000000000000"] * 2,
        "no new privileges": ["1"],
        "home": [],
        "writes": ["Read-only file system"] * 4,
        "families": ["Address family not supported by protocol"] * 2,
        "memory": "Cannot allocate memory",
        **dict.fromkeys(("writable code", "namespace", "personality", "setuid", "reboot"), no),
    }


def test_it_reads_git_keeps_tables_answers_and_tells_systemd(
    sandbox: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.at(tmp_path / "fleet")
    repository.commit({"teams.yaml": TEAMS})
    with commands_in(sandbox, tmp_path):
        assert envctl("bootstrap").code == 0
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    settings = {
        "source": {"git": {"url": repository.url, "ref": "main"}},
        "http": {"port": 0},
        "intervals": {"reconcileSeconds": 5},
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        with DaemonProcess(tmp_path, settings, before=locked_in(tmp_path)) as daemon:
            told = {systemd.recv(100).decode() for _ in range(2)}
            [listening] = daemon.events(HttpListening.name)
            daemon.until(lambda: "Tango" in names(sandbox))
            ready = httpx.get(f"{listening['url']}/readyz")

    assert told == {"READY=1", "WATCHDOG=1"}
    assert ready.status_code == 200, ready.text


def names(sandbox: AwsForTests) -> set[str]:
    found = sandbox.client("dynamodb").scan(TableName="InfraConfigClusters")
    return {item["ClusterName"]["S"] for item in found["Items"]}
