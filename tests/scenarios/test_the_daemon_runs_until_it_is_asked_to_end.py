"""`envctl run` as a process: a commit is applied, settings are read again, SIGTERM ends it in order."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.events import DaemonStarted, DaemonStopped
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import PowerEstate

WITHIN_S = 60


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    return PowerEstate(sandbox, tmp_path / "fleet")


class Running:
    """A daemon in a process of its own, and what it told."""

    def __init__(self, estate: PowerEstate, tmp_path: Path) -> None:
        self.config, self.told = tmp_path / "envctl.yaml", tmp_path / "events.jsonl"
        self.settings(reconcileSeconds=5)
        command = ["--config", str(self.config), "--events", str(self.told), "run"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "controller.cli", *command],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            stderr=subprocess.PIPE,
            text=True,
        )

    def settings(self, **intervals: int) -> None:
        """Write the settings file."""
        folder = str(self.config.parent / "fleet")
        known = {"source": {"folder": folder}, "intervals": intervals}
        self.config.write_text(json.dumps(known))

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return what it told of one sort."""
        lines = self.told.read_text().splitlines() if self.told.exists() else []
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def until(self, known: Callable[[], object]) -> None:
        """Wait for something; the daemon must not end before."""
        ends_at = time.monotonic() + WITHIN_S
        while not known():
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < ends_at, self.told.read_text()
            time.sleep(0.1)

    def ended(self, *signals: int) -> tuple[int, str]:
        """Send signals; return the exit code, and what was said on standard error."""
        for number in signals:
            self.process.send_signal(number)
            time.sleep(0.1)
        _, said = self.process.communicate(timeout=WITHIN_S)
        return self.process.returncode, said


@pytest.fixture
def running(estate: PowerEstate, tmp_path: Path) -> Iterator[Running]:
    made = Running(estate, tmp_path)
    try:
        made.until(lambda: made.events(DaemonStarted.name))
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.communicate()


@pytest.mark.slow
def test_a_commit_is_applied_and_sigterm_ends_it_in_order(
    estate: PowerEstate, running: Running
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
def test_settings_are_read_again_and_wrong_ones_change_nothing(running: Running) -> None:
    running.config.write_text("intervals: {reconcileSeconds: soon}")
    running.process.send_signal(signal.SIGHUP)
    time.sleep(2)
    assert running.process.poll() is None
    running.settings(reconcileSeconds=30)
    running.process.send_signal(signal.SIGHUP)
    running.until(lambda: len(running.events(DaemonStarted.name)) == 2)

    code, said = running.ended(signal.SIGTERM)

    assert code == 0, said
    assert "the settings stay as they are" in said
    assert "running, with the settings as they are now" in said
