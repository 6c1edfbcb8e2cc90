"""States that last for a number of looks, and health checks that find what is stopped."""

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import AwsForTests
from tests.support.scaling_groups import NAME, ScalingGroup


def test_without_delays_states_change_at_once(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    parked = group.ids()
    group.enter(parked)
    group.ec2.stop_instances(InstanceIds=parked)

    assert group.power() == ["stopped"]
    assert group.states() == ["Standby"]


def test_stopping_and_pending_last_as_many_looks_as_set(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    parked = group.ids()
    group.enter(parked)
    aws.controls.delays(stop=2, start=1)

    group.ec2.stop_instances(InstanceIds=parked)
    assert [group.power() for _ in range(3)] == [["stopping"], ["stopping"], ["stopped"]]
    group.ec2.start_instances(InstanceIds=parked)
    assert [group.power() for _ in range(2)] == [["pending"], ["running"]]


def test_what_is_stopping_cannot_be_started_yet(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    parked = group.ids()
    group.enter(parked)
    aws.controls.delays(stop=1)
    group.ec2.stop_instances(InstanceIds=parked)

    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        group.ec2.start_instances(InstanceIds=parked)
    group.ec2.stop_instances(InstanceIds=parked)
    assert [group.power() for _ in range(2)] == [["stopping"], ["stopped"]]


def test_standby_and_service_are_entered_after_looks_at_the_group(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    member = group.ids()
    aws.controls.delays(standby=1, launch=1)

    group.enter(member)
    assert [group.states() for _ in range(2)] == [["EnteringStandby"], ["Standby"]]
    group.leave(member)
    assert [group.states() for _ in range(2)] == [["Pending"], ["InService"]]


def test_new_members_are_pending_and_count_already(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    aws.controls.delays(launch=1, start=1)
    group.scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=2)

    assert group.states() == ["InService", "Pending"]
    group.scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=2)
    assert group.states() == ["InService", "InService"]
    assert group.power() == ["running", "running"]


def test_all_pages_of_a_look_are_one_look(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 10)
    aws.controls.delays(stop=1)
    group.scaling.suspend_processes(AutoScalingGroupName=NAME)
    group.ec2.stop_instances(InstanceIds=group.ids())

    def look() -> set[str]:
        pages = group.ec2.get_paginator("describe_instances").paginate(
            PaginationConfig={"PageSize": 5}
        )
        return {
            i["State"]["Name"] for p in pages for r in p["Reservations"] for i in r["Instances"]
        }

    assert [look(), look()] == [{"stopping"}, {"stopped"}]


def test_a_stopped_member_in_service_is_replaced_after_the_looks_set(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 2)
    stopped = group.ids()[:1]
    group.ec2.stop_instances(InstanceIds=stopped)

    assert stopped[0] in group.ids()
    assert stopped[0] not in group.ids()
    assert len(group.ids()) == 2


@pytest.mark.parametrize("process", ["HealthCheck", "ReplaceUnhealthy", "Terminate"])
def test_it_is_left_alone_while_a_process_of_it_is_suspended(
    aws: AwsForTests, process: str
) -> None:
    group = ScalingGroup(aws, 1)
    stopped = group.ids()
    group.scaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=[process])
    group.ec2.stop_instances(InstanceIds=stopped)

    assert [group.ids() for _ in range(4)] == [stopped] * 4


def test_a_stopped_member_in_standby_stays(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    parked = group.ids()
    group.enter(parked)
    group.ec2.stop_instances(InstanceIds=parked)

    assert [group.ids("Standby") for _ in range(3)] == [parked] * 3


def test_a_terminated_member_is_replaced(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    gone = group.ids()
    group.ec2.terminate_instances(InstanceIds=gone)

    assert len(group.ids()) == 1
    assert group.ids() != gone


def test_a_start_that_is_taken_back_shows_pending_then_stopped_with_a_reason(
    aws: AwsForTests,
) -> None:
    group = ScalingGroup(aws, 2)
    ids = group.ids()
    group.enter(ids)
    group.ec2.stop_instances(InstanceIds=ids)
    aws.controls.settings(failing_starts=ids[:1])

    group.ec2.start_instances(InstanceIds=ids)

    assert [group.power() for _ in range(3)] == [
        ["pending", "running"],
        ["running", "stopped"],
        ["running", "stopped"],
    ]
    described = group.ec2.describe_instances(InstanceIds=ids[:1])
    assert described["Reservations"][0]["Instances"][0]["StateReason"] == {
        "Code": "Client.InternalError",
        "Message": "Client.InternalError: Client error on launch",
    }


def test_a_member_terminated_in_standby_stays_listed_until_it_is_put_back(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 2)
    gone = group.ids()[:1]
    group.enter(gone)
    group.ec2.terminate_instances(InstanceIds=gone)
    assert group.ids("Standby") == gone
    assert group.states() == ["InService", "Standby"]

    group.leave(gone)

    assert group.states() == ["InService", "InService"]
    assert not set(gone) & set(group.ids())


def test_while_launch_is_suspended_no_member_comes_back(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    parked = group.ids()
    group.enter(parked)
    group.scaling.suspend_processes(AutoScalingGroupName=NAME, ScalingProcesses=["Launch"])

    with pytest.raises(ClientError, match="Launch suspended"):
        group.leave(parked)


def test_launches_that_fail_are_told_by_activities_alone(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    aws.controls.settings(failing_launches=[NAME])
    group.scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=2)

    assert (group.look()["DesiredCapacity"], group.states()) == (2, ["InService"])
    (one,) = group.scaling.describe_scaling_activities(AutoScalingGroupName=NAME)["Activities"]
    assert (one["StatusCode"], "sufficient capacity" in one["StatusMessage"]) == ("Failed", True)


def test_a_hook_holds_members_that_end_but_none_of_a_group_deleted_by_force(
    aws: AwsForTests,
) -> None:
    group = ScalingGroup(aws, 2)
    aws.controls.delays(drain=1)
    group.scaling.put_lifecycle_hook(
        AutoScalingGroupName=NAME,
        LifecycleHookName="drain",
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
    )
    group.scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=1)

    assert group.states() == ["InService", "Terminating:Wait"]
    with pytest.raises(ClientError, match="ResourceInUse"):
        group.scaling.delete_auto_scaling_group(AutoScalingGroupName=NAME)
    assert group.states() == ["InService"]

    group.scaling.set_desired_capacity(AutoScalingGroupName=NAME, DesiredCapacity=0)
    group.scaling.delete_auto_scaling_group(AutoScalingGroupName=NAME, ForceDelete=True)
    assert group.look() == {}


def test_a_warm_pool_is_not_listed_by_its_group(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 1)
    members = set(group.ids())
    group.scaling.put_warm_pool(AutoScalingGroupName=NAME, MinSize=2)

    assert set(group.ids()) == members
    pages = group.ec2.describe_instances(
        Filters=[{"Name": "tag:aws:autoscaling:groupName", "Values": [NAME]}]
    )
    found = [one for page in pages["Reservations"] for one in page["Instances"]]
    states = {one["InstanceId"]: one["State"]["Name"] for one in found}
    assert sorted(state for name, state in states.items() if name not in members) == ["stopped"] * 2
