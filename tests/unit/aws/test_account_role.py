"""deploy/child.yaml allows what the controller calls in accounts, and nothing else; the command that deploys it is true."""

import ast
import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore import xform_name

from controller.aws.probes import COPIES, NOT_PROBED, actions
from controller.aws.sessions import TEMPLATE, account_of_caller, deploy_command
from controller.targets.replica_parts.replicated import replicated

ROOT = Path(__file__).parents[3]
CALLERS = (
    "controller/targets/group_parts",
    "controller/targets/power_parts",
    "controller/aws/live_look.py",
)
"""Where clients of accounts are used; copies of tables are written by what writes the master's tables too."""
INDIRECT = frozenset({"ec2:CreateTags", "ec2:RunInstances", "iam:PassRole"})
"""Actions that no call of ours is about: AWS checks them beside a call."""
SERVICES = ("autoscaling", "ec2", "iam", "sns")


class _Loader(yaml.SafeLoader):
    """Reads a template with its functions: ``!Sub x`` becomes ``{"Sub": x}``."""


def _function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    return {suffix: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((ROOT / TEMPLATE).read_text(), _Loader)  # a safe one
    return found


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in template["Resources"].values():
        if one["Type"] == "AWS::IAM::Policy":
            yield from one["Properties"]["PolicyDocument"]["Statement"]


def named(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return found if isinstance(found, list) else [found]


def test_it_allows_each_action_that_is_asked_for_once_and_no_other(
    template: dict[str, Any],
) -> None:
    allowed = [
        action for one in statements(template) if one["Effect"] == "Allow" for action in named(one)
    ]
    assert sorted(allowed) == sorted(actions())


def test_what_is_asked_for_is_what_is_called() -> None:
    called = {frozenset(_actions_of(name)) for name in _methods_called()}
    direct = actions() - INDIRECT - {*COPIES, *NOT_PROBED["replicas"]}
    assert [one for one in called if not one & direct] == [], "called and not allowed"
    assert direct - frozenset().union(*called) == set(), "allowed and not called"


def test_it_names_resources_or_conditions_where_aws_takes_them(template: dict[str, Any]) -> None:
    anywhere = [
        action
        for one in statements(template)
        if one["Resource"] == "*" and "Condition" not in one
        for action in named(one)
    ]
    assert all(re.fullmatch(r"(autoscaling|ec2):Describe\w+", one) for one in anywhere)
    (passed,) = [one for one in statements(template) if named(one) == ["iam:PassRole"] and one["Effect"] == "Allow"]  # fmt: skip
    assert passed["Resource"]["Sub"].endswith("role/${InstanceRoles}")
    assert "iam:PassedToService" in passed["Condition"]["StringEquals"]
    assert {"Effect": "Deny", "Action": "iam:PassRole", "Resource": {"GetAtt": "Role.Arn"}} in [
        *statements(template)
    ]


def test_it_reaches_the_tables_that_can_be_copied(template: dict[str, Any]) -> None:
    (copies,) = [one for one in statements(template) if "dynamodb:Scan" in named(one)]
    patterns = [one["Sub"].rpartition("${TablePrefix}")[2] for one in copies["Resource"]]
    kinds = ("Account", "Cluster", "DeploymentMap", "Environment", "EnvironmentType", "LoadBalancerSetting",
             "NotificationSettings", "Permission", "Service", "Upstream")  # fmt: skip
    tables = replicated(kinds, "", "i").tables
    assert [name for name in tables if not any(fnmatchcase(name, one) for one in patterns)] == []


@pytest.mark.parametrize(
    ("command", "parameters"),
    [
        (deploy_command("123456789012"), {"MasterAccountId": "123456789012"}),
        (
            deploy_command(None, "mine", external_id=True),
            {
                "MasterAccountId": "NUMBER_OF_THE_MASTER_ACCOUNT",
                "RoleName": "mine",
                "ExternalId": "$EXTERNAL_ID",
            },
        ),
    ],
)
def test_the_command_gives_what_the_template_asks_for(
    command: str, parameters: dict[str, str], template: dict[str, Any]
) -> None:
    words = shlex.split(command)
    given = dict(one.split("=", 1) for one in words[words.index("--parameter-overrides") + 1 :])
    assert given == parameters
    assert given.keys() <= template["Parameters"].keys()
    assert {name for name, one in template["Parameters"].items() if "Default" not in one} <= given.keys()  # fmt: skip
    assert (ROOT / words[words.index("--template-file") + 1]).is_file()


@pytest.mark.parametrize(
    ("said", "account"),
    [
        ("User: arn:aws:iam::123456789012:user/ada is not authorized", "123456789012"),
        ("User: arn:aws-cn:sts::012345670123:assumed-role/r/s is not authorized", "012345670123"),
        ("Access denied", None),
    ],
)
def test_aws_tells_whose_call_it_refused(said: str, account: str | None) -> None:
    assert account_of_caller(said) == account


def _methods_called() -> set[str]:
    """Return the methods of clients that the callers name: as attributes, or as text for paginators and the like."""
    known = {method for service in SERVICES for method in _methods(service)}
    names: set[str] = set()
    for caller in CALLERS:
        path = ROOT / caller
        for file in path.glob("*.py") if path.is_dir() else [path]:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute):
                    names.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    names.add(node.value)
    return names & known


@cache
def _methods(service: str) -> dict[str, str]:
    session: Any = boto3.Session()
    names = session.client(service, "eu-west-1").meta.service_model.operation_names
    return {xform_name(operation): operation for operation in names}


def _actions_of(method: str) -> Iterator[str]:
    """Yield the actions a method may be: some services have methods of one name."""
    for service in SERVICES:
        operation = _methods(service).get(method)
        if operation:
            yield f"{service}:{operation}"
