"""Groups that existed before, of launch configurations, are taken over when that is asked for, and only then."""

import pytest

from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import ACCOUNT, REGION, LiveAccount, changes, failures, notes

WEB = "c50-ta-Web"


@pytest.fixture
def old(aws: AwsForTests) -> LiveAccount:
    """A group as the old product made it."""
    account = LiveAccount(aws)
    aws.controls.settings(launch_configurations=True)
    scaling, ec2 = account.client("autoscaling"), account.client("ec2")
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["web-1.4.2"]}])["Images"][0]
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["sgRoleTangoWeb", "sgOSLinux"]}]
    )["SecurityGroups"]
    scaling.create_launch_configuration(
        LaunchConfigurationName=f"LaunchConfig_{WEB}",
        ImageId=image["ImageId"],
        InstanceType="m6i.large",
        KeyName="tango",
        IamInstanceProfile="roleTangoWeb",
        SecurityGroups=[one["GroupId"] for one in groups],
        AssociatePublicIpAddress=False,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50, "VolumeType": "gp2"}},
            {
                "DeviceName": "/dev/sda2",
                "Ebs": {"VolumeSize": 10, "VolumeType": "gp2", "Encrypted": True},
            },
        ],
        InstanceMonitoring={"Enabled": False},
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=WEB,
        LaunchConfigurationName=f"LaunchConfig_{WEB}",
        MinSize=1,
        DesiredCapacity=2,
        MaxSize=4,
        VPCZoneIdentifier="subnet-1a,subnet-1b",
        Tags=[{"Key": "Environment", "Value": "c50", "PropagateAtLaunch": True}],
    )
    return account


def test_without_being_asked_it_is_only_reported(old: LiveAccount) -> None:
    old.change(
        "EnvironmentType",
        "Staging",
        subnets={"PrivateApp": {"availabilityZoneA": "subnet-x", "availabilityZoneB": "subnet-y"}},
    )
    calls: list[str] = []
    events = old.aws.client_of_controller("ec2", ACCOUNT, REGION).meta.events
    events.register("before-call", lambda model, **_: calls.append(model.name), unique_id="count")
    plan = old.plan()
    events.unregister("before-call", unique_id="count")
    assert calls == ["DescribeInstances"]
    assert changes(plan) == []
    assert notes(plan) == [f"unmanaged {WEB}: exists without our mark: --adopt takes it over"]


def test_it_is_moved_to_a_template_and_its_instances_stay(old: LiveAccount) -> None:
    before = {one["InstanceId"] for one in old.group()["Instances"]}
    (line,) = changes(old.plan(deep=True, adopt=True))
    assert line.startswith(f"update Group/{WEB} adopted: ")
    assert "template" in line
    assert not {"imageId", "securityGroups", "volumes"} & set(line.replace(",", "").split())

    assert failures(old.apply(deep=True, adopt=True)) == []

    group = old.group()
    assert group["LaunchTemplate"]["Version"] == "1"
    assert {one["InstanceId"] for one in group["Instances"]} == before
    assert old.tags()["OwningTeam"] == "Tango"
    assert changes(old.plan()) == []
    assert changes(old.plan(deep=True)) == []


def test_a_group_of_another_installation_is_left(old: LiveAccount) -> None:
    tag = {"ResourceId": WEB, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    old.client("autoscaling").create_or_update_tags(
        Tags=[{**tag, "Key": "envctl:id", "Value": "of-somebody-else"}]
    )
    plan = old.plan(deep=True, adopt=True)
    assert changes(plan) == []
    assert any("another installation" in note for note in notes(plan))
