"""An act whose outcome is not known is not called failed: it stays open, and the next run settles it by looking.

Covers: engine.live.apply_changes, engine.live.journal.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.model.plan import Status
from tests.support.command_line import envctl, use_settings
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import EVENING, PowerEstate
from tests.support.request_faults import RequestFaults, request_faults
from tests.support.told import Told

WEB = "c50-ta-Web"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


@pytest.fixture
def faults() -> Iterator[RequestFaults]:
    with request_faults() as made:
        yield made


def phases(estate: PowerEstate) -> list[str]:
    return [record.phase for record in estate.records()]


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "apply --scope")
def test_what_doctor_finds_open_is_settled_as_it_says(
    estate: PowerEstate,
    faults: RequestFaults,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: Told,
) -> None:
    estate.instance("c50")
    dark: dict[str, Any] = {"code": "UnauthorizedOperation", "times": None}
    faults.at("StopInstances", after=lambda: faults.at("DescribeInstances", **dark))
    estate.at(EVENING).tick()
    faults.clear()
    folder = f"source: {{folder: {tmp_path / 'fleet'}}}\n"
    use_settings(tmp_path, monkeypatch, f"{folder}targets: {{power: enforce}}\n")

    shown = envctl("doctor").out

    assert "did not come to say what became of them" in shown
    settled = told.types(shown, "apply --scope")
    assert settled.code == 0, settled.out + settled.err
    assert phases(estate)[:2] == ["intended", "succeeded"]
    assert "did not come to say" not in envctl("doctor").out


def test_instances_that_were_stopped_unseen_are_found_stopped(
    estate: PowerEstate, faults: RequestFaults
) -> None:
    ids = [estate.instance("c50") for _ in range(3)]

    def go_dark() -> None:
        faults.at("DescribeInstances", code="UnauthorizedOperation", times=None)

    faults.at("StopInstances", after=go_dark)
    evening = estate.at(EVENING).tick()

    outcome = evening.outcomes[0]
    assert {found.status for found in outcome.outcomes} == {Status.UNKNOWN}
    assert outcome.exit_code == 6
    assert phases(estate) == ["intended"]

    faults.clear()
    assert estate.states() == dict.fromkeys(ids, "stopped")
    again = estate.tick()

    assert [scope.exit_code for scope in again.outcomes] == [0, 0]
    assert phases(estate) == ["intended", "succeeded"]


@pytest.mark.slow
def test_stops_whose_answers_are_lost_are_looked_for_again(
    estate: PowerEstate, faults: RequestFaults
) -> None:
    ids = [estate.instance("c50") for _ in range(2)]
    faults.at("StopInstances", lose_answer=True, times=None)
    evening = estate.at(EVENING).tick()

    # Power looks between its requests: what it finds stopped it knows for stopped.
    assert {found.status for found in evening.outcomes[0].outcomes} == {Status.APPLIED}
    assert estate.states() == dict.fromkeys(ids, "stopped")
    assert phases(estate) == ["intended", "succeeded"]
