"""deploy/child.yaml, evaluated: what the controller does is allowed, what whoever steals its credentials would like is not."""

from pathlib import Path
from typing import Any, Final

import pytest

from controller.aws.child_role import TEMPLATE
from tests.support.iam_policies import ACCOUNT, Call, Stack, allows, read_template

ROOT = Path(__file__).parents[3]
MASTER: Final = "123456789012"
ENVCTL: Final = f"arn:aws:iam::{MASTER}:role/automation/envctl"
PARAMETERS: Final = {
    "MasterRoleArns": f"{ENVCTL},arn:aws:iam::{MASTER}:role/operators",
    "ExternalId": "a-secret",
    "InstanceRoleArns": f"arn:aws:iam::{ACCOUNT}:role/roleTango*,arn:aws:iam::{ACCOUNT}:role/teams/web",
}
COPIES: Final = {"CopiesOfTables": "true", "TablePrefix": "acme-"}
KEY: Final = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
KEYS: Final = {"KmsKeys": KEY}
BY_EC2: Final = {
    "kms:GrantIsForAWSResource": "true",
    "kms:ViaService": "ec2.eu-west-1.amazonaws.com",
}
UNMARKED: Final = {"UnmarkedGroups": "old-*"}

MARK: Final = {"autoscaling:ResourceTag/envctl:id": "0f1e", "aws:ResourceTag/envctl:id": "0f1e"}
WITH_MARK: Final = {"aws:RequestTag/envctl:id": "0f1e"}
OF_OUR_ENVIRONMENT: Final = {"aws:ResourceTag/environment": "c50"}


def group(name: str, account: str = ACCOUNT) -> str:
    return (
        f"arn:aws:autoscaling:eu-west-1:{account}:autoScalingGroup:uuid:autoScalingGroupName/{name}"
    )


def ec2(resource: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:ec2:eu-west-1:{account}:{resource}"


def role(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def table(name: str) -> str:
    return f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{name}"


C50: Final = group("c50-ta-Web")
OURS: Final = ec2("launch-template/lt-ours")
FOREIGN: Final = ec2("launch-template/lt-theirs")
BY_OURS: Final = {"ec2:LaunchTemplate": OURS}
TO_EC2: Final = {"iam:PassedToService": "ec2.amazonaws.com"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read_template(ROOT / "deploy" / TEMPLATE)


def stack(template: dict[str, Any], **more: str) -> Stack:
    return Stack(template, {**PARAMETERS, **more})


@pytest.mark.parametrize(
    "call",
    [
        Call("autoscaling:DescribeAutoScalingGroups"),
        Call("ec2:DescribeInstances"),
        Call("iam:GetInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/roleTangoWeb"),
        Call(
            "iam:GetRole",
            f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        ),
        Call("kms:ListGrants", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"),
        Call("autoscaling:CreateAutoScalingGroup", C50, WITH_MARK),
        Call("autoscaling:UpdateAutoScalingGroup", C50, MARK),
        Call("autoscaling:UpdateAutoScalingGroup", group("taken-over"), MARK),
        Call("autoscaling:DeleteAutoScalingGroup", C50, MARK),
        Call("autoscaling:CreateOrUpdateTags", C50, MARK),
        Call("autoscaling:TerminateInstanceInAutoScalingGroup", C50, MARK),
        Call("autoscaling:BatchPutScheduledUpdateGroupAction", C50, MARK),
        Call("autoscaling:EnterStandby", C50, MARK),
        Call("ec2:CreateLaunchTemplate", ec2("launch-template/*"), WITH_MARK),
        Call("ec2:CreateTags", OURS, {"ec2:CreateAction": "CreateLaunchTemplate"}),
        Call("ec2:CreateLaunchTemplateVersion", OURS, MARK),
        Call("ec2:DeleteLaunchTemplate", OURS, MARK),
        Call("ec2:RunInstances", OURS, {**BY_OURS, **MARK}),
        Call("ec2:RunInstances", ec2("instance/*"), BY_OURS),
        Call("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-1", BY_OURS),
        Call("ec2:RunInstances", ec2("subnet/subnet-1", "999999999999"), BY_OURS),
        Call("iam:PassRole", role("roleTangoWeb"), TO_EC2),
        Call("iam:PassRole", role("teams/web"), TO_EC2),
        Call("ec2:StartInstances", ec2("instance/i-1"), OF_OUR_ENVIRONMENT),
        Call("ec2:StopInstances", ec2("instance/i-1"), OF_OUR_ENVIRONMENT),
    ],
)
def test_what_the_controller_does_is_allowed(call: Call, template: dict[str, Any]) -> None:
    assert allows(stack(template).statements(), call)


@pytest.mark.parametrize(
    ("call", "because"),
    [
        (Call("autoscaling:DeleteAutoScalingGroup", C50), "a group of somebody else"),
        (Call("autoscaling:UpdateAutoScalingGroup", C50), "a group of somebody else"),
        (Call("autoscaling:SuspendProcesses", C50), "a group of somebody else"),
        (Call("autoscaling:TerminateInstanceInAutoScalingGroup", C50), "an instance of somebody else's group"),
        (Call("autoscaling:StartInstanceRefresh", C50), "would replace all instances of a group of somebody else"),
        (Call("autoscaling:CreateOrUpdateTags", C50, WITH_MARK), "putting our mark on a group would make it ours"),
        (Call("autoscaling:CreateOrUpdateTags", group("c50-ta-Web-old"), WITH_MARK), "that too"),
        (Call("autoscaling:DeleteTags", C50), "tags of somebody else"),
        (Call("autoscaling:CreateAutoScalingGroup", C50), "a group without our mark"),
        (Call("autoscaling:CreateAutoScalingGroup", group("miner"), WITH_MARK), "a name of no environment"),
        (Call("autoscaling:DeleteAutoScalingGroup", group("c50-ta-Web", "999999999999"), MARK), "another account"),
        (Call("autoscaling:AttachInstances", C50, MARK), "never asked for"),
        (Call("autoscaling:CreateLaunchConfiguration", "*"), "never asked for"),
        (Call("ec2:CreateLaunchTemplate", ec2("launch-template/*")), "a template without our mark"),
        (Call("ec2:CreateLaunchTemplateVersion", FOREIGN), "would change what others launch"),
        (Call("ec2:DeleteLaunchTemplate", FOREIGN), "a template of somebody else"),
        (Call("ec2:ModifyLaunchTemplate", OURS, MARK), "never asked for"),
        (Call("ec2:RunInstances", ec2("instance/*")), "an instance by no template"),
        (Call("ec2:RunInstances", FOREIGN, {"ec2:LaunchTemplate": FOREIGN}), "a template of somebody else"),
        (Call("ec2:RunInstances", ec2("instance/*"), {"ec2:LaunchTemplate": ec2("launch-template/lt-1", "999999999999")}), "a template of another account"),
        (Call("ec2:TerminateInstances", ec2("instance/i-1"), OF_OUR_ENVIRONMENT), "never asked for"),
        (Call("ec2:StopInstances", ec2("instance/i-bastion")), "an instance of no environment"),
        (Call("ec2:StartInstances", ec2("instance/i-1", "999999999999"), OF_OUR_ENVIRONMENT), "another account"),
        (Call("ec2:CreateTags", ec2("instance/i-bastion")), "would make any instance one of an environment"),
        (Call("ec2:CreateTags", FOREIGN), "would make any template ours"),
        (Call("ec2:DescribeInstanceAttribute", ec2("instance/i-1")), "user data of instances of others"),
        (Call("ec2:ModifyInstanceAttribute", ec2("instance/i-1")), "user data of instances that are there"),
        (Call("iam:PassRole", role("Admin"), TO_EC2), "its credentials on an instance of one's own"),
        (Call("iam:PassRole", role("roleInfraDeploy"), TO_EC2), "by convention is not enough"),
        (Call("iam:PassRole", role("roleTangoWeb"), {"iam:PassedToService": "lambda.amazonaws.com"}), "to another service"),
        (Call("iam:PassRole", role("roleTangoWeb")), "to nobody said"),
        (Call("iam:CreateRole", role("roleTangoNew")), "a role of one's own"),
        (Call("iam:PutRolePolicy", role("roleTangoWeb")), "more rights for one that may be passed"),
        (Call("iam:AddRoleToInstanceProfile", f"arn:aws:iam::{ACCOUNT}:instance-profile/x"), "another role for a profile"),
        (Call("sts:AssumeRole", role("Admin")), "another role of the account"),
        (Call("ssm:SendCommand", ec2("instance/i-1"), OF_OUR_ENVIRONMENT), "a shell"),
        (Call("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:x"), "secrets"),
        (Call("s3:GetObject", "arn:aws:s3:::acme-backups/x"), "data"),
        (Call("sns:Publish", f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic"), "never asked for"),
        (Call("dynamodb:PutItem", table("acme-ConfigEnvironments")), "copies were not asked for"),
        (Call("cloudformation:UpdateStack", f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/envctl-child/x"), "its own rights"),
    ],
)  # fmt: skip
def test_what_a_thief_would_like_is_denied(
    call: Call, because: str, template: dict[str, Any]
) -> None:
    assert not allows(stack(template).statements(), call), because


@pytest.mark.parametrize(
    ("more", "call", "allowed"),
    [
        (UNMARKED, Call("autoscaling:CreateOrUpdateTags", group("old-web"), WITH_MARK), True),
        (UNMARKED, Call("autoscaling:UpdateAutoScalingGroup", group("old-web")), True),
        (UNMARKED, Call("autoscaling:EnterStandby", group("old-web")), True),
        (UNMARKED, Call("autoscaling:DeleteAutoScalingGroup", group("old-web")), False),
        (UNMARKED, Call("autoscaling:TerminateInstanceInAutoScalingGroup", group("old-web")), False),
        (UNMARKED, Call("autoscaling:StartInstanceRefresh", group("old-web")), False),
        (UNMARKED, Call("autoscaling:UpdateAutoScalingGroup", group("c50-ta-Web")), False),
        (COPIES, Call("dynamodb:PutItem", table("acme-ConfigEnvironments")), True),
        (COPIES, Call("dynamodb:PutItem", table("ConfigEnvironments")), False),
        (COPIES, Call("dynamodb:PutItem", table("acme-ConfigOfOthers")), False),
        (COPIES, Call("dynamodb:DeleteTable", table("acme-ConfigEnvironments")), False),
        ({}, Call("kms:CreateGrant", KEY, BY_EC2), False),
        (KEYS, Call("kms:CreateGrant", KEY, BY_EC2), True),
        (KEYS, Call("kms:CreateGrant", KEY), False),
        (KEYS, Call("kms:CreateGrant", KEY, {**BY_EC2, "kms:ViaService": "rds.eu-west-1.amazonaws.com"}), False),
        (KEYS, Call("kms:CreateGrant", f"{KEY}2", BY_EC2), False),
        (KEYS, Call("kms:Decrypt", KEY, BY_EC2), False),
        ({"UntaggedInstances": "true"}, Call("ec2:StopInstances", ec2("instance/i-1")), True),
        ({"InstanceRoleArns": role("roleInfra*")}, Call("iam:PassRole", role("roleInfraWeb"), TO_EC2), True),
        ({"InstanceRoleArns": role("roleInfra*")}, Call("iam:PassRole", role("app/roleInfraWeb"), TO_EC2), False),
        ({"InstanceRoleArns": role("app/roleInfra*")}, Call("iam:PassRole", role("app/roleInfraWeb"), TO_EC2), True),
        ({"InstanceRoleArns": role("roleInfra*")}, Call("iam:PassRole", role("roleInfraEnvironmentManagerChild"), TO_EC2), False),
        ({"InstanceRoleArns": role("roleInfra*"), "RolePath": "/x/"}, Call("iam:PassRole", role("x/roleInfraEnvironmentManagerChild"), TO_EC2), False),
    ],
)  # fmt: skip
def test_what_parameters_add(
    more: dict[str, str], call: Call, allowed: bool, template: dict[str, Any]
) -> None:
    assert allows(stack(template, **more).statements(), call) is allowed


@pytest.mark.parametrize(
    ("caller", "context", "trusted", "because"),
    [
        (MASTER, {"aws:PrincipalArn": ENVCTL, "sts:ExternalId": "a-secret"}, True, "with its path"),
        (MASTER, {"aws:PrincipalArn": f"arn:aws:iam::{MASTER}:role/operators", "sts:ExternalId": "a-secret"}, True, "another that is named"),
        (MASTER, {"aws:PrincipalArn": f"arn:aws:iam::{MASTER}:role/ci", "sts:ExternalId": "a-secret"}, False, "another role of the master account"),
        (MASTER, {"aws:PrincipalArn": f"arn:aws:iam::{MASTER}:role/envctl", "sts:ExternalId": "a-secret"}, False, "the name at another path"),
        (MASTER, {"aws:PrincipalArn": f"arn:aws:iam::{MASTER}:user/ada", "sts:ExternalId": "a-secret"}, False, "a user"),
        (MASTER, {"aws:PrincipalArn": ENVCTL}, False, "no external id"),
        (MASTER, {"aws:PrincipalArn": ENVCTL, "sts:ExternalId": "another"}, False, "another external id"),
        ("999999999999", {"aws:PrincipalArn": ENVCTL.replace(MASTER, "999999999999"), "sts:ExternalId": "a-secret"}, False, "another account"),
    ],
)  # fmt: skip
def test_who_is_trusted(
    caller: str, context: dict[str, str], trusted: bool, because: str, template: dict[str, Any]
) -> None:
    call = Call("sts:AssumeRole", context=context)
    found = allows(stack(template).trust(), call, f"arn:aws:iam::{caller}:root")
    assert found is trusted, because


def test_an_account_without_an_external_id_still_trusts_named_roles_alone(
    template: dict[str, Any],
) -> None:
    parameters = {**PARAMETERS, "ExternalId": "", "NoExternalId": "true"}
    trust = Stack(template, parameters).trust()
    master = f"arn:aws:iam::{MASTER}:root"
    assert allows(trust, Call("sts:AssumeRole", context={"aws:PrincipalArn": ENVCTL}), master)
    other = {"aws:PrincipalArn": f"arn:aws:iam::{MASTER}:role/ci"}
    assert not allows(trust, Call("sts:AssumeRole", context=other), master)
