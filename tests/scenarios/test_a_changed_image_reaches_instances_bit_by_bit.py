"""A changed template is a new version that groups are pointed at; instances are replaced a few groups at a time."""

import base64
from collections import Counter
from collections.abc import Callable

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes

WEB = "c50-ta-Web"
NAMES = tuple(f"c{number}-ta-Web" for number in (50, 51, 52))
SIZES = {"minCapacity": 1, "desiredCapacity": 2, "maxCapacity": 4}
PARKED = {
    "ResourceId": WEB,
    "ResourceType": "auto-scaling-group",
    "Key": "envctl:parked",
    "Value": "{}",
    "PropagateAtLaunch": False,
}
REFRESH = {"instanceRefresh": {"minHealthyPercent": 50}}


@pytest.fixture
def three(aws: AwsForTests) -> LiveAccount:
    """Three environments of one map, whose role replaces instances; two groups at a time."""
    account = LiveAccount(aws)
    account.role(rollout=REFRESH)
    for name in ("c51", "c52"):
        account.documents["Environment", name] = dict(account.documents["Environment", "c50"])
    assert failures(account.apply()) == []
    return account


def _newer_image(account: LiveAccount, name: str, **tags: str) -> str:
    ec2 = account.client("ec2")
    image: str = ec2.register_image(Name=name)["ImageId"]
    if tags:
        made = [{"Key": key, "Value": value} for key, value in tags.items()]
        ec2.create_tags(Resources=[image], Tags=made)
    return image


def _versions(account: LiveAccount, name: str) -> Counter[str]:
    return Counter(one["LaunchTemplate"]["Version"] for one in account.group(name)["Instances"])


def _until_quiet(account: LiveAccount, looks: int = 30) -> list[str]:
    """Plan and apply until nothing is left to do and nothing runs; return the causes on the way."""
    causes: list[str] = []
    for _ in range(looks):
        plan = account.plan()
        assert failures(account.do(plan.to_do)) == []
        causes += changes(plan)
        if not changes(plan) and not any("being replaced" in note for note in notes(plan)):
            return causes
    raise AssertionError(f"still not quiet after {looks} looks: {causes}")


def test_a_version_is_made_and_two_of_three_groups_begin(three: LiveAccount) -> None:
    _newer_image(three, "web-1.4.3")
    three.role(ami="web-1.4.3")

    plan = three.plan()

    assert [one.effects for one in plan.to_do] == [{"replaced": 2}, {"replaced": 2}, None]
    assert changes(plan)[0] == f"update Group/{WEB} edited: ami, imageId"
    assert changes(plan)[2].endswith("edited: ami, imageId, instancesBehind")
    assert "rollout c52-ta-Web: its instances are replaced when it is its turn (2 groups at a time)" in notes(plan)  # fmt: skip

    three.do(plan.to_do)

    assert {three.group(name)["LaunchTemplate"]["Version"] for name in NAMES} == {"2"}
    assert three.template()["ImageId"] != ""
    later = three.plan()
    assert changes(later) == []
    assert sum("being replaced" in note for note in notes(later)) == 2


@pytest.mark.slow
def test_in_the_end_all_instances_are_of_the_new_version(three: LiveAccount) -> None:
    _newer_image(three, "web-1.4.3")
    three.role(ami="web-1.4.3")
    _until_quiet(three)
    assert [_versions(three, name) for name in NAMES] == [Counter({"2": 2})] * 3


@pytest.mark.slow
def test_the_first_that_fails_stops_the_others(three: LiveAccount) -> None:
    three.aws.controls.settings(failing_refreshes=1)
    three.role(instanceType="m6i.xlarge")
    _until_quiet(three)
    said = notes(three.plan())
    assert any("ended as Failed" in note for note in said)
    assert "blocked c52-ta-Web: its instances are not replaced: another group's failed" in said
    assert _versions(three, "c52-ta-Web") == Counter({"1": 2})

    three.role(instanceType="m6i.2xlarge")
    _until_quiet(three)
    assert [_versions(three, name) for name in NAMES] == [Counter({"3": 2})] * 3


def test_a_refresh_whose_answer_was_lost_is_known_as_ours(three: LiveAccount) -> None:
    three.aws.controls.delays(refresh=9, replace=9)
    three.aws.controls.lose_answer("StartInstanceRefresh")
    three.role(instanceType="m6i.xlarge")

    assert "no answer from AWS" in str(failures(three.do(three.plan().to_do)))

    assert three.tags()["envctl:refresh"] == "2 after none"
    later = three.plan()
    assert changes(later) == []
    assert sum("being replaced" in note for note in notes(later)) == 2


def _refreshes(account: LiveAccount) -> list[str]:
    """Return the states of the group's refreshes, the newest first."""
    scaling = account.client("autoscaling")
    found = scaling.describe_instance_refreshes(AutoScalingGroupName=WEB)["InstanceRefreshes"]
    return [refresh["Status"] for refresh in found]


@pytest.mark.slow
def test_a_refresh_whose_answer_was_lost_and_that_failed_is_not_begun_again(
    three: LiveAccount,
) -> None:
    three.aws.controls.lose_answer("StartInstanceRefresh")
    three.aws.controls.settings(failing_refreshes=1)
    three.role(instanceType="m6i.xlarge")
    three.do(three.plan().to_do)
    assert _refreshes(three) == ["Failed"]

    _until_quiet(three)

    assert _refreshes(three) == ["Failed"]
    assert any("ended as Failed" in note for note in notes(three.plan()))
    assert _versions(three, "c52-ta-Web") == Counter({"1": 2})

    three.client("autoscaling").delete_tags(Tags=[{**PARKED, "Key": "envctl:refresh"}])
    _until_quiet(three)
    assert _refreshes(three)[-2:] == ["Successful", "Failed"]


@pytest.mark.slow
def test_a_refresh_that_somebody_else_began_is_waited_for(three: LiveAccount) -> None:
    three.client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=WEB, Preferences={"MinHealthyPercentage": 90}
    )
    three.role(instanceType="m6i.xlarge")

    three.apply()

    assert three.tags()["envctl:refresh"].startswith("2 after ")
    _until_quiet(three)
    assert _versions(three, WEB) == Counter({"2": 2})


@pytest.mark.slow
def test_another_change_while_instances_are_replaced_comes_after(three: LiveAccount) -> None:
    three.role(instanceType="m6i.xlarge")
    three.apply()
    three.role(instanceType="m6i.2xlarge")
    _until_quiet(three)
    assert [_versions(three, name) for name in NAMES] == [Counter({"3": 2})] * 3


@pytest.mark.slow
def test_a_locked_environment_takes_nobodys_turn(three: LiveAccount) -> None:
    for name in ("c50", "c51"):
        three.change("Environment", name, deploymentsLocked=True)
    three.role(instanceType="m6i.xlarge")
    _until_quiet(three)
    assert [_versions(three, name) for name in NAMES] == [
        Counter({"1": 2}),
        Counter({"1": 2}),
        Counter({"2": 2}),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hold", "said"),
    [
        (
            lambda three: three.change("EnvironmentType", "Staging", freeze=["launch"]),
            "EnvironmentType/Staging is frozen: Launch day (Calendar/launch), until the end of 2026-11-24 UTC",
        ),
        (
            lambda three: three.change("Environment", "c50", deploymentsLocked=True),
            "deployments to Environment/c50 are locked until its deploymentsLocked says false",
        ),
        (
            lambda three: three.client("autoscaling").create_or_update_tags(Tags=[PARKED]),
            "they are off for their schedule; when they run again they are replaced",
        ),
        (
            lambda three: three.client("autoscaling").suspend_processes(
                AutoScalingGroupName=WEB, ScalingProcesses=["Launch"]
            ),
            "its process Launch is suspended, so AWS replaces none: resume it",
        ),
    ],
)
def test_instances_that_stay_behind_say_why(
    three: LiveAccount, hold: Callable[[LiveAccount], None], said: str
) -> None:
    day = {"date": f"{three.now:%Y-%m-%d}", "name": "Launch day"}
    three.documents["Calendar", "launch"] = {"dates": [day]}
    three.role(rollout="none", instanceType="m6i.xlarge")
    _until_quiet(three)
    three.role(rollout=REFRESH)
    hold(three)

    assert f"rollout {WEB}: 2 instances keep the template before: {said}" in notes(three.plan())


@pytest.mark.slow
def test_what_was_in_standby_is_replaced_once_it_runs_again(three: LiveAccount) -> None:
    scaling = three.client("autoscaling")
    one = [three.group(WEB)["Instances"][0]["InstanceId"]]
    resting = {"AutoScalingGroupName": WEB, "InstanceIds": one}
    scaling.enter_standby(**resting, ShouldDecrementDesiredCapacity=True)
    three.role(instanceType="m6i.xlarge", autoScalingSettings={**SIZES, "desiredOwner": "external"})
    _until_quiet(three)
    assert _versions(three, WEB) == Counter({"1": 1, "2": 1})

    scaling.exit_standby(**resting)
    _until_quiet(three)
    assert _versions(three, WEB) == Counter({"2": 2})


@pytest.mark.slow
def test_a_template_of_user_data_that_changes_is_a_new_version(three: LiveAccount) -> None:
    three.documents["Template", "linux"] = {"text": "#!/bin/bash\necho {{ environment }}\n"}
    three.role(userData="linux")
    _until_quiet(three)
    three.change("Template", "linux", text="#!/bin/bash\necho hello {{ environment }}\n")
    assert changes(three.plan())[0] == f"update Group/{WEB} edited: userData"
    _until_quiet(three)
    sent = base64.b64decode(three.template("c51-ta-Web")["UserData"]).decode()
    assert sent == "#!/bin/bash\necho hello c51\n"


def test_without_rollout_only_new_instances_get_it(three: LiveAccount) -> None:
    three.role(rollout="none", instanceType="m6i.xlarge")
    plan = three.plan()
    assert {one.because for one in plan.to_do} == {
        "instances that run keep what they have (rollout: none)"
    }
    three.do(plan.to_do)
    assert _versions(three, WEB) == Counter({"1": 2})
    assert changes(three.plan()) == []


@pytest.mark.slow
def test_a_type_against_bulk_patching_keeps_its_instances(three: LiveAccount) -> None:
    three.change("EnvironmentType", "Staging", protectedActions=["BULK_PATCH_AMI"])
    three.role(instanceType="m6i.xlarge")
    _until_quiet(three)
    assert _versions(three, WEB) == Counter({"1": 2})
    assert notes(three.plan())[0] == (
        f"rollout {WEB}: 2 instances keep the template before: EnvironmentType/Staging is protected against"
        " BULK_PATCH_AMI; to replace them, take that out of its protectedActions"
    )

    three.applied = dict(three.documents)
    three.change("EnvironmentType", "Staging", protectedActions=None)
    _until_quiet(three)
    assert _versions(three, WEB) == Counter({"1": 2}), "as applied last it is protected still"
    assert "(as applied last; " in notes(three.plan())[0]
    three.applied = None
    _until_quiet(three)
    assert _versions(three, WEB) == Counter({"2": 2})


class TestTheLatestOfAType:
    """A role that names a type of image."""

    @pytest.fixture
    def typed(self, aws: AwsForTests) -> LiveAccount:
        account = LiveAccount(aws)
        account.role(ami="web")
        account.furnish()
        assert failures(account.apply()) == []
        return account

    def test_is_chosen_by_version_and_kept(self, typed: LiveAccount) -> None:
        assert typed.tags()["envctl:image"].startswith("web ami-")
        first = typed.template()["ImageId"]
        newer = _newer_image(typed, "web-1.10.0", Stable="yes")

        assert changes(typed.plan()) == []
        plan = typed.plan(deep=True)
        assert changes(plan) == []
        assert notes(plan) == [
            f"image {WEB}: web-1.10.0 is out; {first} is kept (imagePolicy: pin)"
        ]
        assert newer != first

    def test_is_followed_where_the_role_says_so(self, typed: LiveAccount) -> None:
        typed.role(imagePolicy="follow")
        newer = _newer_image(typed, "web-1.10.0", stable="true")
        plan = typed.plan(deep=True)
        assert changes(plan) == [f"update Group/{WEB} image: imageId, instancesBehind"]
        typed.do(plan.to_do)
        assert typed.template()["ImageId"] == newer
        assert changes(typed.plan(deep=True)) == []

    def test_is_not_taken_while_it_is_not_stable(self, typed: LiveAccount) -> None:
        typed.role(imagePolicy="follow")
        _newer_image(typed, "web-1.10.0")
        assert changes(typed.plan(deep=True)) == []


def test_an_image_larger_than_the_disk_is_said(aws: AwsForTests) -> None:
    account = LiveAccount(aws)
    _newer_image(account, "web-2.0.0")
    account.role(ami="web-2.0.0", volumes=[{"name": "OS", "size": 10}])
    (note,) = notes(account.plan())
    assert "the OS volume has 10 GB, image web-2.0.0 needs 15" in note


@pytest.mark.slow
def test_an_instance_protected_from_scale_in_is_left_out_and_told(three: LiveAccount) -> None:
    scaling = three.client("autoscaling")
    (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[WEB])[
        "AutoScalingGroups"
    ]
    protected = group["Instances"][0]["InstanceId"]
    scaling.set_instance_protection(
        AutoScalingGroupName=WEB, InstanceIds=[protected], ProtectedFromScaleIn=True
    )
    three.role(instanceType="m6i.xlarge")
    _until_quiet(three)
    assert [_versions(three, name)["2"] for name in NAMES] == [1, 2, 2]
    assert set(_refreshes(three)) == {"Successful"}
    assert any(
        "protected from scale-in, keep the template before" in one for one in notes(three.plan())
    )
