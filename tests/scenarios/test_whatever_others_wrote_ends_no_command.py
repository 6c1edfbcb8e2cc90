"""Any item, row or tag may be garbage: each command says what is wrong and where, or goes on; none is a bug, none blocks the others."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from controller.aws.items import from_wire, to_wire
from tests.support.command_line import TEAMS, Ended, Fleet, commands_in, envctl, service
from tests.support.embedded_aws import AwsForTests
from tests.support.fleet_yaml import NUMBERS, account, environment, one_file
from tests.support.garbage import TAG_VALUES, damaged

Row = dict[str, Any]
REGION = "eu-west-1"
NUMBER = NUMBERS["staging-eu"]
MAP_AND_SCHEDULE = """apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roles:
    - {serverRoleName: Web, owningCluster: Tango, ami: web-1.4.2, contactEmailTag: a@b.example,
       autoScalingSettings: {minCapacity: 1, desiredCapacity: 3, maxCapacity: 6}}
---
apiVersion: envctl/v1
kind: Schedule
metadata: {name: office-hours}
spec: {timezone: Europe/London, periods: [{days: mon-fri, from: 08:00, to: 19:00}]}
"""
SETTINGS = """
source: {{folder: {folder}}}
live: {{parallelScopes: 1}}
targets: {{power: enforce, groups: observe}}
power: {{graceSeconds: 0}}
"""
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("override", "list"),
    ("plan",),
    ("explain", "c50"),
    ("explain", "Service/Search"),
    ("apply", "--yes"),
    ("doctor", "staging-eu"),
    ("audit", "list", "--entity", "Service/Search"),
    ("audit", "blame", "Service/Search"),
    ("audit", "state", "--at", "0s", "--format", "yaml"),
)
TAG_KEYS = (
    *("envctl:id", "envctl:digest", "envctl:deep", "envctl:image", "envctl:template"),
    *("envctl:schedule", "envctl:rollout", "envctl:refresh", "envctl:parked"),
    *(
        "envctl:override",
        "envctl:scaling-schedules",
        "Schedule",
        "Environment",
        "Role",
        "maintenance",
    ),
)
BUG = 70


@pytest.fixture
def lived_in(aws: AwsForTests, tmp_path: Path) -> Iterator[AwsForTests]:
    """An account with a group under power, an override in force, statuses, and records."""
    folder = tmp_path / "fleet"
    with commands_in(aws, tmp_path, SETTINGS.format(folder=folder)):
        assert envctl("bootstrap").code == 0
        estate = one_file(
            account(environment_type="Staging"),
            MAP_AND_SCHEDULE,
            environment("c50", kind="Staging", more=", schedule: office-hours"),
        )
        files = {"estate.yaml": estate, "search.yaml": service("Search", 40000, description="d")}
        Fleet(folder, {"teams.yaml": TEAMS}).has(files)
        assert envctl("apply", "--scope", "config", "--yes").code == 0
        _make_group(aws)
        assert envctl("apply", "--yes").code in (0, 7)
        reason = ("--until", "+2h", "--reason", "release night", "--yes")
        assert envctl("override", "c50", "schedule=on", *reason).code == 0
        assert envctl("override", "Service/Search", "description=x", *reason).code == 0
        assert envctl("apply", "--yes").code in (0, 7)
        aws.controls.send("keep", {})
        yield aws


def _make_group(aws: AwsForTests) -> None:
    ec2 = aws.client("ec2", NUMBER)
    image = ec2.register_image(Name="web-1.4.2", RootDeviceName="/dev/sda1", Architecture="x86_64")
    data = {"ImageId": image["ImageId"], "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    tags = {"Environment": "c50", "Role": "Web", "Schedule": ""}
    aws.client("autoscaling", NUMBER).create_auto_scaling_group(
        AutoScalingGroupName="c50-ta-Web",
        LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"},
        AvailabilityZones=[f"{REGION}a"],
        Tags=[
            {"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()
        ],
        MinSize=1,
        DesiredCapacity=3,
        MaxSize=6,
    )


class Vandal:
    """Damages an item, a row or a tag, and says what."""

    def __init__(self, aws: AwsForTests, seed: int) -> None:
        self.random = Random(seed)
        self.dynamodb = aws.client("dynamodb")
        self.scaling, self.ec2 = aws.client("autoscaling", NUMBER), aws.client("ec2", NUMBER)
        self.rows: list[tuple[str, frozenset[str], Row]] = []
        for table in self.dynamodb.list_tables()["TableNames"]:
            schema = self.dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
            keys = frozenset(key["AttributeName"] for key in schema)
            items = map(from_wire, self.dynamodb.scan(TableName=table)["Items"])
            # A ledger is long and mostly of one kind.
            self.rows += [(table, keys, item) for item in list(items)[-12:]]
        (group,) = self.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        self.group = group["AutoScalingGroupName"]
        self.instances = [member["InstanceId"] for member in group["Instances"]]

    def damages(self) -> str:
        if self.random.random() < 0.25:
            return self._a_tag()
        table, keys, row = self.random.choice(self.rows)
        worse = damaged(row, keys, self.random)
        self.dynamodb.put_item(TableName=table, Item=to_wire(worse))
        changed = {
            name: worse.get(name) for name in {*row, *worse} if row.get(name) != worse.get(name)
        }
        return f"{table} {[row[key] for key in sorted(keys)]}: {changed!r:.300}"

    def _a_tag(self) -> str:
        key, value = self.random.choice(TAG_KEYS), self.random.choice(TAG_VALUES)
        if self.random.random() < 0.5:
            whose = {"ResourceId": self.group, "ResourceType": "auto-scaling-group"}
            tag = {"Key": key, "Value": value, "PropagateAtLaunch": True, **whose}
            self.scaling.create_or_update_tags(Tags=[tag])
            return f"{self.group} {key}={value!r}"
        instance = self.random.choice(self.instances)
        self.ec2.create_tags(Resources=[instance], Tags=[{"Key": key, "Value": value}])
        return f"{instance} {key}={value!r}"


def walk(aws: AwsForTests, seed: int, steps: int) -> Iterator[tuple[str, tuple[str, ...], Ended]]:
    vandal = Vandal(aws, seed)
    for _ in range(steps):
        what = vandal.damages()
        for command in COMMANDS:
            yield what, command, envctl(*command)
        aws.controls.send("bring-back", {})


def is_bug(ended: Ended) -> bool:
    return ended.code == BUG or "Traceback" in ended.out + ended.err


def bugs(aws: AwsForTests, seed: int, steps: int) -> list[tuple[str, tuple[str, ...], str]]:
    return [
        (what, command, ended.err)
        for what, command, ended in walk(aws, seed, steps)
        if is_bug(ended)
    ]


@pytest.mark.slow
def test_whatever_is_damaged_no_command_is_a_bug(lived_in: AwsForTests) -> None:
    assert bugs(lived_in, seed=1, steps=4) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_a_walk_of_damages_finds_no_bug(lived_in: AwsForTests, seed: int) -> None:
    assert bugs(lived_in, seed, steps=10) == []
