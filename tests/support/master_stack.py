"""The stack of deploy/master.yaml as somebody deploys it, and who may do what in it."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.support.iam_policies import ACCOUNT, REGION, Call, Stack, allows, read_template

ROOT: Final = Path(__file__).parents[2]
TEMPLATE: Final = ROOT / "deploy" / "master.yaml"
BREAK_GLASS: Final = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
READER: Final = f"arn:aws:iam::{ACCOUNT}:role/teams/reporting"
ADMINISTRATOR: Final = f"arn:aws:iam::{ACCOUNT}:role/administrator"
ENVCTL: Final = f"arn:aws:iam::{ACCOUNT}:role/roleInfraEnvironmentManager"
PARAMETERS: Final = {
    "BreakGlassRoleArn": BREAK_GLASS,
    "ReaderRoleArns": READER,
    "TablePrefix": "acme-",
    "VpcId": "vpc-1",
    "LoadBalancerSubnetIds": "subnet-1,subnet-2",
    "InstanceSubnetIds": "subnet-3,subnet-4",
    "ClientCidr": "10.0.0.0/8",
    "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
    "Release": "1.0.0",
}
"""What has no default, and a release, so that there are instances."""

CONFIGURATION: Final = f"arn:aws:s3:::envctl-configuration-{ACCOUNT}-{REGION}"
BACKUPS: Final = f"arn:aws:s3:::envctl-backups-{ACCOUNT}-{REGION}"
LOOKS: Final = f"arn:aws:s3:::envctl-looks-{ACCOUNT}-{REGION}"
QUEUE: Final = f"arn:aws:sqs:{REGION}:{ACCOUNT}:envctl.fifo"
DEAD_LETTERS: Final = f"arn:aws:sqs:{REGION}:{ACCOUNT}:envctl-dead.fifo"
_EVERYTHING: Final[list[dict[str, Any]]] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


@cache
def master_template() -> dict[str, Any]:
    """Return the template."""
    return read_template(TEMPLATE)


def master_stack(**more: str) -> Stack:
    """Return the stack, with further parameters."""
    return Stack(master_template(), {**PARAMETERS, **more})


def table(name: str) -> str:
    """Return the ARN of a table, by its logical name, or of what belongs to it."""
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/acme-{name}"


def may(stack: Stack, principal: str, call: Call) -> bool:
    """Tell whether AWS lets a principal do it: by policies of its own, and those of what the call is about.

    An administrator and the break-glass role may everything that nothing denies, a reader what ReadPolicy allows.
    """
    if principal == ENVCTL:
        own = stack.statements()
    else:
        own = policy(stack, "ReadPolicy") if principal == READER else _EVERYTHING
    context = {"aws:SecureTransport": "true", **call.context, "aws:PrincipalArn": principal}
    found = [*own, *_of_resource(stack, call.resource)]
    return allows(found, Call(call.action, call.resource, context))


def policy(stack: Stack, name: str) -> list[dict[str, Any]]:
    """Return the statements of a managed policy."""
    found: list[dict[str, Any]] = stack.properties(name)["PolicyDocument"]["Statement"]
    return found


def _of_resource(stack: Stack, resource: str) -> list[dict[str, Any]]:
    if ":dynamodb:" in resource:
        named = resource.partition(":table/")[2].partition("/")[0]
        for name in stack.made("AWS::DynamoDB::Table"):
            found = stack.properties(name)
            if found["TableName"] == named and "/stream/" not in resource:
                return list(found["ResourcePolicy"]["PolicyDocument"]["Statement"])
    kinds = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")
    return [
        statement
        for kind in kinds
        for name in stack.made(kind)
        for statement in stack.properties(name)["PolicyDocument"]["Statement"]
        if any(resource.startswith(one.rstrip("*")) for one in _listed(statement["Resource"]))
    ]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
