"""The role of deploy/master.yaml allows what the controller calls in its own account, and nothing else."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from botocore import xform_name
from botocore.session import get_session

from tests.support.master_stack import master_stack, policy
from tests.unit.aws.test_account_role import CALLERS

ROOT: Final = Path(__file__).parents[3]
SERVICES: Final = ("cloudwatch", "dynamodb", "dynamodbstreams", "kms", "logs", "s3", "secretsmanager", "sns", "sqs", "sts")  # fmt: skip
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "dynamodb:TransactWriteItems": ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
    "s3:CompleteMultipartUpload": ("s3:PutObject",),
    "s3:CreateMultipartUpload": ("s3:PutObject",),
    "s3:HeadObject": ("s3:GetObject",),
    "s3:ListObjectsV2": ("s3:ListBucket",),
    "s3:UploadPart": ("s3:PutObject",),
    "sns:PublishBatch": ("sns:Publish",),
    "sts:GetCallerIdentity": (),
}  # fmt: skip
"""Operation -> the actions AWS checks for it, where they are not called alike."""
BY_BOOTSTRAP: Final = {
    "dynamodb:CreateTable",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
}
"""What makes and mends tables: the stack does it here, so the daemon need not be able to."""
NO_CALLS: Final = {"sign", "verify"}
"""Words of the source that a service has a method of by the same name."""


def test_it_allows_what_is_called_and_no_other() -> None:
    stack = master_stack(CopyBucket="copies", SourceBucket="fleet")
    allowed = {
        action
        for name in ("Work", "Copies", "Source")
        for statement in policy(stack, name)
        for action in listed(statement["Action"])
    }

    assert sorted(allowed) == sorted(called() - BY_BOOTSTRAP)


def test_what_the_instance_does_beside_is_what_its_script_does() -> None:
    script = str(master_stack().properties("LaunchTemplate")["LaunchTemplateData"]["UserData"])
    done_by = {
        "cloudformation": "cfn-signal",
        "logs": "amazon-cloudwatch-agent-ctl",
        "s3": "aws s3 cp",
    }

    for statement in policy(master_stack(), "Install"):
        for action in listed(statement["Action"]):
            assert done_by[action.partition(":")[0]] in script


def test_every_statement_names_what_it_is_about() -> None:
    for statement in master_stack(CopyBucket="copies", SourceBucket="fleet").statements():
        for resource in listed(statement["Resource"]):
            assert re.fullmatch(r"arn:aws:[a-z0-9]+:[a-z0-9*-]*:(|[*]|[0-9]{12}):.{3,}", resource)
            assert resource.split(":", 5)[5] not in {"*", "table/*", "role/*"}


def test_what_people_and_pipelines_get_changes_no_table_and_enters_no_account() -> None:
    stack = master_stack()
    for name in ("PlanPolicy", "ReadPolicy", "OperatePolicy"):
        for statement in policy(stack, name):
            for action in listed(statement["Action"]):
                service, _, verb = action.partition(":")
                assert service != "sts"
                if service == "dynamodb":
                    assert re.fullmatch(r"(Batch)?GetItem|DescribeTable|Query|Scan", verb)


def called() -> set[str]:
    """Return the actions of the methods that the source names, apart from what is called in accounts."""
    found = set[str]()
    for method in _named() & {method for service in SERVICES for method in _methods(service)}:
        for service in SERVICES:
            operation = _methods(service).get(method)
            if operation and method not in NO_CALLS:
                action = f"{service.removesuffix('streams')}:{operation}"
                found.update(ACTIONS.get(action, (action,)))
    return found


def _named() -> set[str]:
    """Return what follows a dot, or stands alone in quotes: methods, and texts for calls by their names."""
    apart = tuple(ROOT / caller for caller in (*CALLERS, "controller/sandbox"))
    return {
        dotted or quoted
        for file in (ROOT / "controller").rglob("*.py")
        if not any(file.is_relative_to(caller) for caller in apart)
        for dotted, quoted in re.findall(r"\.([a-z_0-9]+)\b|\"([a-z_0-9]+)\"", file.read_text())
    }


@cache
def _methods(service: str) -> dict[str, str]:
    names = get_session().get_service_model(service).operation_names
    return {xform_name(operation): operation for operation in names}


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
