"""A night of a group, as the sandbox plays it: parked within AWS's rules, stopped, and back in the morning."""

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import AwsForTests
from tests.support.scaling_groups import NAME, ScalingGroup

G = {"AutoScalingGroupName": NAME}


@pytest.fixture
def group(aws: AwsForTests) -> ScalingGroup:
    """Two members of a group that must not fall below two, in an AWS that takes its time."""
    made = ScalingGroup(aws, 2, minimum=2, maximum=4)
    aws.controls.delays(start=1, stop=1, standby=1, launch=1)
    return made


def test_it_sleeps_and_wakes_with_the_same_instances(group: ScalingGroup) -> None:
    members = group.ids()
    with pytest.raises(ClientError, match="min-size=2"):
        group.enter(members)

    group.scaling.suspend_processes(**G, ScalingProcesses=["AZRebalance", "ScheduledActions"])
    group.scaling.update_auto_scaling_group(**G, MinSize=0)
    group.enter(members)
    assert [group.states() for _ in range(2)] == [["EnteringStandby"] * 2, ["Standby"] * 2]
    group.ec2.stop_instances(InstanceIds=members)
    assert [group.power() for _ in range(2)] == [["stopping"] * 2, ["stopped"] * 2]
    assert group.look()["DesiredCapacity"] == 0

    group.ec2.start_instances(InstanceIds=members)
    assert [group.power() for _ in range(2)] == [["pending"] * 2, ["running"] * 2]
    group.leave(members)
    assert [group.states() for _ in range(2)] == [["Pending"] * 2, ["InService"] * 2]
    group.scaling.update_auto_scaling_group(**G, MinSize=2)
    group.scaling.resume_processes(**G)

    assert sorted(group.ids()) == sorted(members)
    assert group.look()["DesiredCapacity"] == 2


def test_stopped_without_parking_the_members_are_lost(group: ScalingGroup) -> None:
    members = group.ids()
    group.ec2.stop_instances(InstanceIds=members)

    for _ in range(3):
        group.look()

    assert not set(group.ids()) & set(members)


def test_a_start_without_capacity_can_be_tried_again(group: ScalingGroup) -> None:
    members = group.ids()
    group.scaling.suspend_processes(**G)
    group.ec2.stop_instances(InstanceIds=members)
    group.power()
    group.power()
    group.aws.controls.fail_next("StartInstances", "InsufficientInstanceCapacity")

    with pytest.raises(ClientError, match="InsufficientInstanceCapacity"):
        group.ec2.start_instances(InstanceIds=members)
    group.ec2.start_instances(InstanceIds=members)

    assert [group.power() for _ in range(2)] == [["pending"] * 2, ["running"] * 2]
