"""Instances that AWS has no capacity for, or takes the start of back: told with the reason, and nothing else stays off."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from controller.model.override import Override
from controller.model.ref import ResourceRef
from controller.views.explanation import last_change_lines
from tests.scenarios.test_at_three_in_the_morning_anyone_can_see_why import explained
from tests.support.embedded_aws import AwsForTests
from tests.support.power_estate import AFTERNOON, EVENING, MORNING, REGION, PowerEstate

WEB = "c50-ta-Web"


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


@pytest.mark.slow
def test_no_capacity_in_the_morning_is_tried_again(estate: PowerEstate) -> None:
    estate.group(WEB)
    estate.at(EVENING).tick()
    estate.aws.controls.fail_next(
        "StartInstances", "InsufficientInstanceCapacity", status=500, times=4
    )
    morning = estate.at(MORNING).tick()
    assert [one.exit_code for one in morning.outcomes] == [0, 0]
    assert set(estate.states().values()) == {"running"}
    assert estate.look(WEB)["DesiredCapacity"] == 3


def test_a_type_without_capacity_keeps_no_other_off_and_is_told(estate: PowerEstate) -> None:
    members = estate.group(WEB)
    estate.at(EVENING).tick()
    ec2 = estate.client("ec2")
    for member in members[:2]:
        ec2.modify_instance_attribute(InstanceId=member, InstanceType={"Value": "m5.large"})
    estate.aws.controls.settings(without_capacity=[f"m5.large/{REGION}a"])

    morning = estate.at(MORNING).tick()

    assert [estate.states()[member] for member in members] == ["stopped", "stopped", "running"]
    assert estate.lifecycles(WEB) == ["InService", "Standby", "Standby"]
    assert [one.exit_code for one in morning.outcomes] == [7, 0]
    told = "power: AWS has no m5.large in eu-west-1a now: 2 instances stay off"
    assert told in morning.outcomes[0].finding.reason
    assert told in str([one for one in estate.records() if one.phase == "failed"][-1].new_meta)
    seen = morning.outcomes[0].finding.seen
    assert seen is not None
    assert (seen.to_start, seen.off_since) == (2, seen.at), "what the alert tells since when of"

    estate.aws.controls.settings(without_capacity=[])
    estate.at(MORNING + timedelta(minutes=5)).tick()
    assert set(estate.states().values()) == {"running"}
    assert estate.look(WEB)["DesiredCapacity"] == 3


@pytest.mark.slow
def test_a_start_that_aws_takes_back_is_told_with_its_reason_and_not_repeated_within_the_hour(
    estate: PowerEstate,
) -> None:
    failing, other = estate.instance("c51"), estate.instance("c51")
    estate.at(EVENING).tick()
    estate.aws.controls.settings(failing_starts=[failing])
    estate.aws.controls.calls()
    # The sandbox launches by the real clock.
    lately = datetime.now(UTC)
    always_on = Override("o-1", ResourceRef("Environment", "c51"), "", "ada", AFTERNOON, "spec.schedule", "on", until=MORNING)  # fmt: skip

    first = estate.at(lately).tick(replace(always_on, since=lately - timedelta(hours=1)))

    assert estate.states() == {failing: "stopped", other: "running"}
    assert 1 <= estate.aws.controls.calls()["ec2.StartInstances"] <= 3
    told = f"{failing}: AWS accepted its start and took it back: Client.InternalError: Client error on launch"
    assert told in first.outcomes[0].finding.reason
    failed = [one for one in estate.records() if one.phase == "failed"][-1]
    assert told in str(failed.new_meta["Message"])
    # No record is older than the one before it, and those of the evening are of later than now.
    assert told in last_change_lines(explained(estate, failing, MORNING))[0]

    again = estate.at(datetime.now(UTC) + timedelta(minutes=5)).tick(replace(always_on, since=lately - timedelta(hours=1)))  # fmt: skip

    assert again.outcomes[0].exit_code == 7
    assert "AWS took back its start of" in again.outcomes[0].finding.reason
    assert "ec2.StartInstances" not in estate.aws.controls.calls()
