"""AWS takes a group's sizes and fails to launch later: a plan says how many are in service, since when, and why."""

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, notes

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
