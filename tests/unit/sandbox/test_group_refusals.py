"""What AWS refuses of groups, refused here too."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.embedded_aws import AwsForTests
from tests.support.scaling_groups import ACCOUNT, NAME, ScalingGroup

G = {"AutoScalingGroupName": NAME}
HOOK = {
    **G,
    "LifecycleHookName": "10min-draining",
    "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
}
UNKNOWN = {"AutoScalingGroupName": "no-such"}


@pytest.fixture
def group(aws: AwsForTests) -> ScalingGroup:
    """Two members in service; 1 ≤ 2 ≤ 3."""
    return ScalingGroup(aws, 2, minimum=1, maximum=3)


def _code(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return str(error.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("call", "arguments", "code", "because"),
    [
        ("update_auto_scaling_group", {**G, "MinSize": 4}, "ValidationError", "min over max"),
        ("update_auto_scaling_group", {**G, "DesiredCapacity": 4}, "ValidationError", "over max"),
        ("update_auto_scaling_group", {**G, "DesiredCapacity": 0}, "ValidationError", "under min"),
        ("set_desired_capacity", {**G, "DesiredCapacity": 4}, "ValidationError", "over max"),
        ("set_desired_capacity", {**G, "DesiredCapacity": 0}, "ValidationError", "under min"),
        ("set_desired_capacity", {**UNKNOWN, "DesiredCapacity": 1}, "ValidationError", "no group"),
        ("delete_auto_scaling_group", G, "ResourceInUse", "has members"),
        ("suspend_processes", {**G, "ScalingProcesses": ["Lunch"]}, "ValidationError", "no process"),
        ("suspend_processes", UNKNOWN, "ValidationError", "no such group"),
        ("describe_auto_scaling_groups", {"MaxRecords": 101}, "ValidationError", "page too large"),
        (
            "terminate_instance_in_auto_scaling_group",
            {"InstanceId": "i-00000000", "ShouldDecrementDesiredCapacity": True},
            "ValidationError",
            "no member",
        ),
        (
            "create_or_update_tags",
            {"Tags": [{"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": "aws:x"}]},
            "ValidationError",
            "reserved prefix",
        ),
        (
            "create_or_update_tags",
            {
                "Tags": [
                    {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": f"k{n}"}
                    for n in range(26)
                ]
            },
            "ValidationError",
            "more than a call takes",
        ),
        (
            "create_launch_configuration",
            {"LaunchConfigurationName": "old", "ImageId": "ami-1", "InstanceType": "t3.micro"},
            "UnsupportedOperation",
            "closed to new accounts",
        ),
        (
            "put_notification_configuration",
            {**G, "TopicARN": "arn:aws:sns:eu-west-1:1:t", "NotificationTypes": ["launch"]},
            "ValidationError",
            "no such event",
        ),
        ("put_lifecycle_hook", {**UNKNOWN, "LifecycleHookName": "h"}, "ValidationError", "no group"),
        ("put_lifecycle_hook", {**HOOK, "HeartbeatTimeout": 29}, "ValidationError", "too short"),
        ("put_lifecycle_hook", {**HOOK, "HeartbeatTimeout": 7201}, "ValidationError", "too long"),
        ("put_lifecycle_hook", {**HOOK, "DefaultResult": "GO"}, "ValidationError", "no result"),
        ("put_lifecycle_hook", {**G, "LifecycleHookName": "h"}, "ValidationError", "no transition"),
        ("delete_lifecycle_hook", {**G, "LifecycleHookName": "h"}, "ValidationError", "no hook"),
        ("describe_auto_scaling_groups", {"NextToken": "x"}, "InvalidNextToken", "no page gave it"),
        (
            "update_auto_scaling_group",
            {**G, "VPCZoneIdentifier": "subnet-0"},
            "ValidationError",
            "no subnet",
        ),
        (
            "update_auto_scaling_group",
            {**G, "LaunchTemplate": {"LaunchTemplateName": "none"}},
            "ValidationError",
            "no template",
        ),
        (
            "update_auto_scaling_group",
            {**G, "LaunchTemplate": {"LaunchTemplateName": NAME, "Version": "9"}},
            "ValidationError",
            "no version",
        ),
        (
            "delete_tags",
            {"Tags": [{"ResourceId": "none", "ResourceType": "auto-scaling-group", "Key": "k"}]},
            "ValidationError",
            "no group",
        ),
        ("cancel_instance_refresh", G, "ActiveInstanceRefreshNotFound", "none is active"),
    ],
)  # fmt: skip
def test_refused(
    group: ScalingGroup, call: str, arguments: dict[str, Any], code: str, because: str
) -> None:
    assert _code(getattr(group.scaling, call), **arguments) == code, because


def test_a_group_has_fifty_tags_at_most(group: ScalingGroup) -> None:
    tags = [
        {"ResourceId": NAME, "ResourceType": "auto-scaling-group", "Key": f"k{n}"}
        for n in range(50)
    ]
    group.scaling.create_or_update_tags(Tags=tags[:25])
    # 51 with the one it has
    assert _code(group.scaling.create_or_update_tags, Tags=tags[25:]) == "LimitExceeded"
    group.scaling.create_or_update_tags(Tags=tags[26:])


def test_a_name_is_taken_once(group: ScalingGroup) -> None:
    assert _code(group.create, NAME) == "AlreadyExists"


def test_sizes_of_a_new_group_are_in_order(group: ScalingGroup) -> None:
    assert _code(group.create, "other", 5, minimum=1, maximum=3) == "ValidationError"


def test_standby_keeps_the_minimum_and_moves_the_desired_capacity(group: ScalingGroup) -> None:
    first, second = group.ids()

    assert _code(group.enter, [first, second]) == "ValidationError"
    group.enter([first])

    assert group.states() == ["InService", "Standby"]
    assert group.look()["DesiredCapacity"] == 1


def test_standby_and_back_ask_for_the_right_state(group: ScalingGroup) -> None:
    first, second = group.ids()

    assert _code(group.leave, [first]) == "ValidationError"
    group.enter([first])
    assert _code(group.enter, [first]) == "ValidationError"
    assert _code(group.leave, ["i-0123456789abcdef0"]) == "ValidationError"
    group.leave([first])

    assert sorted(group.ids()) == sorted([first, second])


def test_coming_back_keeps_the_maximum(group: ScalingGroup) -> None:
    first, _ = group.ids()
    group.enter([first])
    group.scaling.update_auto_scaling_group(**G, MaxSize=1)

    assert _code(group.leave, [first]) == "ValidationError"


def test_twenty_ids_are_the_most(aws: AwsForTests) -> None:
    group = ScalingGroup(aws, 21, maximum=30)
    ids = group.ids()

    assert _code(group.enter, ids) == "ValidationError"
    group.enter(ids[:20])
    assert len(group.ids("Standby")) == 20


def test_a_raised_minimum_raises_the_desired_capacity_whatever_is_in_standby(
    group: ScalingGroup,
) -> None:
    group.enter(group.ids()[:1])

    group.scaling.update_auto_scaling_group(**G, MinSize=2)

    assert group.look()["DesiredCapacity"] == 2
    assert group.states() == ["InService", "InService", "Standby"]


def test_scaling_in_leaves_standby_alone(group: ScalingGroup) -> None:
    parked = group.ids()[:1]
    group.enter(parked)
    group.scaling.update_auto_scaling_group(**G, MinSize=0, DesiredCapacity=0)

    assert group.ids("Standby") == parked
    assert group.ids() == []


def test_a_forced_delete_ends_members_in_standby_too(group: ScalingGroup) -> None:
    group.enter(group.ids()[:1])

    group.scaling.delete_auto_scaling_group(**G, ForceDelete=True)

    assert group.look() == {}
    assert group.power() == []


def test_a_suspended_launch_launches_nothing_until_it_is_resumed(group: ScalingGroup) -> None:
    group.scaling.suspend_processes(**G, ScalingProcesses=["Launch"])
    group.scaling.set_desired_capacity(**G, DesiredCapacity=3)
    assert len(group.ids()) == 2

    group.scaling.resume_processes(**G, ScalingProcesses=["Launch"])
    assert len(group.ids()) == 3


def test_a_suspended_terminate_ends_nothing(group: ScalingGroup) -> None:
    group.scaling.suspend_processes(**G, ScalingProcesses=["Terminate"])
    group.scaling.set_desired_capacity(**G, DesiredCapacity=1)

    assert len(group.ids()) == 2


def test_members_are_spread_over_the_subnets_and_carry_the_tags(group: ScalingGroup) -> None:
    found = group.ec2.describe_instances(InstanceIds=group.ids())["Reservations"]
    instances = [one for r in found for one in r["Instances"]]

    assert sorted(one["SubnetId"] for one in instances) == ["subnet-42a", "subnet-42b"]
    tags = {tag["Key"]: tag["Value"] for tag in instances[0]["Tags"]}
    assert tags["Environment"] == "c50"
    assert tags["aws:autoscaling:groupName"] == NAME


def test_old_accounts_may_have_launch_configurations(aws: AwsForTests) -> None:
    aws.controls.settings(launch_configurations=True)

    aws.client("autoscaling", ACCOUNT).create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-1", InstanceType="t3.micro"
    )


def test_notifications_are_kept_by_group_and_topic_and_go_with_the_group(
    group: ScalingGroup,
) -> None:
    topic = "arn:aws:sns:eu-west-1:000000000042:InfraAsgLambdaScale"
    types = ["autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_TERMINATE"]
    group.scaling.put_notification_configuration(**G, TopicARN=topic, NotificationTypes=types)
    found = group.scaling.describe_notification_configurations(AutoScalingGroupNames=[NAME])

    assert [one["NotificationType"] for one in found["NotificationConfigurations"]] == types
    group.scaling.delete_auto_scaling_group(**G, ForceDelete=True)
    assert group.scaling.describe_notification_configurations()["NotificationConfigurations"] == []


@pytest.mark.parametrize(
    ("names", "because"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, "image"),
        ({"KeyName": "nobody"}, "key pair"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "security group"),
        ({"IamInstanceProfile": {"Name": "roleOfNobody"}}, "Profile"),
    ],
)
def test_a_template_names_only_what_exists(
    group: ScalingGroup, names: dict[str, Any], because: str
) -> None:
    group.ec2.create_launch_template_version(
        LaunchTemplateId=group.template,
        LaunchTemplateData={**group.template_data("m6i.large"), **names},
    )

    with pytest.raises(ClientError, match=f"fully-formed launch template.*{because}"):
        group.create("other")


def test_a_hook_is_shown_as_it_was_put(group: ScalingGroup) -> None:
    group.scaling.put_lifecycle_hook(**HOOK, HeartbeatTimeout=180, DefaultResult="CONTINUE")
    hook = group.scaling.describe_lifecycle_hooks(AutoScalingGroupName=NAME)["LifecycleHooks"][0]

    assert hook == {
        "AutoScalingGroupName": NAME,
        "DefaultResult": "CONTINUE",
        "GlobalTimeout": 172800,
        "HeartbeatTimeout": 180,
        "LifecycleHookName": "10min-draining",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    }
