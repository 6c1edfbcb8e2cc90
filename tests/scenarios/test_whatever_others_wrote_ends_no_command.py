"""Any item, row or tag may be garbage: each command says what is wrong and where, or goes on; none is a bug, nothing of others is lost."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Rounded
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import DYNAMODB_CONTEXT
from moto import mock_aws

from controller.aws.items import from_wire
from tests.conftest import FAKE_ENVIRONMENT
from tests.support.command_line import TEAMS, Fleet, commands_with, envctl, service
from tests.support.fleet_yaml import MAP_AND_SCHEDULE, NUMBERS, account, environment, one_file
from tests.support.remembered_answers import RememberedAnswers, remembered_answers
from tests.support.vandal import Vandal

REGION = "eu-west-1"
NUMBER = NUMBERS["staging-eu"]
SETTINGS = """
source: {{folder: {folder}}}
live: {{parallelScopes: 1}}
targets: {{power: enforce, groups: observe}}
power: {{graceSeconds: 0, lookAgainSeconds: 0}}
snapshots: {{folder: {folder}-kept}}
"""
UNTIL = ("--until", "+2h", "--reason", "release night", "--yes")
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("override", "list"),
    ("plan",),
    ("explain", "c50"),
    ("doctor", "staging-eu"),
    ("apply", "--yes"),
    ("status",),
)
FURTHER: tuple[tuple[str, ...], ...] = (
    ("explain", "Service/Search"),
    ("audit", "list", "--entity", "Service/Search"),
    ("audit", "blame", "Service/Search"),
    ("audit", "state", "--at", "0s", "--format", "yaml"),
    ("plan", "--deep"),
    ("override", "c50", "schedule=off", *UNTIL),
    ("override", "release", "Service/Search", "--yes"),
    ("audit", "list"),
    ("audit", "verify", "--replay"),
    ("audit", "export", "--format", "proof"),
    ("audit", "recover", "config"),
    ("audit", "follow", "--once"),
    ("snapshot", "create", "--ledger"),
    ("snapshot", "diff", "latest"),
    ("restore", "latest", "--reason", "as it was", "--yes"),
    ("rollback", "--to", "1h", "--plan"),
    ("items", "export", "services"),
    ("schedule", "report"),
    ("status", "--look"),
    ("doctor",),
    ("bootstrap",),
)
"""One of these before them at each fifth step, in turn."""
FURTHER_EACH = 5
BUG = 70
OTHERS_GROUP = "c50-other-Tool"


@dataclass
class World:
    """An account with a group under power, an override in force, statuses and records; and things that others made beside them."""

    remembered: RememberedAnswers
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    def client(self, service: str, number: str = "") -> Any:
        """Return a client of an account, the master's for none."""
        if (service, number) not in self._clients:
            given: dict[str, Any] = {}
            if number:
                role = f"arn:aws:iam::{number}:role/somebody"
                found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="somebody")
                keys = found["Credentials"]
                given = {
                    "aws_access_key_id": keys["AccessKeyId"],
                    "aws_secret_access_key": keys["SecretAccessKey"],
                    "aws_session_token": keys["SessionToken"],
                }
            session: Any = boto3.Session(**given)
            self._clients[service, number] = session.client(service, REGION)
        return self._clients[service, number]

    def of_others(self) -> dict[str, Any]:
        """Return what others made, as it is: an item, a group, and an instance in none."""
        items = self.client("dynamodb").scan(TableName="InfraConfigServices")["Items"]
        groups = self.client("autoscaling", NUMBER).describe_auto_scaling_groups()
        found = self.client("ec2", NUMBER).describe_instances()["Reservations"]
        return {
            **{
                row["ServiceName"]: row
                for row in map(from_wire, items)
                if row["ServiceName"] == "Theirs"
            },
            **{
                group["AutoScalingGroupName"]: group
                for group in groups["AutoScalingGroups"]
                if group["AutoScalingGroupName"] == OTHERS_GROUP
            },
            **{
                one["InstanceId"]: (one["State"]["Name"], one.get("Tags"))
                for each in found
                for one in each["Instances"]
                if not any(tag["Value"].startswith("c50-ta") for tag in one.get("Tags", ()))
            },
        }


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # A number of many noughts is no trouble to DynamoDB; moto reads it with boto3's limit to 38 digits.
    monkeypatch.setitem(DYNAMODB_CONTEXT.traps, Rounded, False)
    folder = tmp_path / "fleet"
    settings = SETTINGS.format(folder=folder)
    with (
        mock_aws(),
        remembered_answers() as remembered,
        commands_with(FAKE_ENVIRONMENT, tmp_path, settings),
    ):
        made = World(remembered)
        assert envctl("bootstrap").code == 0
        estate = one_file(
            account(environment_type="Staging"),
            MAP_AND_SCHEDULE,
            environment("c50", kind="Staging", more=", schedule: office-hours"),
        )
        files = {"estate.yaml": estate, "search.yaml": service("Search", 40000, description="d")}
        Fleet(folder, {"teams.yaml": TEAMS}).has(files)
        assert envctl("apply", "--scope", "config", "--yes").code == 0
        _make_group(made, "c50-ta-Web", Environment="c50", Role="Web", Schedule="")
        _make_group(made, OTHERS_GROUP, Owner="somebody else")
        made.client("dynamodb").put_item(
            TableName="InfraConfigServices",
            Item={"ServiceName": {"S": "Theirs"}, "Value": {"M": {"Note": {"S": "by hand"}}}},
        )
        made.client("ec2", NUMBER).run_instances(ImageId=_image(made), MinCount=1, MaxCount=1)
        assert envctl("apply", "--yes").code in (0, 7)
        assert envctl("override", "c50", "schedule=on", *UNTIL).code == 0
        assert envctl("override", "Service/Search", "description=x", *UNTIL).code == 0
        assert envctl("apply", "--yes").code in (0, 7)
        assert envctl("snapshot", "create").code == 0
        remembered.keep()
        yield made


def _image(made: World) -> str:
    image: str = made.client("ec2", NUMBER).describe_images(Owners=["self"])["Images"][0]["ImageId"]
    return image


def _make_group(made: World, name: str, **tags: str) -> None:
    ec2, template = made.client("ec2", NUMBER), f"of-{name}"
    image = ec2.register_image(Name="web-1.4.2", RootDeviceName="/dev/sda1", Architecture="x86_64")
    data = {"ImageId": image["ImageId"], "InstanceType": "t3.micro"}
    ec2.create_launch_template(LaunchTemplateName=template, LaunchTemplateData=data)
    made.client("autoscaling", NUMBER).create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchTemplate={"LaunchTemplateName": template, "Version": "1"},
        AvailabilityZones=[f"{REGION}a"],
        Tags=[
            {"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()
        ],
        MinSize=1,
        DesiredCapacity=3,
        MaxSize=6,
    )


def wrong_in(world: World, seed: int, steps: int) -> Iterator[str]:
    """Yield what went wrong in a walk of damages, each to the same beginning."""
    # Each walk begins with others of them.
    further = cycle(FURTHER[seed % len(FURTHER) :] + FURTHER[: seed % len(FURTHER)])
    vandal = Vandal(world.client, NUMBER, Random(seed))
    for step in range(steps):
        what = f"seed {seed}, step {step}: {vandal.damages()}"
        before = world.of_others()
        for command in (*([next(further)] if step % FURTHER_EACH == 0 else ()), *COMMANDS):
            ended = envctl(*command)
            if ended.code == BUG or "Traceback" in ended.out + ended.err:
                yield f"{what}\n  {' '.join(command)}: {ended.err}"
        if world.of_others() != before:
            yield f"{what}\n  what others made was changed"
        world.remembered.bring_back()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_fifty_damages_find_no_bug_and_lose_nothing_of_others(world: World, seed: int) -> None:
    assert list(wrong_in(world, seed, steps=50)) == []
