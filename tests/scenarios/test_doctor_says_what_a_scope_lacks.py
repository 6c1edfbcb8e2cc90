"""Doctor names what lacks and what mends it, and changes nothing.

Covers: engine.queries.doctor.account, engine.queries.doctor.checks, engine.queries.doctor.report.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.sandbox.seed import seed
from tests.support.command_line import commands_in, envctl, use_settings
from tests.support.embedded_aws import AwsForTests
from tests.support.told import Told

FLEET_FOLDER = Path(__file__).parents[2] / "examples" / "fleet"
STAGING, SCOPE = "012345670123", "staging-eu/eu-west-1"


@pytest.fixture
def installed(aws: AwsForTests, tmp_path: Path) -> Iterator[AwsForTests]:
    """The example fleet in its accounts: tables applied, accounts looked at alone."""
    seed(aws.address, fleet=FLEET_FOLDER)
    settings = (
        f"source: {{folder: {FLEET_FOLDER}}}\n"
        "targets: {groups: enforce, power: enforce, scaling-schedules: observe}\n"
    )
    with commands_in(aws, tmp_path, settings):
        assert envctl("bootstrap").code == 0
        assert envctl("apply", "--scope", "config", "--yes").code == 0
        yield aws


def _doctor(*arguments: str) -> tuple[int, list[dict[str, Any]]]:
    ended = envctl("doctor", *arguments, "--format", "json")
    checks: list[dict[str, Any]] = ended.json["checks"]
    assert ended.json["exitCode"] == ended.code
    return ended.code, checks


def _of(checks: list[dict[str, Any]], of: str, where: str = SCOPE) -> list[tuple[str, str, str]]:
    return [
        (one["health"], one["what"], one["fix"])
        for one in checks
        if (one["of"], one["where"]) == (of, where)
    ]


def test_where_nothing_lacks_it_says_so_and_writes_nothing(installed: AwsForTests) -> None:
    before = installed.client("dynamodb").scan(TableName="EnvctlState")["Items"]

    code, checks = _doctor()

    assert [one for one in checks if one["health"] not in ("ok", "not probed")] == []
    assert code == 0
    assert {one["where"] for one in checks} == {
        "installation",
        "config",
        "prod-eu/eu-west-1",
        SCOPE,
    }
    tried, untried = _of(checks, "permissions")
    assert tried[0] == "ok"
    assert "autoscaling:CreateAutoScalingGroup" in untried[1]
    assert "ec2:StopInstances" in untried[1], "there is no instance yet to ask about"
    assert installed.client("dynamodb").scan(TableName="EnvctlState")["Items"] == before
    assert installed.client("ec2", STAGING).describe_launch_templates()["LaunchTemplates"] == []


@pytest.mark.tells("controller/aws/child_role.py", "deploy-template")
@pytest.mark.tells("controller/engine/live/observe.py", "doctor")
def test_a_role_that_does_not_trust_the_controller(installed: AwsForTests, told: Told) -> None:
    iam = installed.client("iam", STAGING)
    nobody = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}'
    iam.update_assume_role_policy(
        RoleName="roleInfraEnvironmentManagerChild", PolicyDocument=nobody
    )

    code, checks = _doctor("staging-eu")
    planned = envctl("plan", "--scope", SCOPE, "--expand").out

    (health, what, fix) = _of(checks, "assume role")[0]
    assert (code, health) == (7, "lacks")
    assert "does not trust the controller, or asks for another external id" in what
    assert (
        "envctl deploy-template child > child.yaml && aws cloudformation deploy --stack-name envctl-child --template-file child.yaml"
        " --capabilities CAPABILITY_NAMED_IAM --parameter-overrides MasterRoleArns=arn:aws:iam::123456789012:role/ROLE_OF_ENVCTL"
        f' InstanceRoleArns=arn:aws:iam::{STAGING}:role/ROLES_OF_INSTANCES ExternalId="$EXTERNAL_ID"'
    ) in fix.splitlines()
    assert "externalId" in fix
    assert "assume role" in told.types(planned, "doctor").out
    template = yaml.load(told.types(fix, "deploy-template child").out, yaml.BaseLoader)
    assert {"MasterRoleArns", "InstanceRoleArns", "ExternalId"} <= template["Parameters"].keys()
    assert _of(checks, "permissions") == [], "what cannot be reached is not asked"
    assert {one["where"] for one in checks} == {"installation", SCOPE}


def test_an_external_id_that_leads_nowhere(installed: AwsForTests) -> None:
    installed.client("secretsmanager").delete_secret(
        SecretId="envctl/external-ids", ForceDeleteWithoutRecovery=True
    )

    code, checks = _doctor(STAGING)

    assert code == 7
    assert [one[0] for one in _of(checks, "external id")] == ["lacks"]


def test_a_permission_and_what_groups_and_replicas_need(
    installed: AwsForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_TARGETS_REPLICAS", "observe")
    ec2 = installed.client("ec2", STAGING)
    pairs = [one["KeyName"] for one in ec2.describe_key_pairs()["KeyPairs"]]
    for name in pairs:
        ec2.delete_key_pair(KeyName=name)
    installed.controls.fail_next(
        "DescribeLifecycleHooks", "AccessDenied", account=STAGING, times=None
    )

    code, checks = _doctor(SCOPE)

    denied = [one for one in _of(checks, "permissions") if one[0] == "lacks"]
    assert code == 7
    assert ["DescribeLifecycleHooks" in one[1] for one in denied] == [True]
    assert "allow DescribeLifecycleHooks in that role's policy" in denied[0][2]
    lacking = [one for one in _of(checks, "groups") if one[0] == "lacks"]
    assert any(name in one[1] for one in lacking for name in pairs)
    ((health, what, fix),) = _of(checks, "look at replicas")
    assert (health, "has no table" in what) == ("lacks", True)
    assert "aws dynamodb create-table" in fix


@pytest.mark.slow
def test_a_region_that_does_not_answer_is_unknown_not_lacking(installed: AwsForTests) -> None:
    installed.controls.fail_next(
        "DescribeAutoScalingGroups", "ServiceUnavailable", account=STAGING, times=None
    )

    code, checks = _doctor(SCOPE)

    assert code == 5
    assert "unknown" in [one[0] for one in _of(checks, "permissions")]
    assert [one[0] for one in _of(checks, "look")] == ["unknown"]


@pytest.mark.slow
@pytest.mark.tells("controller/engine/queries/doctor/checks.py", "bootstrap --upgrade")
def test_a_table_that_is_not_as_defined_and_a_scope_that_is_none(
    installed: AwsForTests, told: Told
) -> None:
    installed.client("dynamodb").update_table(
        TableName="EnvctlConfig", DeletionProtectionEnabled=False
    )

    code, checks = _doctor("config")
    ended = envctl("doctor", "staging-us")

    assert code == 7
    assert _of(checks, "tables", "installation") == [
        (
            "lacks",
            "EnvctlConfig: deletion protection: wanted on, found off",
            "envctl bootstrap --upgrade",
        )
    ]
    assert ended.code == 64
    assert f"choose from config, prod-eu/eu-west-1, {SCOPE}" in ended.err
    shown = envctl("doctor", "config").out
    assert "mended   EnvctlConfig" in told.types(shown, "bootstrap --upgrade").out
    assert envctl("doctor", "config").code == 0


@pytest.mark.slow
def test_instances_are_asked_about_without_switching_any(installed: AwsForTests) -> None:
    ec2 = installed.client("ec2", STAGING)
    launched = {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1}
    ec2.run_instances(**launched)
    _, checks = _doctor(SCOPE)
    untried = [one[1] for one in _of(checks, "permissions") if one[0] == "not probed"]
    assert "ec2:StopInstances" in untried[0], "the role may not switch what is of no environment"

    tags = [{"ResourceType": "instance", "Tags": [{"Key": "environment", "Value": "c50"}]}]
    made = ec2.run_instances(**launched, TagSpecifications=tags)["Instances"][0]

    _, checks = _doctor(SCOPE)

    untried = [one[1] for one in _of(checks, "permissions") if one[0] == "not probed"]
    assert "ec2:StopInstances" not in untried[0]
    found = ec2.describe_instances(InstanceIds=[made["InstanceId"]])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"


def test_settings_that_are_wrong_are_a_finding(
    aws: AwsForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_settings(tmp_path, monkeypatch, "regoin: eu-west-1\n")

    ended = envctl("doctor")

    assert ended.code == 7
    assert "did you mean" in ended.out
