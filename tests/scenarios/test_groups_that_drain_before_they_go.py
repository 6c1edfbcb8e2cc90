"""A group of a retired environment goes once its instances have drained, and by force only when their time is over."""

from datetime import timedelta

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes


@pytest.fixture
def retired(aws: AwsForTests) -> LiveAccount:
    """An environment that retires, with a hook of three minutes that holds members for two looks."""
    running = LiveAccount(aws)
    assert failures(running.apply()) == []
    running.aws.controls.delays(drain=3)
    running.change("Environment", "c50", lifecycle="retired")
    return running


def _states(account: LiveAccount) -> list[str]:
    return [one["LifecycleState"] for one in account.group()["Instances"]]


def test_a_hook_has_its_time_before_the_group_is_deleted_without_force(
    retired: LiveAccount,
) -> None:
    (done,) = retired.apply().values()

    assert "its instances drain, until 20" in str(done)
    found = retired.group()
    assert (found["MinSize"], found["DesiredCapacity"], found["MaxSize"]) == (0, 0, 0)
    assert {one["LifecycleState"] for one in found["Instances"]} == {"Terminating:Wait"}
    plan = retired.plan()
    assert changes(plan) == []
    assert any("leaving c50-ta-Web: its instances drain" in note for note in notes(plan))

    while _states(retired):
        pass
    (change,) = retired.plan().to_do
    assert (change.action, change.effects) == ("delete", None)
    assert failures(retired.do([change])) == []
    assert retired.group() == {}


@pytest.mark.slow
def test_what_does_not_end_is_ended_by_force_after_the_delay(retired: LiveAccount) -> None:
    retired.aws.controls.delays(drain=1000)
    retired.apply()
    retired.now += timedelta(minutes=3 + 4)
    assert changes(retired.plan()) == []

    retired.now += timedelta(minutes=2)
    (change,) = retired.plan().to_do
    assert (change.action, change.effects) == ("delete", {"ended": 2})
    assert failures(retired.do([change])) == []
    assert retired.group() == {}


@pytest.mark.slow
def test_a_group_that_comes_back_drains_anew_when_it_leaves_again(retired: LiveAccount) -> None:
    retired.apply()
    retired.change("Environment", "c50", lifecycle="active")
    assert failures(retired.apply()) == []
    assert retired.group()["DesiredCapacity"] == 2

    retired.now += timedelta(hours=1)
    retired.change("Environment", "c50", lifecycle="retired")
    retired.apply()

    assert "Terminating:Wait" in _states(retired)


@pytest.mark.slow
def test_members_in_standby_have_nothing_to_drain(retired: LiveAccount) -> None:
    scaling = retired.client("autoscaling")
    ids = [one["InstanceId"] for one in retired.group()["Instances"]]
    scaling.update_auto_scaling_group(AutoScalingGroupName="c50-ta-Web", MinSize=0)
    scaling.enter_standby(
        AutoScalingGroupName="c50-ta-Web", InstanceIds=ids, ShouldDecrementDesiredCapacity=True
    )
    retired.apply()
    assert retired.group() == {}


@pytest.mark.parametrize("level", ["prevent-all-deletion", "prevent-force-deletion"])
def test_a_group_with_deletion_protection_keeps_its_instances_unless_it_may_go_without_force(
    retired: LiveAccount, level: str
) -> None:
    scaling = retired.client("autoscaling")
    scaling.update_auto_scaling_group(AutoScalingGroupName="c50-ta-Web", DeletionProtection=level)

    done = retired.apply()

    if level == "prevent-all-deletion":
        (error,) = failures(done)
        assert (
            "has deletion protection (prevent-all-deletion): it is left with its instances" in error
        )
        assert _states(retired) == ["InService", "InService"]
        assert retired.group()["DesiredCapacity"] == 2
    else:
        # Nothing drains any more, as far as it says: what is empty goes without force.
        while _states(retired):
            pass
        tag = {"ResourceId": "c50-ta-Web", "ResourceType": "auto-scaling-group"}
        scaling.delete_tags(Tags=[{**tag, "Key": "envctl:draining"}])
        assert failures(retired.apply()) == []
        assert retired.group() == {}
