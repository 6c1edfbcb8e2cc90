"""docs/how-to/adopt-an-estate.md, done word by word on an old estate with groups as the old product made them, and back at each step.

Covers: engine.authoring.import_fleet.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import Ended, commands_in, envctl
from tests.support.embedded_aws import AwsForTests
from tests.support.old_installation import (
    ACCOUNT,
    GROUPS,
    NEEDS,
    OLD,
    make_groups,
    put_tables,
    read_by_others,
)

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs/how-to/adopt-an-estate.md").read_text()
BLOCKS = [line.strip() for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) for line in block.strip().splitlines()]  # fmt: skip
SCOPE = "prod-eu/eu-west-1"
COMPATIBILITY = "compatibility: environment-manager"
ENFORCE = "targets: {groups: enforce, scaling-schedules: enforce}"
"""Both as the page has them."""
LEFT_TO_TYPE = (
    "envctl plan --scope ACCOUNT/REGION --adopt",
    "envctl apply --scope ACCOUNT/REGION --adopt",
    "envctl doctor ACCOUNT",
    "targets: {power: observe}",
    ENFORCE,
    COMPATIBILITY,
)


class Administrator:
    """Somebody with an old estate, who follows the page in a folder."""

    def __init__(self, aws: AwsForTests, folder: Path) -> None:
        self.folder, self.dynamodb = folder, aws.client("dynamodb")
        self.ec2, self.scaling = aws.client("ec2", ACCOUNT), aws.client("autoscaling", ACCOUNT)
        put_tables(self.dynamodb)
        make_groups(self.ec2, self.scaling)

    def settle(self, *lines: str) -> None:
        text = "\n".join((COMPATIBILITY, *lines))
        (self.folder / "envctl.yaml").write_text(text, encoding="utf-8")

    def items(self) -> dict[str, list[str]]:
        """Return what the old product has, but for its audit, where we write beside it."""
        return {
            name: sorted(map(str, self.dynamodb.scan(TableName=name)["Items"]))
            for name in OLD
            if name != "InfraChangeAudit"
        }

    def running(self) -> Any:
        """Return every instance with its launch and state, and each group's sizes, members and what others say of it."""
        instances = {
            one["InstanceId"]: (one["LaunchTime"], one["State"]["Name"], one["ImageId"])
            for each in self.ec2.describe_instances()["Reservations"]
            for one in each["Instances"]
        }
        assert len(instances) == 2 * len(GROUPS)
        groups = {
            one["AutoScalingGroupName"]: (
                one["MinSize"], one["DesiredCapacity"], one["MaxSize"], one["VPCZoneIdentifier"],
                sorted((each["InstanceId"], each["LifecycleState"]) for each in one["Instances"]),
                sorted((tag["Key"], tag["Value"]) for tag in one["Tags"] if not tag["Key"].startswith("envctl:")),
            )
            for one in self.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        }  # fmt: skip
        return instances, groups

    def user_data(self) -> dict[str, str]:
        """Return what new instances of each group would get, as it is sent."""
        found = {}
        for one in self.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            if "LaunchConfigurationName" in one:
                named = [one["LaunchConfigurationName"]]
                (data,) = self.scaling.describe_launch_configurations(LaunchConfigurationNames=named)["LaunchConfigurations"]  # fmt: skip
            else:
                version = one["LaunchTemplate"]
                (template,) = self.ec2.describe_launch_template_versions(
                    LaunchTemplateId=version["LaunchTemplateId"], Versions=[version["Version"]]
                )["LaunchTemplateVersions"]
                data = template["LaunchTemplateData"]
            found[one["AutoScalingGroupName"]] = data["UserData"]
        return found

    def give_launch_configurations_back(self) -> None:
        for name in GROUPS:
            self.scaling.update_auto_scaling_group(
                AutoScalingGroupName=name, LaunchConfigurationName=f"LaunchConfig_{name}"
            )

    def old_page_saves(self, version: int) -> None:
        """Change a description as the old product does: by the version that it read, and one more."""
        self.dynamodb.update_item(
            TableName="ConfigEnvironments",
            Key={"EnvironmentName": {"S": "c52"}},
            UpdateExpression="SET #v.Description = :d, Audit.Version = (Audit.Version + :one)",
            ConditionExpression="Audit.Version = :version",
            ExpressionAttributeNames={"#v": "Value"},
            ExpressionAttributeValues={
                ":d": {"S": "by the old page"}, ":one": {"N": "1"}, ":version": {"N": str(version)},
            },
        )  # fmt: skip


def typed(command: str, *more: object) -> Ended:
    """Type a command of the page, with what stands in capitals there filled in."""
    words = command.replace("ACCOUNT/REGION", SCOPE).replace("ACCOUNT", "prod-eu").split()
    assert words[0] == "envctl"
    return envctl(*words[1:], *more)


def in_git(command: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=ada", "-c", "user.email=ada@acme.example", *re.findall(r'"[^"]+"|\S+', command)[1:]],
        check=True, capture_output=True,
    )  # fmt: skip


def changes(planned: Ended) -> list[dict[str, Any]]:
    return [one for scope in planned.json["scopes"] for one in scope["changes"]]


@pytest.fixture
def administrator(
    aws: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Administrator]:
    aws.controls.send("accounts", {"accounts": [NEEDS]})
    aws.controls.settings(launch_configurations=True)
    monkeypatch.chdir(tmp_path)
    made = Administrator(aws, tmp_path)
    with commands_in(aws, tmp_path, COMPATIBILITY):
        yield made


def test_every_step_up_to_enforcing_changes_nothing_and_is_gone_back(
    administrator: Administrator,
) -> None:
    for text in LEFT_TO_TYPE:
        assert text in " ".join(PAGE.split()), text
    running, user_data = administrator.running(), administrator.user_data()

    transaction = tables_are_taken_over(administrator)
    read = read_by_others(administrator.dynamodb)
    assert administrator.running() == running
    the_old_product_goes_on(administrator, transaction)

    # 7: the account, with the same text to the byte for whatever is launched from now on.
    administrator.settle(ENFORCE)
    lacking = [one for one in typed("envctl doctor ACCOUNT").out.splitlines() if "lacks  " in one]
    assert [line.split()[1] for line in lacking] == ["source"], "each command here names it"
    shown = typed("envctl plan --scope ACCOUNT/REGION --adopt").out
    assert f"Next: envctl plan --scope {SCOPE} --adopt " in shown
    planned = typed("envctl plan --scope ACCOUNT/REGION --adopt", "--format", "json")
    assert {one["key"].rpartition("/")[2] for one in changes(planned)} == set(GROUPS)
    account_is_taken_over(administrator)
    assert (administrator.running(), administrator.user_data()) == (running, user_data)

    # Back from 7, and on again.
    administrator.settle()
    administrator.give_launch_configurations_back()
    assert (administrator.running(), administrator.user_data()) == (running, user_data)
    administrator.settle(ENFORCE)
    account_is_taken_over(administrator)

    # 8: nothing is switched, as all is as its schedule says; and back.
    for power in ("observe", "enforce", "observe"):
        administrator.settle(ENFORCE.replace("}", f", power: {power}}}"))
        assert changes(envctl("plan", "--source", "fleet", "--format", "json")) == []
        assert envctl("apply", "--source", "fleet", "--yes").code == 0
    assert (administrator.running(), administrator.user_data()) == (running, user_data)
    assert read_by_others(administrator.dynamodb) == read

    # 9: what the old function wrote before is found.
    listed = envctl("audit", "list", "--entity", "Service/Basket", "--format", "json").json
    assert listed["records"][-1]["at"] == "2017-05-04T10:11:12.345Z"


def tables_are_taken_over(administrator: Administrator) -> str:
    """Do steps 2 to 6; return the transaction."""
    bootstrap, import_, validate, *of_git, plan, apply = BLOCKS
    items = administrator.items()
    assert typed(bootstrap).code == 0
    assert typed(import_).code == 0
    read = read_by_others(administrator.dynamodb)
    templates = sorted(path.name for path in Path("fleet/templates").iterdir())
    assert templates == ["web-linux.yaml", "web-windows.yaml"], "one for each platform of the map"
    assert typed(validate).code == 0
    for command in of_git:
        in_git(command)

    shown = typed(plan)
    assert shown.code == 3
    refused = typed(apply, "--yes", "--format", "json")
    assert refused.code == 3
    assert administrator.items() == items, "what would change waits for its own word"
    (violation,) = refused.json["plan"]["scopes"][0]["violations"]
    (approving,) = re.findall(r"envctl apply .*--approve \S+", shown.out)
    assert approving == f"{apply} --approve {violation['token']}", "the line it prints"
    adopted = typed(approving, "--yes", "--format", "json")
    assert adopted.code == 0
    assert changes(envctl("plan", "--source", "fleet", "--format", "json")) == []
    after = read_by_others(administrator.dynamodb)
    assert {name for name, said in read.items() if said != after[name]} == set(violation["counted"])
    return str(adopted.json["transaction"])


def the_old_product_goes_on(administrator: Administrator, transaction: str) -> None:
    """Go back from 6: no rollback deletes what was there before, and the old product writes as ever. Then heal what it wrote."""
    read = read_by_others(administrator.dynamodb)
    envctl("rollback", transaction, "--yes")
    assert read_by_others(administrator.dynamodb) == read
    administrator.old_page_saves(version=2)
    drifted = changes(envctl("plan", "--source", "fleet", "--format", "json"))
    assert [(one["kind"], one["key"]) for one in drifted] == [("Environment", "c52")]
    assert envctl("apply", "--source", "fleet", "--scope", "config", "--yes").code == 0


def account_is_taken_over(administrator: Administrator) -> None:
    running = administrator.running()
    assert typed("envctl apply --scope ACCOUNT/REGION --adopt", "--yes").code == 0
    deep = typed("envctl plan --scope ACCOUNT/REGION --adopt", "--deep", "--format", "json")
    assert changes(deep) == []
    assert administrator.running() == running
