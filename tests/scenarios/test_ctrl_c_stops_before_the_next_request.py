"""Ctrl-C, or SIGTERM, while live accounts are changed: nothing more is begun, what was done is told, scopes are given back.

Covers: engine.commit.interruption.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from moto import mock_aws

from controller.engine.commit.interruption import Interruption
from controller.errors import Interrupted
from controller.model.plan import Change, Status
from controller.ports import ActResult, LiveActs
from tests.support.embedded_aws import AwsForTests
from tests.support.extension_targets.owners import OwnerParameters
from tests.support.fleet_yaml import environment
from tests.support.live_accounts import SCOPE, LiveEstate
from tests.support.power_estate import EVENING, PowerEstate
from tests.support.request_faults import RequestFaults, request_faults

ROOT = Path(__file__).parents[2]
WEB = "c50-ta-Web"


@pytest.fixture
def faults() -> Iterator[RequestFaults]:
    with request_faults() as made:
        yield made


@dataclass
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


class Counting(OwnerParameters):
    """The target, whose first act comes together with a Ctrl-C."""

    def __init__(self) -> None:
        self.interruption = Interruption()
        self.acted: list[str] = []

    def act(self, change: Change, acts: LiveActs) -> ActResult:
        self.acted.append(change.ref.key)
        self.interruption.asked.set()
        return super().act(change, acts)


@pytest.fixture
def power(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


def interruption_of(estate: PowerEstate | LiveEstate) -> Interruption:
    return estate.installation.master.process.interruption


@pytest.mark.slow
def test_objects_under_way_are_ended_and_no_other_is_begun(tmp_path: Path) -> None:
    target = Counting()
    with mock_aws():
        estate = LiveEstate(tmp_path / "fleet", targets=(target,))
        estate.has({f"e{n:02}.yaml": environment(f"e{n:02}") for n in range(60)})
        estate.applied("config")
        target.interruption = interruption_of(estate)

        report = estate.applied(SCOPE)

        assert len(target.acted) <= 4
        by_status = [outcome.status for outcome in report.outcomes]
        assert by_status.count(Status.APPLIED) == len(target.acted)
        assert by_status.count(Status.SKIPPED) == 60 - len(target.acted)
        assert report.exit_code == 130
        assert report.stopped.startswith("interrupted")
        # What was announced is ended, and the next run need not wait.
        phases = [record.phase for record in estate.records()]
        assert phases.count("intended") == len(phases) / 2 < 50
        head = estate.installation.leases.read(SCOPE)
        assert head is not None
        assert head.owner == ""


@pytest.mark.slow
def test_the_tables_are_left_between_two_transactions(tmp_path: Path) -> None:
    with mock_aws(), request_faults() as faults:
        estate = LiveEstate(tmp_path / "fleet")
        estate.has({f"e{n:02}.yaml": environment(f"e{n:02}") for n in range(60)})
        asked = interruption_of(estate).asked
        faults.at("TransactWriteItems", after=asked.set)

        report = estate.applied("config")

        assert faults.sent["TransactWriteItems"] == 1
        assert {outcome.status for outcome in report.outcomes} == {Status.APPLIED, Status.SKIPPED}
        assert report.exit_code == 130
        asked.clear()
        assert estate.applied("config").exit_code == 0


def test_power_asks_for_nothing_more(power: PowerEstate, faults: RequestFaults) -> None:
    power.group(WEB)
    stop = interruption_of(power).asked.set
    faults.at("SuspendProcesses", after=stop)

    evening = power.at(EVENING).tick()

    assert faults.sent["StopInstances"] == faults.sent["EnterStandby"] == 0
    outcome = evening.outcomes[0]
    assert {found.status for found in outcome.outcomes} == {Status.SKIPPED}
    assert outcome.exit_code == 130
    assert [record.phase for record in power.records()] == ["intended", "failed"]
    head = power.installation.leases.read("staging-eu/eu-west-1")
    assert head is not None
    assert head.owner == ""


def test_power_does_not_wait_on_for_what_it_asked(
    power: PowerEstate, faults: RequestFaults
) -> None:
    ids = [power.instance("c50") for _ in range(2)]
    power.aws.controls.delays(stop=50)
    faults.at("StopInstances", after=interruption_of(power).asked.set)

    evening = power.at(EVENING).tick()

    outcome = evening.outcomes[0]
    assert {(found.status, str(found.message)) for found in outcome.outcomes} == {
        (Status.APPLIED, "asked for; still stopping")
    }
    assert power.states() == dict.fromkeys(ids, "stopping")
    assert [record.phase for record in power.records()] == ["intended", "succeeded"]


def test_a_scope_that_is_waited_for_is_waited_for_no_more(power: PowerEstate) -> None:
    storage = power.installation.storage()
    storage.interruption.asked.set()

    with pytest.raises(Interrupted):
        storage.leases.sleep(3600)


def applied(
    power: PowerEstate, tmp_path: Path, *faults: dict[str, object], wait_s: int = 60
) -> Ended:
    """Apply the folder in a process of its own, with faults."""
    settings = {"targets": {"power": "enforce"}, "power": {"graceSeconds": 0}}
    config = tmp_path / "envctl.yaml"
    config.write_text(json.dumps(settings))
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.support.request_faults", json.dumps(faults),
            "--config", str(config), "apply", "--source", str(power.folder), "--yes",
        ],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=wait_s,
        check=False,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), [("interrupt", 130), ("terminate", 143)])
def test_a_signal_is_answered_at_once_and_what_was_done_is_told(
    power: PowerEstate, tmp_path: Path, name: str, code: int
) -> None:
    ids = [power.instance("c50") for _ in range(2)]
    power.aws.controls.delays(stop=500)
    power.environment("c50", schedule='"off"')

    ended = applied(power, tmp_path, {"operation": "StopInstances", "do": name, "when": "after"})

    assert ended.code == code, ended.err
    assert "stopping after what is under way: Power/staging-eu/eu-west-1/c50" in ended.err
    assert "3 applied" in ended.out
    assert power.states() == dict.fromkeys(ids, "stopping")


@pytest.mark.slow
def test_a_second_signal_ends_at_once(power: PowerEstate, tmp_path: Path) -> None:
    power.instance("c50")
    power.environment("c50", schedule='"off"')

    ended = applied(
        power,
        tmp_path,
        {"operation": "StopInstances", "do": "interrupt"},
        {"operation": "StopInstances", "do": "interrupt"},
        {"operation": "StopInstances", "do": "delay 30"},
    )

    assert ended.code == 130
    assert "ended at once" in ended.err
    # It was announced, and is settled by looking.
    assert [record.phase for record in power.records()][-1] == "intended"
