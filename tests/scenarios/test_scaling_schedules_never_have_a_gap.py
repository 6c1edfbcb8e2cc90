"""Scaling schedules are changed in place, or put before what is gone is taken away, and are healed when a person changes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.targets.groups import TARGET as GROUPS
from controller.targets.scaling_schedules import TARGET as SCHEDULES
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes

WEB = "c50-ta-Web"
NIGHTS = {"recurrence": "0 22 * * 1-5", "timezone": "Europe/London", "desiredCapacity": 4}
MORNINGS = {"recurrence": "0 5 * * *", "minCapacity": 1, "desiredCapacity": 1}


@pytest.fixture
def account(aws: AwsForTests) -> LiveAccount:
    account = LiveAccount(aws, targets=(GROUPS, SCHEDULES))
    account.role(scalingSchedules=[NIGHTS, MORNINGS])
    return account


def _actions(account: LiveAccount) -> dict[str, Any]:
    pages = account.client("autoscaling").get_paginator("describe_scheduled_actions")
    return {
        one["ScheduledActionName"]: (one["Recurrence"], one.get("DesiredCapacity"))
        for page in pages.paginate(AutoScalingGroupName=WEB)
        for one in page["ScheduledUpdateGroupActions"]
    }


def test_they_come_with_their_group(account: LiveAccount) -> None:
    plan = account.plan()
    assert changes(plan) == [
        f"create Group/{WEB} edited",
        f"create ScalingSchedules/{WEB} edited",
    ]
    assert failures(account.do(plan.to_do)) == []
    assert sorted(_actions(account).values()) == [("0 22 * * 1-5", 4), ("0 5 * * *", 1)]
    assert changes(account.plan()) == []
    assert changes(account.plan(deep=True)) == []


def test_sizes_they_set_are_no_drift(account: LiveAccount) -> None:
    account.apply()
    account.client("autoscaling").set_desired_capacity(AutoScalingGroupName=WEB, DesiredCapacity=4)
    assert changes(account.plan()) == []


def test_other_sizes_at_the_same_time_are_put_over_the_action(account: LiveAccount) -> None:
    account.apply()
    before = _actions(account).keys()
    account.role(scalingSchedules=[{**NIGHTS, "desiredCapacity": 3}, MORNINGS])
    account.aws.controls.fail_next("BatchDeleteScheduledAction", "InternalFailure", times=None)

    assert failures(account.apply()) == []

    assert _actions(account).keys() == before
    assert sorted(_actions(account).values()) == [("0 22 * * 1-5", 3), ("0 5 * * *", 1)]


def test_a_size_that_is_set_no_more_goes_from_the_action(account: LiveAccount) -> None:
    account.apply()
    account.role(scalingSchedules=[NIGHTS, {"recurrence": "0 5 * * *", "desiredCapacity": 1}])
    assert failures(account.apply()) == []
    assert sorted(_actions(account).values()) == [("0 22 * * 1-5", 4), ("0 5 * * *", 1)]
    assert changes(account.plan(deep=True)) == [], "AWS keeps what an action that is put over says"


def test_the_new_is_there_before_the_old_goes(account: LiveAccount) -> None:
    account.apply()
    account.role(scalingSchedules=[{**NIGHTS, "recurrence": "30 22 * * 1-5"}])
    plan = account.plan()
    (line,) = changes(plan)
    assert line.startswith(f"update ScalingSchedules/{WEB} edited: actions.envctl-")
    account.aws.controls.fail_next("BatchDeleteScheduledAction", "InternalFailure", times=None)

    assert failures(account.do(plan.to_do)) != []

    assert ("30 22 * * 1-5", 4) in _actions(account).values()
    assert len(_actions(account)) == 3
    account.aws.controls.no_faults()
    assert failures(account.apply()) == []
    assert list(_actions(account).values()) == [("30 22 * * 1-5", 4)]
    assert changes(account.plan()) == []


def test_more_than_a_batch_is_put_and_replaced(account: LiveAccount) -> None:
    def hours(size: int) -> list[dict[str, Any]]:
        return [
            {"recurrence": f"{minute} {hour} * * *", "desiredCapacity": size}
            for hour in range(10)
            for minute in range(12)
        ]

    account.role(scalingSchedules=hours(2))
    assert failures(account.apply()) == []
    assert len(_actions(account)) == 120

    account.role(scalingSchedules=hours(3))
    assert failures(account.apply()) == []
    assert {size for _, size in _actions(account).values()} == {3}
    assert len(_actions(account)) == 120


def test_what_a_person_changed_is_healed_at_a_closer_look(account: LiveAccount) -> None:
    account.apply()
    scaling = account.client("autoscaling")
    gone = next(iter(_actions(account)))
    scaling.delete_scheduled_action(AutoScalingGroupName=WEB, ScheduledActionName=gone)
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=WEB,
        ScheduledActionName="of-a-person",
        Recurrence="0 1 * * *",
        DesiredCapacity=2,
    )
    (other,) = _actions(account).keys() - {"of-a-person"}
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName=WEB,
        ScheduledActionName=other,
        EndTime=datetime.now(UTC) + timedelta(days=40),
    )
    assert changes(account.plan()) == []
    drifted = sorted([f"actions.{gone}", f"actions.{other}.endTime"])
    assert changes(account.plan(deep=True)) == [
        f"update ScalingSchedules/{WEB} drifted: {', '.join(drifted)}"
    ]
    account.apply(deep=True)
    assert {gone, "of-a-person"} <= _actions(account).keys()
    assert changes(account.plan(deep=True)) == [], "ours ends no more"


def test_they_go_when_the_role_has_none(account: LiveAccount) -> None:
    account.apply()
    account.role(scalingSchedules=None)
    assert changes(account.plan())[0] == f"delete ScalingSchedules/{WEB} pruned"
    account.apply()
    assert _actions(account) == {}
    assert "envctl:scaling-schedules" not in account.tags()


def test_those_of_a_group_that_is_not_ours_are_left(account: LiveAccount) -> None:
    account.apply()
    tag = {"ResourceId": WEB, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    account.client("autoscaling").create_or_update_tags(
        Tags=[{**tag, "Key": "envctl:id", "Value": "of-somebody-else"}]
    )
    plan = account.plan()
    assert changes(plan) == []
    assert any("its group is not ours" in note for note in notes(plan))


def test_those_of_the_old_product_are_replaced_when_taken_over(account: LiveAccount) -> None:
    account.targets = (GROUPS,)
    account.apply()
    account.targets = (GROUPS, SCHEDULES)
    account.client("autoscaling").put_scheduled_update_group_action(
        AutoScalingGroupName=WEB,
        ScheduledActionName="EM-Scheduled-Action-1",
        Recurrence="0 1 * * *",
        MinSize=1,
        MaxSize=4,
        DesiredCapacity=2,
    )
    plan = account.plan()
    assert changes(plan) == []
    assert notes(plan) == [f"unmanaged {WEB}: exists without our mark: --adopt takes it over"]

    assert failures(account.apply(deep=True, adopt=True)) == []

    assert sorted(_actions(account).values()) == [("0 22 * * 1-5", 4), ("0 5 * * *", 1)]
    assert changes(account.plan()) == []


@pytest.mark.slow
@pytest.mark.parametrize("may_meet", [False, True])
def test_one_of_the_old_product_at_the_same_time_goes_just_before_ours_comes(
    account: LiveAccount, may_meet: bool
) -> None:
    account.aws.controls.settings(actions_may_meet=may_meet)
    account.targets = (GROUPS,)
    account.apply()
    account.targets = (GROUPS, SCHEDULES)
    much_later = datetime.now(UTC) + timedelta(days=40)
    for name, when in (
        ("1", {"Recurrence": "0 5 * * *"}),
        ("2", {"Recurrence": "0 3 * * *"}),
        # One cron expression may come twice, with another start, by any of AWS's words.
        ("3", {"Recurrence": "0 5 * * *", "StartTime": much_later}),
    ):
        account.client("autoscaling").put_scheduled_update_group_action(
            AutoScalingGroupName=WEB,
            ScheduledActionName=f"EM-Scheduled-Action-{name}",
            DesiredCapacity=2,
            **when,
        )

    assert failures(account.apply(deep=True, adopt=True)) == []

    assert sorted(_actions(account).values()) == [("0 22 * * 1-5", 4), ("0 5 * * *", 1)]
    assert changes(account.plan()) == []
