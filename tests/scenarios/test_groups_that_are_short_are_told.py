"""AWS takes a group's sizes and fails to launch later: a plan says how many are in service, since when, and why."""

from datetime import timedelta

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes

WEB = "c50-ta-Web"


def test_a_group_that_cannot_launch_says_how_many_it_has_and_why(aws: AwsForTests) -> None:
    account = LiveAccount(aws)
    aws.controls.settings(failing_launches=[WEB])
    account.apply()

    (note,) = notes(account.plan())
    assert note.startswith(f"short {WEB}: 0 of 2 in service since 20")
    assert "; AWS's last activity failed: We currently do not have sufficient capacity" in note

    aws.controls.fail_next("DescribeScalingActivities", "AccessDenied", times=None)
    assert notes(account.plan()) == [f"short {WEB}: 0 of 2 in service"]

    aws.controls.settings(failing_launches=[])
    account.client("autoscaling").set_desired_capacity(AutoScalingGroupName=WEB, DesiredCapacity=2)
    aws.controls.calls()
    assert notes(account.plan()) == []
    assert "autoscaling.DescribeScalingActivities" not in aws.controls.calls()


@pytest.mark.slow
def test_a_group_that_ends_none_of_its_members_says_how_many_are_protected(
    aws: AwsForTests,
) -> None:
    account = LiveAccount(aws)
    account.apply()
    ids = [one["InstanceId"] for one in account.group()["Instances"]]
    held = {"AutoScalingGroupName": WEB, "InstanceIds": ids}
    scaling = account.client("autoscaling")
    scaling.set_instance_protection(**held, ProtectedFromScaleIn=True)
    account.role(autoScalingSettings={"minCapacity": 1, "desiredCapacity": 1, "maxCapacity": 4})
    assert failures(account.apply()) == []

    plan = account.plan()

    assert changes(plan) == []
    assert notes(plan) == [
        f"cannot stop {WEB}: 2 members are protected from scale-in, more than the 1 it was asked for: AWS ends none of them"
    ]
    assert (account.group()["DesiredCapacity"], len(account.group()["Instances"])) == (1, 2)

    account.change("Environment", "c50", lifecycle="retired")
    assert failures(account.apply()) == []
    assert changes(account.plan()) == []
    account.now += timedelta(minutes=9)
    assert failures(account.apply()) == []
    assert account.group() == {}, "who retires it ends what is protected, when its time is over"
