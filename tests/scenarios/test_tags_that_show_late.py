"""Tags that show later than sizes, from one run to the next: nothing is written anew from what parking left, made twice or forgotten."""

from datetime import timedelta
from pathlib import Path

import pytest

from controller.errors import EnvctlError
from controller.ports import ActResult
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes
from tests.support.power_estate import EVENING, MORNING, PowerEstate

WEB = "c50-ta-Web"
TAG = "envctl:parked"
LOOKS = 8


@pytest.mark.slow
def test_the_run_after_parks_on_with_what_the_first_remembered(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    estate = PowerEstate(sandbox, tmp_path / "fleet")
    estate.tick()
    estate.group(WEB)
    sandbox.controls.delays(tags=LOOKS)
    sandbox.controls.fail_next("EnterStandby", "AccessDenied", times=1)
    assert estate.at(EVENING).tick().outcomes[0].exit_code == 7
    assert TAG not in tags(estate)

    evening = estate.at(EVENING + timedelta(minutes=5)).tick()

    assert evening.outcomes[0].exit_code == 0
    assert (shown(estate)[TAG], set(estate.states().values())) == ("min=1 desired=3", {"stopped"})

    estate.at(MORNING).tick()
    sandbox.controls.calls()
    estate.at(MORNING + timedelta(minutes=5)).tick()

    found = estate.look(WEB)
    assert (found["MinSize"], found["DesiredCapacity"]) == (1, 3)
    assert found["SuspendedProcesses"] == []
    assert TAG not in shown(estate)
    assert changed(sandbox) <= {"autoscaling.DeleteTags"}


@pytest.mark.slow
def test_what_was_done_to_a_group_is_done_once_by_runs_that_follow_at_once(
    aws: AwsForTests,
) -> None:
    running = LiveAccount(aws)
    running.role(rollout={"instanceRefresh": {"minHealthyPercent": 50}})
    aws.controls.delays(tags=LOOKS)
    assert failures(until_quiet(running)) == []
    made = aws.controls.calls()
    assert made["autoscaling.CreateAutoScalingGroup"] == 1

    running.role(instanceType="m6i.xlarge")
    assert failures(until_quiet(running)) == []

    made = aws.controls.calls()
    assert made["ec2.CreateLaunchTemplateVersion"] == 1
    assert made["autoscaling.UpdateAutoScalingGroup"] == 1
    refreshes = running.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=WEB)
    assert [one["Status"] for one in refreshes["InstanceRefreshes"]] == ["Successful"]
    assert {one["LaunchTemplate"]["Version"] for one in running.group()["Instances"]} == {"2"}


@pytest.mark.slow
def test_a_group_that_comes_back_and_leaves_again_has_its_time_again(aws: AwsForTests) -> None:
    running = LiveAccount(aws)
    running.apply()
    aws.controls.delays(tags=LOOKS, drain=20)
    running.change("Environment", "c50", lifecycle="retired")
    running.apply()
    for _ in range(LOOKS):
        assert running.group()["DesiredCapacity"] == 0
    running.change("Environment", "c50", lifecycle="active")
    assert failures(until_quiet(running)) == []
    for _ in range(LOOKS):
        assert running.group()["DesiredCapacity"] == 2

    running.now += timedelta(hours=1)
    running.change("Environment", "c50", lifecycle="retired")
    running.apply()
    running.apply()
    states = {one["LifecycleState"] for one in running.group()["Instances"]}
    assert states == {"Terminating:Wait"}, (
        "its hook is not cut short by the time it had an hour ago"
    )

    assert failures(until_quiet(running)) == []
    assert running.group() == {}


def until_quiet(account: LiveAccount, *, adopt: bool = False) -> dict[str, ActResult | EnvctlError]:
    """Let runs follow each other until all that was done shows and nothing is left to do; return what failed."""
    failed = dict[str, ActResult | EnvctlError]()
    for _ in range(3 * LOOKS):
        plan = account.plan(deep=adopt, adopt=adopt)
        failed |= {
            name: one
            for name, one in account.do(plan.to_do).items()
            if isinstance(one, EnvctlError)
        }
        if not changes(plan) and not any(
            "being replaced" in note or "drain" in note for note in notes(plan)
        ):
            return failed
    raise AssertionError(f"still not quiet: {changes(account.plan())}")


def shown(estate: PowerEstate) -> dict[str, str]:
    """Return the tags when all of them show."""
    for _ in range(LOOKS):
        estate.look(WEB)
    return tags(estate)


def tags(estate: PowerEstate) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in estate.look(WEB)["Tags"]}


def changed(sandbox: AwsForTests) -> set[str]:
    calls = sandbox.controls.calls()
    return {
        name
        for name in calls
        if name.startswith(("ec2.", "autoscaling.")) and ".Describe" not in name
    }
