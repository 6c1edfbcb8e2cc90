"""Tables are made by deploy/master.yaml or by `envctl bootstrap`: the same, and the other finds nothing to do."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.command_line import Fleet, envctl
from tests.support.master_stack import ROOT, master_stack

APART = {
    "CreationDateTime",
    "LatestStreamArn",
    "LatestStreamLabel",
    "TableId",
    "TableSizeBytes",
    "ItemCount",
}
BESIDE = {"PointInTimeRecoverySpecification", "ResourcePolicy", "StreamSpecification"}
"""Properties that are requests of their own, or spelled otherwise there."""


def make_tables_of_the_stack() -> None:
    """Do what CloudFormation does with the properties of the tables."""
    client: Any = boto3.client("dynamodb", "eu-west-1")
    stack = master_stack(TablePrefix="")
    for name in stack.made("AWS::DynamoDB::Table"):
        found = stack.properties(name)
        request = {key: value for key, value in found.items() if key not in BESIDE}
        if "StreamSpecification" in found:
            request["StreamSpecification"] = {"StreamEnabled": True, **found["StreamSpecification"]}
        client.create_table(**request)
        client.update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification=found["PointInTimeRecoverySpecification"],
        )


def tables() -> dict[str, Any]:
    """Return every table as AWS describes it, but for what is of one table alone."""
    client: Any = boto3.client("dynamodb", "eu-west-1")
    found = {}
    for name in client.list_tables()["TableNames"]:
        described = client.describe_table(TableName=name)["Table"]
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        shape = {key: value for key, value in described.items() if key not in APART}
        found[name] = {**shape, "recovery": recovery}
    return found


def test_bootstrap_finds_nothing_to_do_where_the_stack_made_them(moto: None, fleet: Fleet) -> None:
    make_tables_of_the_stack()

    first = envctl("bootstrap", "--format", "json").json
    again = envctl("bootstrap")

    assert first["created"] == []
    assert first["remaining"] == []
    assert again.out.startswith("nothing to do: 14 tables as they should be")


def test_either_makes_the_same(fleet: Fleet) -> None:
    with mock_aws():
        make_tables_of_the_stack()
        by_the_stack = tables()
    with mock_aws():
        assert envctl("bootstrap").code == 0
        by_bootstrap = tables()

    assert by_the_stack == by_bootstrap


def test_a_table_of_another_shape_is_told(moto: None, fleet: Fleet) -> None:
    make_tables_of_the_stack()
    client: Any = boto3.client("dynamodb", "eu-west-1")
    client.update_table(TableName="EnvctlState", DeletionProtectionEnabled=False)

    assert "EnvctlState: deletion protection: wanted on, found off" in envctl("bootstrap").out


@pytest.mark.parametrize("what", ["master", "child"])
def test_the_package_prints_a_template_and_the_command_that_deploys_it(
    what: str, fleet: Fleet
) -> None:
    printed = envctl("deploy-template", what)

    assert printed.out == (ROOT / "deploy" / f"{what}.yaml").read_text()
    assert f"--template-file {what}.yaml" in printed.err


def test_the_unit_is_printed_before_there_are_settings(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_CONFIG", "/nowhere/settings.yaml")

    assert envctl("deploy-template", "service").out == (ROOT / "deploy/envctl.service").read_text()
    assert envctl("deploy-template", "master").code == 64
