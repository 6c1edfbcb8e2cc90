"""deploy/master.yaml, evaluated: what envctl, readers and the break-glass role do is allowed; what anybody else would like is not.

Administrators are taken to be allowed everything by their own policies: what they are denied, the tables and buckets deny.
"""

from typing import Final

import pytest

from tests.support.iam_policies import ACCOUNT, REGION, Call, allows
from tests.support.master_stack import (
    ADMINISTRATOR,
    BACKUPS,
    BREAK_GLASS,
    CONFIGURATION,
    DEAD_LETTERS,
    ENVCTL,
    LOOKS,
    QUEUE,
    READER,
    master_stack,
    may,
    policy,
    table,
)

CHILD: Final = "arn:aws:iam::999999999999:role/{}"
STREAM: Final = table("ConfigEnvironments/stream/2026-01-01T00:00:00.000")


def secret(name: str) -> str:
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"


def here(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@pytest.mark.parametrize(
    ("who", "call"),
    [
        (ENVCTL, Call("dynamodb:PutItem", table("ConfigEnvironments"))),
        (ENVCTL, Call("dynamodb:UpdateItem", table("EnvctlState"))),
        (ENVCTL, Call("dynamodb:DeleteItem", table("InfraConfigLBUpstream"))),
        (ENVCTL, Call("dynamodb:Scan", table("InfraChangeAudit"))),
        (ENVCTL, Call("dynamodb:Query", table("InfraChangeAudit/index/Scope-Sequence-index"))),
        (ENVCTL, Call("dynamodb:BatchGetItem", table("InfraChangeAudit"))),
        (ENVCTL, Call("dynamodb:Scan", table("ConfigDeploymentExecutionStatus"))),
        (ENVCTL, Call("dynamodb:GetRecords", STREAM)),
        (ENVCTL, Call("dynamodb:DescribeStream", table("InfraOpsEnvironment/stream/x"))),
        (ENVCTL, Call("dynamodb:DescribeContinuousBackups", table("EnvctlConfig"))),
        (ENVCTL, Call("s3:GetObject", f"{CONFIGURATION}/settings.yaml")),
        (ENVCTL, Call("s3:ListBucket", CONFIGURATION)),
        (ENVCTL, Call("s3:PutObject", f"{BACKUPS}/snapshots/x/manifest.json")),
        (ENVCTL, Call("s3:GetObject", f"{BACKUPS}/snapshots/x/manifest.json")),
        (ENVCTL, Call("s3:DeleteObject", f"{BACKUPS}/snapshots/x/manifest.json")),
        (ENVCTL, Call("s3:ListBucket", BACKUPS)),
        (ENVCTL, Call("s3:GetObject", f"{LOOKS}/observed/config.json.gz")),
        (ENVCTL, Call("s3:PutObject", f"{LOOKS}/observed/acme/eu-west-1.json.gz")),
        (ENVCTL, Call("s3:ListBucket", LOOKS)),
        (ENVCTL, Call("sqs:ReceiveMessage", QUEUE)),
        (ENVCTL, Call("sqs:SendMessage", QUEUE)),
        (ENVCTL, Call("sqs:SendMessage", DEAD_LETTERS)),
        (ENVCTL, Call("secretsmanager:GetSecretValue", secret("envctl/external-ids-a1b2c3"))),
        (ENVCTL, Call("sns:CreateTopic", here("sns", "EnvironmentManagerOperationsChange"))),
        (ENVCTL, Call("sns:Publish", here("sns", "EnvironmentManagerConfigurationChange"))),
        (ENVCTL, Call("sns:Publish", here("sns", "envctl-alarms"))),
        (ENVCTL, Call("sts:AssumeRole", CHILD.format("roleInfraEnvironmentManagerChild"))),
        (ENVCTL, Call("logs:PutLogEvents", here("logs", "log-group:envctl:log-stream:i-1"))),
        (READER, Call("dynamodb:Scan", table("ConfigEnvironments"))),
        (READER, Call("dynamodb:Query", table("InfraChangeAudit/index/Date-ISOTimestamp-index"))),
        (READER, Call("dynamodb:GetItem", table("EnvctlState"))),
        (READER, Call("s3:GetObject", f"{BACKUPS}/snapshots/x/manifest.json")),
        (BREAK_GLASS, Call("dynamodb:PutItem", table("ConfigEnvironments"))),
        (BREAK_GLASS, Call("dynamodb:DeleteItem", table("EnvctlState"))),
        (BREAK_GLASS, Call("s3:PutObject", f"{CONFIGURATION}/settings.yaml")),
        (BREAK_GLASS, Call("s3:GetObject", f"{CONFIGURATION}/credentials.yaml")),
        (BREAK_GLASS, Call("s3:DeleteObjectVersion", f"{BACKUPS}/x")),
        (BREAK_GLASS, Call("sqs:ReceiveMessage", QUEUE)),
        (ADMINISTRATOR, Call("dynamodb:DescribeTable", table("ConfigEnvironments"))),
        (ADMINISTRATOR, Call("dynamodb:UpdateTable", table("ConfigEnvironments"))),
        (ADMINISTRATOR, Call("dynamodb:PutResourcePolicy", table("ConfigEnvironments"))),
        (ADMINISTRATOR, Call("s3:PutBucketPolicy", CONFIGURATION)),
        (ADMINISTRATOR, Call("s3:GetBucketObjectLockConfiguration", CONFIGURATION)),
        (ADMINISTRATOR, Call("sqs:SetQueueAttributes", QUEUE)),
    ],
)  # fmt: skip
def test_what_everybody_is_there_for_is_allowed(who: str, call: Call) -> None:
    assert may(master_stack(), who, call)


@pytest.mark.parametrize(
    ("who", "call", "because"),
    [
        (ENVCTL, Call("sts:AssumeRole", CHILD.format("Admin")), "a role that is not listed"),
        (ENVCTL, Call("sts:AssumeRole", CHILD.format("teams/roleInfraEnvironmentManagerChild")), "the name at another path"),
        (ENVCTL, Call("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/administrator"), "the master account itself"),
        (ENVCTL, Call("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/administrator"), "never asked for"),
        (ENVCTL, Call("iam:PutRolePolicy", ENVCTL), "its own rights"),
        (ENVCTL, Call("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/ada"), "keys that live for ever"),
        (ENVCTL, Call("cloudformation:UpdateStack", here("cloudformation", "stack/envctl/1")), "its own stack"),
        (ENVCTL, Call("cloudformation:SignalResource", here("cloudformation", "stack/other/1")), "the stack of others"),
        (ENVCTL, Call("dynamodb:DeleteTable", table("ConfigEnvironments")), "never asked for"),
        (ENVCTL, Call("dynamodb:UpdateTable", table("ConfigEnvironments")), "deletion protection off"),
        (ENVCTL, Call("dynamodb:CreateTable", table("ConfigEnvironments")), "the stack makes tables"),
        (ENVCTL, Call("dynamodb:UpdateContinuousBackups", table("ConfigEnvironments")), "recovery off"),
        (ENVCTL, Call("dynamodb:UpdateTimeToLive", table("InfraChangeAudit")), "records that vanish by themselves"),
        (ENVCTL, Call("dynamodb:PutResourcePolicy", table("ConfigEnvironments")), "opening it to others"),
        (ENVCTL, Call("dynamodb:PutItem", table("ConfigCompletedDeployments")), "a table of the old product"),
        (ENVCTL, Call("dynamodb:PutItem", table("ConfigDeploymentExecutionStatus")), "deployments are only looked at"),
        (ENVCTL, Call("dynamodb:PutItem", here("dynamodb", "table/ConfigEnvironments")), "another prefix"),
        (ENVCTL, Call("dynamodb:Scan", here("dynamodb", "table/payroll")), "another table"),
        (ENVCTL, Call("s3:PutObject", f"{CONFIGURATION}/settings.yaml"), "what the next instance begins with"),
        (ENVCTL, Call("s3:PutObject", f"{CONFIGURATION}/releases/1.0.0/envctl.whl"), "what the next instance runs"),
        (ENVCTL, Call("s3:DeleteObject", f"{CONFIGURATION}/settings.yaml"), "never asked for"),
        (ENVCTL, Call("s3:DeleteObjectVersion", f"{BACKUPS}/snapshots/x"), "backups for good"),
        (ENVCTL, Call("s3:BypassGovernanceRetention", f"{BACKUPS}/snapshots/x"), "backups before their time"),
        (ENVCTL, Call("s3:PutObjectRetention", f"{BACKUPS}/snapshots/x"), "a shorter lock"),
        (ENVCTL, Call("s3:PutBucketPolicy", BACKUPS), "opening it to others"),
        (ENVCTL, Call("s3:GetObject", "arn:aws:s3:::payroll/x"), "another bucket"),
        (ENVCTL, Call("s3:GetObject", f"{CONFIGURATION}/settings.yaml", {"aws:SecureTransport": "false"}), "in plain text"),
        (ENVCTL, Call("secretsmanager:GetSecretValue", secret("payroll/database-a1b2c3")), "another secret"),
        (ENVCTL, Call("secretsmanager:PutSecretValue", secret("envctl/external-ids-a1b2c3")), "never asked for"),
        (ENVCTL, Call("sqs:PurgeQueue", QUEUE), "never asked for"),
        (ENVCTL, Call("sqs:ReceiveMessage", here("sqs", "orders.fifo")), "another queue"),
        (ENVCTL, Call("sqs:DeleteMessage", DEAD_LETTERS), "what was given up is for people"),
        (ENVCTL, Call("sns:Publish", here("sns", "orders")), "a topic of others"),
        (ENVCTL, Call("sns:Publish", "arn:aws:sns:eu-west-1:999999999999:EnvironmentManagerConfigurationChange"), "the topic of another account"),
        (ENVCTL, Call("sns:Subscribe", here("sns", "EnvironmentManagerConfigurationChange")), "who is told is for people"),
        (ENVCTL, Call("sns:DeleteTopic", here("sns", "envctl-alarms")), "never asked for"),
        (ENVCTL, Call("sns:CreateTopic", here("sns", "orders")), "its two topics alone"),
        (ENVCTL, Call("ec2:RunInstances", here("ec2", "instance/*")), "accounts are worked in by their roles"),
        (ENVCTL, Call("ec2:TerminateInstances", here("ec2", "instance/i-1")), "that too"),
        (ENVCTL, Call("autoscaling:DeleteAutoScalingGroup", here("autoscaling", "autoScalingGroup:x:autoScalingGroupName/envctl")), "its own group"),
        (ENVCTL, Call("ssm:SendCommand", here("ec2", "instance/i-1")), "a shell"),
        (ENVCTL, Call("kms:Decrypt", here("kms", "key/1")), "never asked for"),
        (ENVCTL, Call("logs:DeleteLogGroup", here("logs", "log-group:envctl:")), "traces"),
        (READER, Call("dynamodb:PutItem", table("ConfigEnvironments")), "readers read"),
        (READER, Call("dynamodb:DeleteItem", table("InfraChangeAudit")), "the record"),
        (READER, Call("s3:GetObject", f"{CONFIGURATION}/credentials.yaml"), "configuration is envctl's alone"),
        (READER, Call("s3:PutObject", f"{BACKUPS}/snapshots/x"), "readers read"),
        (READER, Call("s3:PutObject", f"{LOOKS}/observed/config.json.gz"), "that too"),
        (ENVCTL, Call("s3:DeleteObject", f"{LOOKS}/observed/config.json.gz"), "never asked for"),
        (READER, Call("sts:AssumeRole", CHILD.format("roleInfraEnvironmentManagerChild")), "they enter no account"),
        (READER, Call("sqs:SendMessage", QUEUE), "orders"),
        (ADMINISTRATOR, Call("dynamodb:PutItem", table("ConfigEnvironments")), "past Git and ledger"),
        (ADMINISTRATOR, Call("dynamodb:UpdateItem", table("InfraConfigAccounts")), "the way into accounts"),
        (ADMINISTRATOR, Call("dynamodb:BatchWriteItem", table("InfraChangeAudit")), "the record"),
        (ADMINISTRATOR, Call("dynamodb:PartiQLDelete", table("EnvctlState")), "in another language"),
        (ADMINISTRATOR, Call("dynamodb:DeleteTable", table("InfraChangeAudit")), "the record, whole"),
        (ADMINISTRATOR, Call("dynamodb:UpdateTimeToLive", table("InfraChangeAudit")), "records that vanish by themselves"),
        (ADMINISTRATOR, Call("dynamodb:Scan", table("ConfigEnvironments")), "not named as a reader"),
        (ADMINISTRATOR, Call("dynamodb:ExportTableToPointInTime", table("ConfigEnvironments")), "reading by a detour"),
        (ADMINISTRATOR, Call("s3:GetObject", f"{CONFIGURATION}/environment"), "the token of the Git host"),
        (ADMINISTRATOR, Call("s3:GetObjectVersion", f"{CONFIGURATION}/credentials.yaml"), "what it was before"),
        (ADMINISTRATOR, Call("s3:PutObject", f"{CONFIGURATION}/settings.yaml"), "what envctl does"),
        (ADMINISTRATOR, Call("s3:ListBucketVersions", CONFIGURATION), "what there is"),
        (ADMINISTRATOR, Call("s3:GetObject", f"{BACKUPS}/snapshots/x"), "tables by a detour"),
        (ADMINISTRATOR, Call("s3:PutObject", f"{BACKUPS}/snapshots/x"), "a backup that is none"),
        (ADMINISTRATOR, Call("s3:DeleteObjectVersion", f"{BACKUPS}/snapshots/x"), "backups for good"),
        (ADMINISTRATOR, Call("s3:BypassGovernanceRetention", f"{BACKUPS}/snapshots/x"), "backups before their time"),
        (ADMINISTRATOR, Call("s3:PutObject", f"{LOOKS}/observed/config.json.gz"), "a plan of what is not there"),
        (ADMINISTRATOR, Call("s3:DeleteObject", f"{LOOKS}/observed/config.json.gz"), "no plan at all"),
        (ADMINISTRATOR, Call("s3:GetObject", f"{LOOKS}/observed/config.json.gz", {"aws:SecureTransport": "false"}), "in plain text"),
        (ADMINISTRATOR, Call("sqs:SendMessage", QUEUE), "orders"),
        (ADMINISTRATOR, Call("sqs:ReceiveMessage", QUEUE), "work that nobody does"),
        (BREAK_GLASS, Call("s3:GetObject", f"{CONFIGURATION}/settings.yaml", {"aws:SecureTransport": "false"}), "in plain text"),
    ],
)  # fmt: skip
def test_what_nobody_is_there_for_is_denied(who: str, call: Call, because: str) -> None:
    assert not may(master_stack(), who, call), because


PLAN: Final = "PlanPolicy"
OPERATE: Final = "OperatePolicy"


@pytest.mark.parametrize(
    ("name", "call", "allowed"),
    [
        (PLAN, Call("s3:GetObject", f"{LOOKS}/observed/acme/eu-west-1.json.gz"), True),
        (PLAN, Call("s3:PutObject", f"{LOOKS}/observed/acme/eu-west-1.json.gz"), False),
        (PLAN, Call("s3:ListBucket", LOOKS), False),
        (PLAN, Call("dynamodb:Scan", table("ConfigEnvironments")), False),
        (PLAN, Call("dynamodb:GetItem", table("EnvctlState")), False),
        (PLAN, Call("dynamodb:PutItem", table("EnvctlState")), False),
        (PLAN, Call("dynamodb:Scan", here("dynamodb", "table/payroll")), False),
        (PLAN, Call("s3:GetObject", f"{BACKUPS}/snapshots/x"), False),
        (PLAN, Call("secretsmanager:GetSecretValue", secret("envctl/external-ids-a1b2c3")), False),
        (PLAN, Call("sts:AssumeRole", CHILD.format("roleInfraEnvironmentManagerChild")), False),
        (OPERATE, Call("sqs:DeleteMessage", DEAD_LETTERS), True),
        (OPERATE, Call("logs:FilterLogEvents", here("logs", "log-group:envctl:log-stream:")), True),
        (OPERATE, Call("autoscaling:TerminateInstanceInAutoScalingGroup", here("autoscaling", "autoScalingGroup:x:autoScalingGroupName/envctl")), True),
        (OPERATE, Call("autoscaling:TerminateInstanceInAutoScalingGroup", here("autoscaling", "autoScalingGroup:x:autoScalingGroupName/c50-ta-Web")), False),
        (OPERATE, Call("autoscaling:UpdateAutoScalingGroup", here("autoscaling", "autoScalingGroup:x:autoScalingGroupName/envctl")), False),
        (OPERATE, Call("sqs:DeleteMessage", QUEUE), False),
        (OPERATE, Call("sqs:SendMessage", DEAD_LETTERS), False),
        (OPERATE, Call("dynamodb:PutItem", table("EnvctlState")), False),
        (OPERATE, Call("s3:GetObject", f"{CONFIGURATION}/settings.yaml"), False),
        (OPERATE, Call("cloudformation:UpdateStack", here("cloudformation", "stack/envctl/1")), False),
    ],
)  # fmt: skip
def test_what_pipelines_and_operators_may(name: str, call: Call, *, allowed: bool) -> None:
    assert allows(policy(master_stack(), name), call) is allowed


@pytest.mark.parametrize(
    ("more", "call", "allowed"),
    [
        ({"CopyBucket": "copies"}, Call("s3:PutObject", "arn:aws:s3:::copies/x"), True),
        ({}, Call("s3:PutObject", "arn:aws:s3:::copies/x"), False),
        ({"CopyBucket": "copies"}, Call("s3:DeleteObject", "arn:aws:s3:::copies/x"), True),
        ({"CopyBucket": "copies"}, Call("s3:DeleteObjectVersion", "arn:aws:s3:::copies/x"), False),
        ({"SourceBucket": "fleet"}, Call("s3:GetObject", "arn:aws:s3:::fleet/production/c50.yaml"), True),
        ({"SourceBucket": "fleet"}, Call("s3:GetObjectTagging", "arn:aws:s3:::fleet/production/c50.yaml"), True),
        ({"SourceBucket": "fleet"}, Call("s3:ListBucket", "arn:aws:s3:::fleet"), True),
        ({"SourceBucket": "fleet"}, Call("s3:PutObject", "arn:aws:s3:::fleet/production/c50.yaml"), False),
        ({}, Call("s3:ListBucket", "arn:aws:s3:::fleet"), False),
        ({"ChildRoleArns": CHILD.format("teams/mine")}, Call("sts:AssumeRole", CHILD.format("teams/mine")), True),
        ({"SecretArns": secret("ids-??????")}, Call("secretsmanager:GetSecretValue", secret("ids-a1b2c3")), True),
        ({"SecretArns": secret("ids-??????")}, Call("secretsmanager:GetSecretValue", secret("ids-of-others-a1b2c3")), False),
    ],
)  # fmt: skip
def test_what_parameters_add(more: dict[str, str], call: Call, *, allowed: bool) -> None:
    assert may(master_stack(**more), ENVCTL, call) is allowed


def test_only_instances_become_envctl() -> None:
    assert master_stack().trust() == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
