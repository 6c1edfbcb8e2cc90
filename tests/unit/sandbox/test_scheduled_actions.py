"""Scheduled actions: kept by group and name, checked as AWS checks them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import AwsForTests
from tests.support.scaling_groups import NAME, ScalingGroup

NIGHT = {"ScheduledActionName": "night", "Recurrence": "0 22 * * 1-5", "DesiredCapacity": 0}


@pytest.fixture
def group(aws: AwsForTests) -> ScalingGroup:
    """A group without members."""
    return ScalingGroup(aws, 0)


def _put(group: ScalingGroup, name: str = NAME, **changed: Any) -> Any:
    return group.scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=name, **{**NIGHT, **changed}
    )


def _names(group: ScalingGroup, name: str = NAME) -> list[str]:
    pages = group.scaling.get_paginator("describe_scheduled_actions").paginate(
        AutoScalingGroupName=name
    )
    return [
        one["ScheduledActionName"] for page in pages for one in page["ScheduledUpdateGroupActions"]
    ]


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"Recurrence": "0 25 * * *"}, "no such hour"),
        ({"Recurrence": "0 22 * *"}, "four fields"),
        ({"Recurrence": "0 0 22 * * *"}, "six fields"),
        ({"TimeZone": "Europe/Lodnon"}, "no such zone"),
        ({"MinSize": 2, "MaxSize": 1}, "out of order"),
        ({"StartTime": datetime(2001, 1, 1, tzinfo=UTC)}, "in the past"),
        ({"EndTime": datetime.now(UTC) - timedelta(days=1)}, "ends before it begins"),
    ],
)
def test_refused(group: ScalingGroup, changed: dict[str, Any], because: str) -> None:
    with pytest.raises(ClientError) as error:
        _put(group, **changed)

    assert error.value.response["Error"]["Code"] == "ValidationError", because


def test_an_action_without_a_size_is_refused(group: ScalingGroup) -> None:
    with pytest.raises(ClientError, match="At least one of"):
        group.scaling.put_scheduled_update_group_action(
            AutoScalingGroupName=NAME, ScheduledActionName="night", Recurrence="0 22 * * *"
        )


def test_two_groups_have_actions_of_one_name(group: ScalingGroup) -> None:
    group.create("other", 0)
    _put(group)
    _put(group, "other", DesiredCapacity=1)
    group.scaling.delete_scheduled_action(AutoScalingGroupName=NAME, ScheduledActionName="night")

    assert _names(group) == []
    assert _names(group, "other") == ["night"]


def test_what_an_update_leaves_out_stays(group: ScalingGroup) -> None:
    _put(group, MinSize=0, TimeZone="Europe/London")
    group.scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=NAME, ScheduledActionName="night", DesiredCapacity=1
    )
    action = group.scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"][0]

    assert (action["MinSize"], action["DesiredCapacity"], action["TimeZone"]) == (
        0,
        1,
        "Europe/London",
    )


def test_a_wrong_action_of_a_batch_is_named_and_the_others_are_put(group: ScalingGroup) -> None:
    answer = group.scaling.batch_put_scheduled_update_group_action(
        AutoScalingGroupName=NAME,
        ScheduledUpdateGroupActions=[
            NIGHT,
            {"ScheduledActionName": "bad", "Recurrence": "x", "DesiredCapacity": 1},
        ],
    )

    failed = answer["FailedScheduledUpdateGroupActions"]
    assert [one["ScheduledActionName"] for one in failed] == ["bad"]
    assert _names(group) == ["night"]


def test_batches_and_groups_have_their_limits(group: ScalingGroup) -> None:
    def batch(start: int, count: int) -> Any:
        return group.scaling.batch_put_scheduled_update_group_action(
            AutoScalingGroupName=NAME,
            ScheduledUpdateGroupActions=[
                {
                    **NIGHT,
                    "ScheduledActionName": f"n{start + place}",
                    "Recurrence": f"{(start + place) % 60} {(start + place) // 60} * * *",
                }
                for place in range(count)
            ],
        )["FailedScheduledUpdateGroupActions"]

    with pytest.raises(ClientError, match="less than or equal to 50"):
        batch(0, 51)
    assert [batch(0, 50), batch(50, 50)] == [[], []]
    over = batch(100, 26)

    assert [one["ErrorCode"] for one in over] == ["LimitExceeded"]
    assert len(_names(group)) == 125


def test_they_go_with_their_group(group: ScalingGroup) -> None:
    _put(group)
    group.scaling.delete_auto_scaling_group(AutoScalingGroupName=NAME)

    assert group.scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []


def test_one_action_of_a_group_comes_at_a_time(group: ScalingGroup) -> None:
    _put(group)
    other = {**NIGHT, "AutoScalingGroupName": NAME, "ScheduledActionName": "other"}

    with pytest.raises(ClientError, match="this scheduled start time already exists"):
        group.scaling.put_scheduled_update_group_action(**other)
    group.aws.controls.settings(actions_may_meet=True)
    group.scaling.put_scheduled_update_group_action(**other)

    assert len(_names(group)) == 2
