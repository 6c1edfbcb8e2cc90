"""deploy/child.yaml allows what the controller calls in accounts, and nothing else; the command that deploys it is true."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name

from controller.aws.child_role import TEMPLATE, account_of_caller, deploy_command
from controller.aws.probes import COPIES, LAUNCHING, LOOK, NOT_PROBED, OF_TARGET, actions
from controller.targets.replica_parts.replicated import replicated
from tests.support.iam_policies import ACCOUNT, RefusedParameters, Stack, read_template
from tests.support.permissions_explained import PERMISSIONS
from tests.unit.aws.test_master_template import properties

ROOT = Path(__file__).parents[3]
CALLERS = (
    "controller/targets/group_parts",
    "controller/targets/power_parts",
    "controller/aws/live_look.py",
    "controller/aws/cloud_trail.py",
    "controller/aws/launch_needs.py",
)
"""Where clients of accounts are used; copies of tables are written by what writes the master's tables too."""
INDIRECT = frozenset({"ec2:CreateTags", "ec2:RunInstances", "iam:PassRole", "kms:CreateGrant"})
"""Actions that no call of ours is about: AWS checks them beside a call."""
KINDS = ("Account", "Cluster", "DeploymentMap", "Environment", "EnvironmentType", "LoadBalancerSetting",
         "NotificationSettings", "Permission", "Service", "Upstream")  # fmt: skip
PARAMETERS = {
    "MasterRoleArns": "arn:aws:iam::123456789012:role/envctl",
    "InstanceRoleArns": f"arn:aws:iam::{ACCOUNT}:role/roleTango*",
    "ExternalId": "a-secret",
}
SERVICES = ("autoscaling", "cloudtrail", "ec2", "iam", "kms", "sns")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read_template(ROOT / "deploy" / TEMPLATE)


def statements(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in template["Resources"].values():
        if one["Type"] == "AWS::IAM::Policy":
            yield from one["Properties"]["PolicyDocument"]["Statement"]


def named(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return found if isinstance(found, list) else [found]


def test_it_allows_each_action_that_is_asked_for_and_no_other(template: dict[str, Any]) -> None:
    allowed = {
        action
        for found in statements(template)
        if found["Effect"] == "Allow"
        for action in named(found)
    }
    assert sorted(allowed) == sorted(actions())


def test_what_is_asked_for_is_what_is_called() -> None:
    called = {frozenset(_actions_of(name)) for name in _methods_called()}
    direct = actions() - INDIRECT - {*COPIES, *NOT_PROBED["replicas"]}
    assert [one for one in called if not one & direct] == [], "called and not allowed"
    assert direct - frozenset().union(*called) == set(), "allowed and not called"


def test_the_page_names_each_action_once_and_none_that_is_not_there(
    template: dict[str, Any],
) -> None:
    page = (ROOT / "docs" / "reference" / "permissions.md").read_text()
    table, _, _ = page.partition("\n## ")
    firsts = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    there = [action for cell in firsts for action in re.findall(r"`(\w+:\w+)`", cell)]
    allowed = {
        action
        for found in statements(template)
        if found["Effect"] == "Allow"
        for action in named(found)
    }
    assert sorted(there) == sorted(allowed)


def test_the_page_says_of_what_doctor_does_not_try_why() -> None:
    tried = {probe.action for probes in (LOOK, *OF_TARGET.values()) for probe in probes}
    tried |= {*COPIES, *LAUNCHING}
    for one in PERMISSIONS:
        assert one.purpose
        assert one.without
        assert bool(one.untried) is not (set(one.actions) <= tried), one.actions
        if "no dry run" in one.untried:
            assert not any(has_dry_run(action) for action in one.actions), one.actions
    said = {action for one in PERMISSIONS if one.untried for action in one.actions}
    assert said == actions() - tried


def has_dry_run(action: str) -> bool:
    service, _, operation = action.partition(":")
    session: Any = boto3.Session()
    model = session.client(service, "eu-west-1").meta.service_model
    return "DryRun" in model.operation_model(operation).input_shape.members


def test_it_names_resources_or_conditions_where_aws_takes_them(template: dict[str, Any]) -> None:
    anywhere = [
        action
        for found in statements(template)
        if found.get("Resource", "*") == "*" and "Condition" not in found
        for action in named(found)
    ]
    takes_none = r"(autoscaling|ec2):Describe\w+|cloudtrail:LookupEvents|ec2:GetEbs\w+"
    assert all(re.fullmatch(takes_none, action) for action in anywhere)


def test_it_reaches_the_tables_that_can_be_copied_and_no_other(template: dict[str, Any]) -> None:
    (copies,) = [found for found in statements(template) if "dynamodb:Scan" in named(found)]
    reached = [table["Sub"].rpartition("${TablePrefix}")[2] for table in copies["Resource"]]
    assert reached == sorted(replicated(KINDS, "", "i").tables)


def test_it_makes_the_tables_of_copies_where_it_is_told_to(template: dict[str, Any]) -> None:
    told = {**PARAMETERS, "CopiesOfTables": "true", "MakeTables": "true", "TablePrefix": "acme-"}
    stack = Stack(template, told)
    made = {name: stack.properties(name) for name in stack.made("AWS::DynamoDB::Table")}

    # What a copy needs no less than the master's table: its name, its keys, its indexes.
    of_a_copy = ("TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")  # fmt: skip
    assert made == {
        name: {key: value for key, value in of_the_master.items() if key in of_a_copy}
        for name, of_the_master in (
            (name, properties(table.prefixed("acme-")))
            for name, table in replicated(KINDS, "", "i").tables.items()
        )
    }
    for without in ({"MakeTables": "true"}, {"CopiesOfTables": "true"}):
        assert Stack(template, {**PARAMETERS, **without}).made("AWS::DynamoDB::Table") == []


MASTER_ROLES = "arn:aws:iam::{}:role/ROLE_OF_ENVCTL"
INSTANCE_ROLES = f"arn:aws:iam::{ACCOUNT}:role/ROLES_OF_INSTANCES"


@pytest.mark.parametrize(
    ("command", "parameters"),
    [
        (
            deploy_command(ACCOUNT, "123456789012"),
            {
                "MasterRoleArns": MASTER_ROLES.format("123456789012"),
                "InstanceRoleArns": INSTANCE_ROLES,
                "NoExternalId": "true",
            },
        ),
        (
            deploy_command(ACCOUNT, "123456789012", region="us-gov-west-1"),
            {
                "MasterRoleArns": MASTER_ROLES.format("123456789012").replace("aws", "aws-us-gov"),
                "InstanceRoleArns": INSTANCE_ROLES.replace("aws", "aws-us-gov"),
                "NoExternalId": "true",
            },
        ),
        (
            deploy_command(
                ACCOUNT, None, f"arn:aws-cn:iam::{ACCOUNT}:role/of/teams/mine", external_id=True
            ),
            {
                "MasterRoleArns": "arn:aws-cn:iam::NUMBER_OF_THE_MASTER_ACCOUNT:role/ROLE_OF_ENVCTL",
                "RoleName": "mine",
                "RolePath": "/of/teams/",
                "InstanceRoleArns": INSTANCE_ROLES.replace("arn:aws:", "arn:aws-cn:"),
                "ExternalId": "$EXTERNAL_ID",
            },
        ),
        (
            deploy_command(
                ACCOUNT,
                "123456789012",
                f"arn:aws:iam::{ACCOUNT}:role/roleInfraEnvironmentManagerChild",
                external_id=True,
            ),
            {
                "MasterRoleArns": MASTER_ROLES.format("123456789012"),
                "InstanceRoleArns": INSTANCE_ROLES,
                "ExternalId": "$EXTERNAL_ID",
            },
        ),
    ],
)
def test_the_command_gives_what_the_template_asks_for(
    command: str, parameters: dict[str, str], template: dict[str, Any]
) -> None:
    words = shlex.split(command)
    given = dict(word.split("=", 1) for word in words[words.index("--parameter-overrides") + 1 :])
    assert given == parameters
    assert (ROOT / "deploy" / words[words.index("--template-file") + 1]).is_file()
    known = {
        name: value.replace("NUMBER_OF_THE_MASTER_ACCOUNT", "123456789012").replace("$EXTERNAL_ID", "x1")
        for name, value in given.items()
    }  # fmt: skip
    assert Stack(template, known).statements()


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"ExternalId": None}, "none was given, and nobody said that there is none"),
        ({"ExternalId": "x"}, "STS takes two characters and more"),
        ({"MasterRoleArns": None}, "somebody is to be trusted"),
        ({"MasterRoleArns": "arn:aws:iam::123456789012:root"}, "not a whole account"),
        ({"MasterRoleArns": "*"}, "not everybody"),
        ({"MasterRoleArns": "arn:aws:iam::123456789012:role/envctl*"}, "roles, not patterns"),
        ({"MasterRoleArns": "arn:aws:iam::123456789012:user/ada"}, "keys of users live for ever"),
        ({"InstanceRoleArns": None}, "no default fits all"),
        ({"InstanceRoleArns": "*"}, "not any role"),
        ({"InstanceRoleArns": f"arn:aws:iam::{ACCOUNT}:role/*"}, "not any role"),
        ({"InstanceRoleArns": f"arn:aws:iam::{ACCOUNT}:role/role*"}, "nor all by convention"),
        ({"InstanceRoleArns": f"arn:aws:iam::{ACCOUNT}:role/*Web"}, "nor by their ends"),
        ({"TablePrefix": "*"}, "a prefix, not a pattern"),
        ({"KmsKeys": "*"}, "not any key"),
        ({"KmsKeys": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/*"}, "nor every key of the account"),
        ({"RolePath": "x"}, "no path"),
        ({"NoExternalId": "yes"}, "true or false"),
    ],
)
def test_parameters_that_let_too_much_are_refused(
    changed: dict[str, str | None], because: str, template: dict[str, Any]
) -> None:
    right = {
        "MasterRoleArns": "arn:aws:iam::123456789012:role/envctl,arn:aws:iam::123456789012:role/ci/plan",
        "InstanceRoleArns": f"arn:aws:iam::{ACCOUNT}:role/roleTango*,arn:aws:iam::{ACCOUNT}:role/teams/web",
        "ExternalId": "a-secret",
    }
    assert Stack(template, right).trust()
    wrong = {name: value for name, value in {**right, **changed}.items() if value is not None}
    with pytest.raises(RefusedParameters):
        pytest.fail(f"{because}: {Stack(template, wrong).statements()}")


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
