"""While a group is parked its sizes are left to schedules, but for the maximum, which none of them owns."""

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes

WEB = "c50-ta-Web"


def test_of_a_parked_group_the_maximum_alone_is_compared_and_healed(aws: AwsForTests) -> None:
    running = LiveAccount(aws)
    running.apply()
    scaling = running.client("autoscaling")
    tag = {"ResourceId": WEB, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    scaling.create_or_update_tags(
        Tags=[{**tag, "Key": "envctl:parked", "Value": "min=1 desired=2"}]
    )
    scaling.update_auto_scaling_group(AutoScalingGroupName=WEB, MinSize=0)
    assert changes(running.plan()) == []

    scaling.update_auto_scaling_group(AutoScalingGroupName=WEB, MaxSize=9)
    assert changes(running.plan()) == [f"update Group/{WEB} drifted: maxSize"]
    running.role(autoScalingSettings={"minCapacity": 2, "desiredCapacity": 3, "maxCapacity": 6})
    assert changes(running.plan()) == [f"update Group/{WEB} edited: maxSize"]
    running.apply()
    found = running.group()
    assert (found["MinSize"], found["DesiredCapacity"], found["MaxSize"]) == (0, 2, 6)
    assert changes(running.plan()) == []
