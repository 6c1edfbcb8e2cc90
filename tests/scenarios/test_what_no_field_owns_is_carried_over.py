"""What a launch template says and no field owns outlives taking over and every change after it; IMDSv2 is asked for."""

from typing import Any

import pytest

from tests.scenarios.test_tags_that_show_late import LOOKS, until_quiet
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, changes, failures, notes

WEB = "c50-ta-Web"
THEIRS: dict[str, Any] = {
    "Placement": {"Tenancy": "dedicated"},
    "CreditSpecification": {"CpuCredits": "unlimited"},
    "DisableApiStop": True,
    "InstanceMarketOptions": {"MarketType": "spot"},
    "TagSpecifications": [
        {"ResourceType": "volume", "Tags": [{"Key": "CostCentre", "Value": "42"}]}
    ],
}
SECOND = {"DeviceIndex": 1, "NetworkCardIndex": 1, "InterfaceType": "efa-only"}
"""A network interface besides."""


@pytest.fixture
def theirs(aws: AwsForTests) -> LiveAccount:
    """An account with a launch template that says more than a role can."""
    account = LiveAccount(aws)
    ec2 = account.client("ec2")
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["web-1.4.2"]}])["Images"][0]
    groups = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["sgRoleTangoWeb", "sgOSLinux"]}]
    )["SecurityGroups"]
    data_disk = {"VolumeSize": 10, "VolumeType": "gp2", "Encrypted": True, "KmsKeyId": "alias/data"}
    ec2.create_launch_template(
        LaunchTemplateName="theirs",
        LaunchTemplateData={
            **THEIRS,
            "ImageId": image["ImageId"],
            "InstanceType": "m6i.large",
            "KeyName": "tango",
            "IamInstanceProfile": {"Name": "roleTangoWeb"},
            "MetadataOptions": {"HttpPutResponseHopLimit": 2},
            "NetworkInterfaces": [
                {"DeviceIndex": 0, "Groups": [one["GroupId"] for one in groups]},
                SECOND,
            ],
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50, "VolumeType": "gp2"}},
                {"DeviceName": "/dev/sda2", "Ebs": data_disk},
            ],
        },
    )
    return account


def make(account: LiveAccount, **template: Any) -> None:
    """Make the group of the template."""
    account.client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=WEB,
        MinSize=1,
        DesiredCapacity=2,
        MaxSize=4,
        VPCZoneIdentifier="subnet-1a,subnet-1b",
        Tags=[{"Key": "Environment", "Value": "c50", "PropagateAtLaunch": True}],
        **template,
    )


def test_of_a_template_that_is_taken_over_only_fields_of_ours_change(theirs: LiveAccount) -> None:
    make(theirs, LaunchTemplate={"LaunchTemplateName": "theirs", "Version": "1"})
    (line,) = changes(theirs.plan(deep=True, adopt=True))
    assert "metadataTokens" in line, "the plan names what it would change"
    assert "volumes" not in line

    assert failures(theirs.apply(deep=True, adopt=True)) == []
    theirs.role(instanceType="m6i.xlarge")
    assert failures(theirs.apply()) == []

    template = theirs.template()
    assert template["InstanceType"] == "m6i.xlarge"
    assert {name: template.get(name) for name in THEIRS} == THEIRS
    assert template["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}
    assert template["BlockDeviceMappings"][1]["Ebs"]["KmsKeyId"] == "alias/data"
    assert template["NetworkInterfaces"][1] == SECOND
    assert changes(theirs.plan(deep=True)) == []


def test_what_a_template_said_is_there_still_where_its_group_was_deleted(
    theirs: LiveAccount,
) -> None:
    make(theirs, LaunchTemplate={"LaunchTemplateName": "theirs", "Version": "1"})
    theirs.apply(deep=True, adopt=True)
    scaling = theirs.client("autoscaling")
    scaling.delete_auto_scaling_group(AutoScalingGroupName=WEB, ForceDelete=True)
    theirs.role(instanceType="m6i.2xlarge")

    assert failures(theirs.apply()) == []

    template = theirs.template()
    assert template["InstanceType"] == "m6i.2xlarge"
    assert {name: template.get(name) for name in THEIRS} == THEIRS


def test_a_group_with_a_mixed_instances_policy_is_left_as_it_is(theirs: LiveAccount) -> None:
    named = {"LaunchTemplateSpecification": {"LaunchTemplateName": "theirs", "Version": "1"}}
    make(theirs, MixedInstancesPolicy={"LaunchTemplate": named})
    plan = theirs.plan(deep=True, adopt=True)
    assert changes(plan) == []
    assert any("mixed instances policy" in note for note in notes(plan))


def test_where_tokens_are_demanded_groups_are_made_and_changed(theirs: LiveAccount) -> None:
    theirs.aws.controls.settings(tokens_required=True)
    assert failures(theirs.apply()) == []
    assert theirs.template()["MetadataOptions"]["HttpTokens"] == "required"

    theirs.role(metadataTokens="optional")

    (failure,) = failures(theirs.apply())
    assert "You are not authorized to use launch template" in failure


def test_a_version_that_is_not_known_yet_is_waited_for(theirs: LiveAccount) -> None:
    theirs.aws.controls.delays(template=2)
    assert failures(theirs.apply()) == []
    theirs.role(instanceType="m6i.xlarge")
    assert failures(theirs.apply()) == []
    assert theirs.template()["InstanceType"] == "m6i.xlarge"


@pytest.mark.slow
def test_a_group_is_taken_over_once_though_its_marks_show_late(theirs: LiveAccount) -> None:
    make(theirs, LaunchTemplate={"LaunchTemplateName": "theirs", "Version": "1"})
    theirs.aws.controls.delays(tags=LOOKS)
    theirs.aws.controls.calls()

    assert failures(until_quiet(theirs, adopt=True)) == []

    made = theirs.aws.controls.calls()
    assert made["ec2.CreateLaunchTemplate"] == 1
    assert "ec2.CreateLaunchTemplateVersion" not in made
    assert made["autoscaling.UpdateAutoScalingGroup"] == 1
    assert "envctl:id" in theirs.tags()
