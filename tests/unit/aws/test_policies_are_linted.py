"""A linter that others keep knows each action of our policies, and finds none on a resource that it does not take."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.iam_policies import Stack, read_template
from tests.support.master_stack import ROOT, master_stack
from tests.unit.aws.test_the_role_denies import COPIES, PARAMETERS, UNMARKED

pytestmark = pytest.mark.slow

PYTHON: Final = ROOT / ".venv-policies/bin/python"
LINT: Final = """
import json, sys
from parliament import analyze_policy_string
print(json.dumps([[f.issue, f.detail] for f in analyze_policy_string(sys.stdin.read()).findings], default=str))
"""
IN_TWO_PARTS: Final = "ec2:RunInstances"
"""AWS documents it so where a launch template is asked for: one statement for the template, one for all else."""


def found_in(document: dict[str, Any]) -> list[Any]:
    """Return what the linter finds in a policy: a word for what is wrong, and what it is about."""
    asked = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", LINT],
        input=json.dumps(document), check=True, capture_output=True, text=True,
    )  # fmt: skip
    return [
        [issue, about]
        for issue, about in json.loads(asked.stdout)
        if not (issue == "RESOURCE_MISMATCH" and {one["action"] for one in about} == {IN_TWO_PARTS})
    ]


def policies() -> dict[str, dict[str, Any]]:
    """Return every policy of both templates, with all that parameters add."""
    child = read_template(ROOT / "deploy" / "child.yaml")
    stacks = {
        "master": master_stack(CopyBucket="copies", SourceBucket="fleet"),
        "child": Stack(child, {**PARAMETERS, **COPIES, **UNMARKED}),
    }
    return {
        f"{template}.{name}": stack.properties(name)["PolicyDocument"]
        for template, stack in stacks.items()
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for name in stack.made(kind)
    }


@pytest.fixture(autouse=True)
def _is_installed() -> None:
    if not Path(PYTHON).exists():
        pytest.skip("the linter is not installed here; fix: make policies")


@pytest.mark.parametrize("name", sorted(policies()))
def test_a_policy_is_clean(name: str) -> None:
    assert found_in(policies()[name]) == []


@pytest.mark.parametrize(
    ("action", "resource", "issue"),
    [
        ("dynamodb:PutItems", "arn:aws:dynamodb:eu-west-1:012345670123:table/x", "UNKNOWN_ACTION"),
        ("dynamodb:PutItem", "*", "RESOURCE_STAR"),
        ("dynamodb:PutItem", "arn:aws:s3:::bucket/*", "RESOURCE_MISMATCH"),
    ],
)
def test_what_is_wrong_would_be_found(action: str, resource: str, issue: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}

    found = found_in({"Version": "2012-10-17", "Statement": [statement]})

    assert [one for one, _ in found] == [issue]
