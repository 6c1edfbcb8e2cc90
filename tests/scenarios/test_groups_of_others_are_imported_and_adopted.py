"""An account whose groups somebody else made is imported, adopted, and planned empty; no instance notices.

Covers: engine.authoring.import_fleet.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.sandbox.seed import CHILD_ROLE
from tests.support.command_line import Ended, commands_in, envctl
from tests.support.embedded_aws import AwsForTests
from tests.support.old_estate import role

ACCOUNT, REGION = "012345670123", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:InfraAsgLambdaScale"
PROFILES = ("roleTangoWeb", "roleTangoDb", "roleTangoApi", "byHand")
GROUPS = ("sgRoleTangoWeb", "sgRoleTangoDb", "sgRoleTangoApi", "sgOSLinux", "sgByHand")
SETTINGS = "targets: {groups: enforce, scaling-schedules: enforce, power: 'off'}\n"


VOLUMES = [{"Name": "OS", "Size": 50, "Type": "SSD"}, {"Name": "Data", "Size": 0}]
ROLES = [
    role("Web", Volumes=VOLUMES),
    role("Db", Volumes=VOLUMES),
    role("Api", Volumes=VOLUMES, FleetPerSlice=True),
]

ITEMS: list[tuple[str, dict[str, Any]]] = [
    (
        "InfraConfigAccounts",
        {
            "AccountName": "staging-eu",
            "AccountNumber": int(ACCOUNT),
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{CHILD_ROLE}",
        },
    ),
    ("InfraConfigClusters", {"ClusterName": "Tango", "Value": {"ShortName": "ta", "KeyPair": "tango"}}),
    (
        "ConfigEnvironmentTypes",
        {
            "EnvironmentType": "Staging",
            "Value": {
                "AWSAccountName": "staging-eu",
                "AWSAccountNumber": ACCOUNT,
                "VpcId": "vpc-1",
                "Subnets": {
                    "PrivateApp": {"AvailabilityZoneA": "subnet-a", "AvailabilityZoneB": "subnet-b"}
                },
            },
        },
    ),
    (
        "ConfigDeploymentMaps",
        {
            "DeploymentMapName": "web",
            "Value": {"DeploymentTarget": ROLES},
        },
    ),
    *(
        (table, {"EnvironmentName": name, "Value": value})
        for name in ("c50", "c51")
        for table, value in (
            (
                "ConfigEnvironments",
                {"EnvironmentType": "Staging", "OwningCluster": "Tango", "DeploymentMap": "web"},
            ),
            ("InfraOpsEnvironment", {"ScheduleAutomatically": False, "ManualScheduleUp": True}),
        )
    ),
]  # fmt: skip


class Others:
    """Whoever made the account, by whatever they had."""

    def __init__(self, aws: AwsForTests) -> None:
        """Furnish account and master."""
        self.scaling, self.ec2 = aws.client("autoscaling", ACCOUNT), aws.client("ec2", ACCOUNT)
        there = {
            "vpcs": {"vpc-1": {"subnet-a": "a", "subnet-b": "b"}},
            "security_groups": list(GROUPS),
            "images": ["web-1.0.0", "web-1.1.0"],
            "key_pairs": ["tango", "by-hand"],
            "topics": ["InfraAsgLambdaScale"],
        }
        needs = {
            "account": ACCOUNT, "role": CHILD_ROLE, "external_id": "", "regions": {REGION: there},
            "instance_profiles": list(PROFILES), "buckets": [], "secrets": {},
        }  # fmt: skip
        aws.controls.send("accounts", {"accounts": [needs]})
        aws.controls.settings(launch_configurations=True)

    def template_data(self, name: str, **more: Any) -> dict[str, Any]:
        """Return launch template data as the convention has it for a role, but for what is given."""
        named = [{"Name": "name", "Values": [more.pop("image", "web-1.0.0")]}]
        (image,) = self.ec2.describe_images(Owners=["self"], Filters=named)["Images"]
        wanted = more.pop("groups", (f"sgRoleTango{name}", "sgOSLinux"))
        groups = self.ec2.describe_security_groups()["SecurityGroups"]
        return {
            "ImageId": image["ImageId"],
            "InstanceType": "m3.medium",
            "KeyName": "tango",
            "IamInstanceProfile": {"Name": f"roleTango{name}"},
            "SecurityGroupIds": [one["GroupId"] for one in groups if one["GroupName"] in wanted],
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50, "VolumeType": "gp2"}}
            ],
            **more,
        }

    def make(self, name: str, role_name: str, *sizes: int, **template: Any) -> None:
        """Make a group with a launch template of its own."""
        made = self.ec2.create_launch_template(
            LaunchTemplateName=f"made-for-{name}",
            LaunchTemplateData=self.template_data(role_name, **template),
        )["LaunchTemplate"]
        low, desired, high = sizes
        tags = {
            "Environment": name[:3],
            "ContactEmail": "tango@acme.example",
            "SecurityZone": "Other",
        }
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateId": made["LaunchTemplateId"], "Version": "1"},
            MinSize=low,
            DesiredCapacity=desired,
            MaxSize=high,
            VPCZoneIdentifier="subnet-a,subnet-b",
            Tags=[
                {"Key": key, "Value": value, "PropagateAtLaunch": True}
                for key, value in tags.items()
            ],
        )

    def attach(self, name: str, minutes: int) -> None:
        """Give a group the hook, the notifications and the scheduled actions that the old product gives."""
        self.scaling.put_lifecycle_hook(
            AutoScalingGroupName=name,
            LifecycleHookName="10min-draining",
            LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
            HeartbeatTimeout=minutes * 60,
            DefaultResult="CONTINUE",
        )
        events = ["LAUNCH", "LAUNCH_ERROR", "TERMINATE", "TERMINATE_ERROR"]
        self.scaling.put_notification_configuration(
            AutoScalingGroupName=name,
            TopicARN=TOPIC,
            NotificationTypes=[f"autoscaling:EC2_INSTANCE_{event}" for event in events],
        )
        for number, (recurrence, size) in enumerate({"0 8 * * 1-5": 2, "0 19 * * 1-5": 1}.items()):
            self.scaling.put_scheduled_update_group_action(
                AutoScalingGroupName=name,
                ScheduledActionName=f"EM-Scheduled-Action-{number}",
                Recurrence=recurrence,
                DesiredCapacity=size,
            )

    def actions(self, group: str = "c50-ta-Web") -> dict[str, int]:
        """Return what AWS does to a group at times: recurrence -> desired capacity."""
        found = self.scaling.describe_scheduled_actions(AutoScalingGroupName=group)
        return {
            one["Recurrence"]: one["DesiredCapacity"]
            for one in found["ScheduledUpdateGroupActions"]
        }

    def instances(self) -> dict[str, Any]:
        """Return every instance with when it was launched and what state it is in."""
        found = self.ec2.describe_instances()["Reservations"]
        return {
            one["InstanceId"]: (one["LaunchTime"], one["State"]["Name"])
            for each in found
            for one in each["Instances"]
        }


@pytest.fixture
def others(aws: AwsForTests, tmp_path: Path) -> Iterator[Others]:
    """Tables and groups of somebody else, and an installation of ours that has done nothing yet."""
    made = Others(aws)
    with commands_in(aws, tmp_path, SETTINGS):
        assert envctl("bootstrap").code == 0
        for table, item in ITEMS:
            aws.client("dynamodb").put_item(TableName=table, Item=to_wire(item))
        for environment in ("c50", "c51"):
            made.make(f"{environment}-ta-Web", "Web", 1, 1, 2)
            made.attach(f"{environment}-ta-Web", minutes=10)
            made.make(f"{environment}-ta-Api-blue", "Api", 1, 1, 2)
        made.make(
            "c50-ta-Db", "Db", 2, 2, 3,
            image="web-1.1.0", groups=("sgByHand", "sgOSLinux"), KeyName="by-hand",
            IamInstanceProfile={"Name": "byHand"}, InstanceType="m3.large",
            UserData="UHVwcGV0Um9sZT1kYgo=",
        )  # fmt: skip
        made.make("c51-ta-Db", "Db", 1, 1, 2, UserData="IyEvYmluL3NoCmVjaG8gYzUxCg==")
        yield made


def test_from_groups_of_others_to_an_empty_plan_of_every_scope(
    others: Others, tmp_path: Path
) -> None:
    before, fleet = others.instances(), tmp_path / "fleet"
    imported = envctl("import", "--out", fleet)
    assert imported.code == 0, imported.err
    assert envctl("validate", fleet).code == 0

    # The account is taken over first; the next run goes in by what was applied.
    tables = envctl("apply", "--source", fleet, "--adopt", "--yes")
    assert (tables.code, "envctl apply" in tables.out) == (0, True)
    assert others.instances() == before
    adopting = changes(envctl("plan", "--source", fleet, "--adopt", "--format", "json"))
    live = [one for one in adopting if one["kind"] in ("Group", "ScalingSchedules")]
    assert len(live) == 8
    assert {(one["action"], one["cause"]) for one in live} == {("update", "adopted")}
    assert {one["path"].partition(".")[0] for group in live for one in group["fields"]} == {
        "actions", "instancesBehind", "rollout", "tags", "template",
    }  # fmt: skip
    applied = envctl("apply", "--source", fleet, "--adopt", "--yes")
    assert applied.code == 0, applied.out + applied.err

    for closely in ((), ("--deep",), ("--adopt",)):
        after = envctl("plan", "--source", fleet, *closely, "--format", "json")
        assert (after.code, changes(after)) == (0, [])
        assert [scope["unmanaged"] for scope in after.json["scopes"]] == [[], []]
    assert others.instances() == before
    assert others.actions() == {"0 8 * * 1-5": 2, "0 19 * * 1-5": 1}


@pytest.mark.slow
def test_what_groups_share_is_said_by_their_map_and_the_rest_where_it_differs(
    others: Others, tmp_path: Path
) -> None:
    del others
    assert envctl("import", "--out", tmp_path / "fleet").code == 0

    def lines(path: str) -> str:
        text = (tmp_path / "fleet" / path).read_text()
        return "\n".join(line for line in text.splitlines() if not line.startswith("#"))

    assert (
        lines("staging/c50/environment.yaml")
        == """apiVersion: envctl/v1
kind: Environment
metadata: {name: c50}
spec:
  roles:
    Web: {terminationDelay: 10}
    Db:
      ami: web-1.1.0
      instanceType: m3.large
      autoScalingSettings: {minCapacity: 2, desiredCapacity: 2, maxCapacity: 3}
      instanceProfileName: byHand
      securityGroups: [sgByHand]
      clusterKeyName: by-hand
      puppetRole: db
    Api: {slices: {blue: {}}}"""
    )
    assert "    Db: {userData: db}" in lines("staging/c51/environment.yaml")
    assert "    #!/bin/sh" in lines("templates/db.yaml")
    assert "    metadataTokens: default\n  roles:\n" in lines("maps/web.yaml")
    assert """    - serverRoleName: Web
      scalingSchedules:
        - {recurrence: "0 8 * * 1-5", desiredCapacity: 2}
        - {recurrence: "0 19 * * 1-5", desiredCapacity: 1}
      notifications: [{topic: InfraAsgLambdaScale}]
""" in lines("maps/web.yaml")


@pytest.mark.slow
def test_what_groups_of_others_do_at_times_is_left_while_the_groups_are(
    others: Others, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_TARGETS_GROUPS", "observe")
    assert envctl("import", "--out", tmp_path / "fleet").code == 0
    assert envctl("apply", "--source", tmp_path / "fleet", "--adopt", "--yes").code == 0

    adopting = envctl("apply", "--source", tmp_path / "fleet", "--adopt", "--yes")

    assert adopting.code == 7
    assert "c50-ta-Web does not carry our mark" in adopting.out + adopting.err
    actions = others.scaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]
    assert {one["ScheduledActionName"] for one in actions} == {
        "EM-Scheduled-Action-0",
        "EM-Scheduled-Action-1",
    }
    # Nor does the name of an action make it ours, where its group is not.
    others.scaling.put_scheduled_update_group_action(
        AutoScalingGroupName="c50-ta-Web",
        ScheduledActionName="envctl-of-another",
        Recurrence="0 6 * * *",
        DesiredCapacity=1,
    )
    looked = envctl("plan", "--source", tmp_path / "fleet", "--deep", "--format", "json")
    assert changes(looked) == []


@pytest.mark.slow
def test_an_account_that_cannot_be_looked_at_closely_is_told(
    others: Others, aws: AwsForTests, tmp_path: Path
) -> None:
    del others
    aws.controls.fail_next("DescribeLifecycleHooks", "AccessDenied", account=ACCOUNT, times=None)

    assert envctl("import", "--out", tmp_path / "fleet").code == 0

    notes = (tmp_path / "fleet/IMPORT-NOTES.md").read_text()
    assert "groups in staging-eu/eu-west-1 were not looked at closely" in notes
    assert (
        "Db: {autoScalingSettings: "
        in (tmp_path / "fleet/staging/c50/environment.yaml").read_text()
    )


@pytest.mark.slow
@pytest.mark.usefixtures("others")
def test_a_folder_that_holds_something_is_left_alone_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("mine")
    for_config = ("--out", tmp_path, "--scope", "config")

    refused = envctl("import", *for_config)
    forced = envctl("import", *for_config, "--force", "--format", "json")
    nowhere = envctl("import", "--out", tmp_path / "new", "--scope", "nowhere/eu-west-1")

    assert refused.code == 64
    assert "is not empty" in refused.err
    assert "mine.yaml" in forced.json["others"]
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert nowhere.code == 64


def changes(planned: Ended) -> list[dict[str, Any]]:
    """Return the changes of every scope of a plan."""
    return [one for scope in planned.json["scopes"] for one in scope["changes"]]
