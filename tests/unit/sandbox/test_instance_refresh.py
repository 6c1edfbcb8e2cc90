"""Instance refreshes: batch by batch, one at a time, and ended by success, failure or a person."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import AwsForTests
from tests.support.scaling_groups import NAME, ScalingGroup


@pytest.fixture
def group(aws: AwsForTests) -> ScalingGroup:
    """Four members of version 1, and a version 2 of the template."""
    group = ScalingGroup(aws, 4)
    group.ec2.create_launch_template_version(
        LaunchTemplateId=group.template, LaunchTemplateData=group.template_data("m6i.xlarge")
    )
    return group


def _start(group: ScalingGroup, **preferences: Any) -> str:
    started = group.scaling.start_instance_refresh(
        AutoScalingGroupName=NAME, Preferences=preferences
    )
    return str(started["InstanceRefreshId"])


def _look(group: ScalingGroup) -> dict[str, Any]:
    found: list[dict[str, Any]] = group.scaling.describe_instance_refreshes(
        AutoScalingGroupName=NAME
    )["InstanceRefreshes"]
    return found[0]


def _versions(group: ScalingGroup) -> list[str]:
    return sorted(one["LaunchTemplate"]["Version"] for one in group.look()["Instances"])


def test_members_are_replaced_in_batches_that_keep_enough_healthy(group: ScalingGroup) -> None:
    assert _versions(group) == ["1"] * 4
    _start(group, MinHealthyPercentage=50)

    first, second = _look(group), _look(group)

    assert (first["Status"], first["InstancesToUpdate"]) == ("InProgress", 2)
    assert (second["Status"], second["PercentageComplete"]) == ("Successful", 100)
    assert _versions(group) == ["2"] * 4


def test_the_default_keeps_ninety_percent_so_one_at_a_time(group: ScalingGroup) -> None:
    _start(group)

    assert [_look(group)["InstancesToUpdate"] for _ in range(4)] == [3, 2, 1, 0]


def test_a_batch_lasts_as_many_looks_as_set(group: ScalingGroup) -> None:
    group.aws.controls.delays(refresh=1)
    _start(group, MinHealthyPercentage=50)

    assert [_look(group)["InstancesToUpdate"] for _ in range(3)] == [2, 2, 0]


def test_matching_members_are_skipped_if_asked(group: ScalingGroup) -> None:
    _start(group, MinHealthyPercentage=0)
    _look(group)
    _start(group, SkipMatching=True)

    assert _look(group)["Status"] == "Successful"


def test_one_at_a_time(group: ScalingGroup) -> None:
    _start(group)
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        _start(group)


def test_cancelled_it_stops_where_it_is(group: ScalingGroup) -> None:
    _start(group)
    _look(group)
    group.scaling.cancel_instance_refresh(AutoScalingGroupName=NAME)

    assert _look(group)["Status"] == "Cancelled"
    assert _versions(group) == ["1", "1", "1", "2"]


def test_it_fails_when_told_to(group: ScalingGroup) -> None:
    group.aws.controls.settings(failing_refreshes=1)
    _start(group)

    assert _look(group)["Status"] == "Failed"
    assert _versions(group) == ["1"] * 4


def test_it_waits_for_members_in_standby(group: ScalingGroup) -> None:
    parked = group.ids()[:1]
    group.enter(parked)
    _start(group, MinHealthyPercentage=0)
    _look(group)

    waiting = _look(group)
    assert (waiting["Status"], waiting["InstancesToUpdate"]) == ("InProgress", 1)
    group.leave(parked)
    assert _look(group)["Status"] == "Successful"


def test_it_waits_while_its_processes_are_suspended(group: ScalingGroup) -> None:
    group.scaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])
    _start(group)

    assert _look(group)["InstancesToUpdate"] == 4
