"""The commands that deploy templates: what settings say is filled in, and the templates take it."""

import shlex
from typing import Any

import pytest

from controller.aws.child_role import TEMPLATE as CHILD_TEMPLATE
from controller.aws.deploy_templates import deploy_child_command, deploy_master_command
from controller.settings import Settings
from tests.support.iam_policies import ACCOUNT, Stack, read_template
from tests.support.master_stack import BREAK_GLASS, ROOT, master_template

FILLED_IN = {
    "ARN_OF_BREAK_GLASS_ROLE": BREAK_GLASS,
    "VPC": "vpc-1",
    "SUBNET,SUBNET": "subnet-1,subnet-2",
    "WHO_MAY_REACH_IT": "10.0.0.0/8",
    "CERTIFICATE": f"arn:aws:acm:eu-west-1:{ACCOUNT}:certificate/1",
    "ARN_OF_THE_ROLE_OF_ENVCTL": "arn:aws:iam::123456789012:role/envctl",
    "ARNS_OF_ROLES_OF_INSTANCES": f"arn:aws:iam::{ACCOUNT}:role/roleTango*",
    "EXTERNAL_ID": "x1",
}
SETTINGS = {
    "region": "us-east-2",
    "resourcePrefix": "acme-",
    "allowedRoleNames": ["ours", "roleInfraEnvironmentManagerChild"],
    "allowedSecrets": ["secretsmanager://envctl/", "secretsmanager://ids"],
    "snapshots": {"bucket": "ours", "copyTo": {"bucket": "copies"}},
    "source": {"s3": {"bucket": "fleet"}},
}


def given(command: str) -> dict[str, str]:
    words = shlex.split(command)
    return dict(word.split("=", 1) for word in words[words.index("--parameter-overrides") + 1 :])


def filled_in(parameters: dict[str, str]) -> dict[str, str]:
    return {name: FILLED_IN.get(value, value) for name, value in parameters.items()}


@pytest.mark.parametrize("settings", [{}, SETTINGS])
def test_the_template_takes_the_command_once_it_is_filled_in(settings: dict[str, Any]) -> None:
    parameters = given(deploy_master_command(Settings.model_validate(settings)))

    assert Stack(master_template(), filled_in(parameters)).statements()


def test_what_settings_say_is_filled_in() -> None:
    command = deploy_master_command(Settings.model_validate(SETTINGS))

    assert " --region us-east-2 " in command
    parameters = given(command)
    assert parameters["TablePrefix"] == "acme-"
    assert parameters["CopyBucket"] == "copies"
    assert parameters["SourceBucket"] == "fleet"
    assert parameters["ChildRoleArns"].split(",") == [
        "arn:aws:iam::*:role/ours",
        "arn:aws:iam::*:role/roleInfraEnvironmentManagerChild",
    ]
    assert parameters["SecretArns"].split(",") == [
        "arn:aws:secretsmanager:*:*:secret:envctl/*",
        "arn:aws:secretsmanager:*:*:secret:ids-??????",
    ]


def test_secrets_of_the_settings_themselves_may_be_read() -> None:
    settings = {
        "allowedSecrets": ["secretsmanager://envctl/"],
        "notify": {"webhook": "secretsmanager://chat/hook#address"},
        "http": {"credentials": "secretsmanager://tokens"},
        "source": {"git": {"url": "https://git.example/f", "credentials": "secretsmanager://git"}},
    }
    parameters = given(deploy_master_command(Settings.model_validate(settings)))

    assert [arn.rpartition("secret:")[2] for arn in parameters["SecretArns"].split(",")] == [
        "envctl/*",
        "chat/hook-??????",
        "tokens-??????",
        "git-??????",
    ]


def test_what_settings_do_not_say_is_left_to_the_template() -> None:
    assert {"TablePrefix", "CopyBucket", "SourceBucket", "Release"}.isdisjoint(
        given(deploy_master_command(Settings()))
    )


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_arns_are_of_the_partition_of_the_region(region: str, partition: str) -> None:
    parameters = given(deploy_master_command(Settings(region=region)))

    assert parameters["ChildRoleArns"].split(":")[1] == partition
    assert parameters["SecretArns"].split(":")[1] == partition


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, {}),
        ({"targets": {"replicas": "observe"}}, {"CopiesOfTables": "true"}),
        (
            {"resourcePrefix": "acme-", "targets": {"replicas": "enforce"}},
            {"CopiesOfTables": "true", "TablePrefix": "acme-"},
        ),
        ({"resourcePrefix": "acme-"}, {}),
        ({"allowedRoleNames": ["ours"]}, {"RoleName": "ours"}),
        ({"live": {"tagKeys": {"Environment": "env"}}}, {"UntaggedInstances": "true"}),
    ],
)
def test_the_role_in_accounts_is_as_settings_need_it(
    settings: dict[str, Any], more: dict[str, str]
) -> None:
    parameters = given(deploy_child_command(Settings.model_validate(settings)))

    for_somebody_to_say = {"MasterRoleArns", "InstanceRoleArns", "ExternalId"}
    assert {key: value for key, value in parameters.items() if key not in for_somebody_to_say} == more  # fmt: skip
    assert Stack(read_template(ROOT / "deploy" / CHILD_TEMPLATE), filled_in(parameters)).trust()
