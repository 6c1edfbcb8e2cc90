"""While a group is parked its sizes are left to schedules, but for the maximum, which none of them owns."""

import pytest

from controller.model.override import Override
from controller.model.ref import ResourceRef
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures

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


@pytest.mark.slow
def test_overrides_and_what_is_taken_back_hold_for_the_maximum_of_a_parked_group(
    aws: AwsForTests,
) -> None:
    running = LiveAccount(aws)
    running.apply()
    scaling = running.client("autoscaling")
    ids = [one["InstanceId"] for one in running.group()["Instances"]]
    scaling.create_or_update_tags(
        Tags=[
            {
                "ResourceId": WEB,
                "ResourceType": "auto-scaling-group",
                "Key": "envctl:parked",
                "Value": "min=1 desired=2",
                "PropagateAtLaunch": False,
            }
        ]
    )
    scaling.update_auto_scaling_group(AutoScalingGroupName=WEB, MinSize=0)
    scaling.enter_standby(
        AutoScalingGroupName=WEB, InstanceIds=ids, ShouldDecrementDesiredCapacity=True
    )
    scaling.update_auto_scaling_group(AutoScalingGroupName=WEB, MaxSize=9)
    as_it_is = Override("o1", ResourceRef("Environment", "c50"), "load", "ada", running.now)
    running.overrides = (as_it_is,)
    assert changes(running.plan()) == []
    running.overrides = ()
    assert changes(running.plan()) == [f"update Group/{WEB} drifted: maxSize"]

    larger = {"minCapacity": 1, "desiredCapacity": 2, "maxCapacity": 8}
    running.role(autoScalingSettings=larger)
    assert failures(running.apply()) == []
    running.role(autoScalingSettings={**larger, "maxCapacity": 4})
    assert changes(running.plan()) == [f"update Group/{WEB} edited: maxSize"]
    assert failures(running.apply()) == []
    running.role(autoScalingSettings={"minCapacity": 1, "desiredCapacity": 1, "maxCapacity": 1})
    assert changes(running.plan()) == [], "members in standby would have no room to come back"

    found = running.group()
    assert (found["MinSize"], found["DesiredCapacity"], found["MaxSize"]) == (0, 0, 4)
    assert {one["LifecycleState"] for one in found["Instances"]} == {"Standby"}
