"""`envctl run` as a process: a commit is applied, settings are read again, SIGTERM ends it in order.

All of it as the process is, and as the unit of deploy/ locks it in.
"""

import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from controller.events import DaemonStarted, DaemonStopped, SettingsRefused
from tests.support.clock import Clock
from tests.support.daemon_processes import DaemonProcess
from tests.support.embedded_aws import AwsForTests
from tests.support.locked_in import can_lock_in, locked_in
from tests.support.power_estate import PowerEstate


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    return PowerEstate(sandbox, tmp_path / "fleet", clock=Clock(datetime.now(UTC)))


def settings(tmp_path: Path, **intervals: int) -> dict[str, Any]:
    return {"source": {"folder": str(tmp_path / "fleet")}, "intervals": intervals}


@pytest.fixture(params=["free", "locked in"])
def running(
    estate: PowerEstate, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[DaemonProcess]:
    del estate
    before: list[str] = []
    if request.param == "locked in":
        if not can_lock_in(tmp_path):
            pytest.skip("needs root of a Linux with libseccomp and systemd-analyze")
        before = locked_in(tmp_path)
    asked = settings(tmp_path, reconcileSeconds=5)
    with DaemonProcess(tmp_path, asked, before=before) as made:
        yield made.started()


@pytest.mark.slow
def test_a_commit_is_applied_and_sigterm_ends_it_in_order(
    estate: PowerEstate, running: DaemonProcess
) -> None:
    estate.environment("c52")
    running.until(lambda: "c52" in {ref.key for ref in estate.accepted().of_kind("Environment")})

    code, said = running.ended(signal.SIGTERM)

    assert code == 0, said
    assert "Traceback" not in said
    assert [event["left"] for event in running.events(DaemonStopped.name)] == [0]
    heads = {name: row for name, row in estate.rows().items() if name.startswith("head#")}
    assert {row.get("Owner", "") for row in heads.values()} == {""}, "everything was given back"


@pytest.mark.slow
def test_settings_are_read_again_and_wrong_ones_change_nothing(
    running: DaemonProcess, tmp_path: Path
) -> None:
    running.config.write_text("intervals: {reconcileSeconds: soon}")
    running.process.send_signal(signal.SIGHUP)
    time.sleep(2)
    assert running.process.poll() is None
    running.settings(settings(tmp_path, reconcileSeconds=30))
    running.process.send_signal(signal.SIGHUP)
    running.until(lambda: len(running.events(DaemonStarted.name)) == 2)

    code, said = running.ended(signal.SIGTERM)

    assert code == 0, said
    told = [json.loads(line) for line in said.splitlines()]
    [refused] = [line for line in told if line["event"] == SettingsRefused.name]
    assert "reconcileSeconds" in refused["because"]
    assert len([line for line in told if line["event"] == DaemonStarted.name]) == 2
