"""A guard holds an edit that would stop too much, for as long as anything of it is left; the clock goes on beside it.

Covers: engine.live.run_memory, engine.reconcile.run_report.
"""

from pathlib import Path

import pytest

from controller.errors import ExitCode
from controller.sources.folder import FolderSource
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import END, EVENING, PowerEstate
from tests.support.reconcilers import asked, reconciler

WEB = "c50-ta-Web"


def test_an_edit_that_would_stop_too_much_is_refused_but_the_clock_is_not(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet", guards={"maxStopsByEdit": 1})
    estate.environment("c51", schedule="on")
    estate.accept()
    estate.tick()
    clocked = estate.group(WEB)
    edited = [estate.instance("c51") for _ in range(2)]
    estate.environment("c51", schedule="off")
    estate.accept()

    for _ in range(2):
        evening = estate.at(EVENING).tick()
        states = estate.states()
        assert {states[one] for one in clocked} == {"stopped"}
        assert {states[one] for one in edited} == {"running"}
        (refused,) = evening.plan.refused
        assert refused.guard == "maxStopsByEdit"


def test_a_plain_apply_lets_the_clock_go_on_where_an_edit_is_refused(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet", guards={"maxStopsByEdit": 1})
    estate.environment("c51", schedule="on")
    estate.accept()
    estate.tick()
    clocked = estate.group(WEB)
    edited = [estate.instance("c51") for _ in range(2)]
    estate.environment("c51", schedule="off")
    estate.accept()

    for _ in range(2):
        source, accounts = FolderSource(estate.folder), estate.at(EVENING).accounts()
        done = reconciler(source, accounts, lambda: estate.clock.now).reconcile(asked())
        assert done.exit_code == ExitCode.REFUSED
        states = estate.states()
        assert {states[one] for one in clocked} == {"stopped"}
        assert {states[one] for one in edited} == {"running"}


@pytest.mark.slow
@pytest.mark.parametrize("held_by", ["grace", "maintenance", "override"])
def test_an_edit_that_waits_is_still_the_edit_when_its_time_comes(
    sandbox: AwsForTests, tmp_path: Path, held_by: str
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet", guards={"maxStopsByEdit": 1})
    estate.environment("c51", schedule="on")
    estate.accept()
    edited = [estate.instance("c51") for _ in range(2)]
    if held_by == "grace":
        # Launched by the real clock, however late in a run of the tests.
        found = estate.client("ec2").describe_instances(InstanceIds=edited[:1])
        launched = found["Reservations"][0]["Instances"][0]["LaunchTime"]
        estate.power = {"graceSeconds": int((estate.clock.now - launched).total_seconds()) + 400}
    for one in edited:
        if held_by == "maintenance":
            estate.tag(one, Maintenance="true")
        elif held_by == "override":
            estate.tag(one, envctl__override=f"on until {END:%Y-%m-%dT%H:%MZ}")
    estate.tick()
    estate.environment("c51", schedule="off")
    estate.accept()

    for _ in range(2):
        assert estate.tick().plan.refused == ()
        assert set(estate.states().values()) == {"running"}

    for one in edited:
        estate.tag(one, Maintenance="")
    for _ in range(2):
        (refused,) = estate.at(EVENING).tick().plan.refused
        assert refused.guard == "maxStopsByEdit"
        assert set(estate.states().values()) == {"running"}
