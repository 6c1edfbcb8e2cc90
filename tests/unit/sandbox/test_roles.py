"""Roles of furnished accounts: who gets in and who does not."""

from dataclasses import asdict
from typing import Any

import pytest
from botocore.exceptions import ClientError

from controller.sandbox.refusals.roles import trusts
from controller.sandbox.seed import CHILD_ROLE, AccountNeeds
from tests.support.embedded_aws import AwsForTests

MASTER, CHILD, STRANGER = "123456789012", "000000000042", "000000000099"


def _policy(**statement: Any) -> dict[str, Any]:
    return {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{MASTER}:root"},
                "Action": "sts:AssumeRole",
                **statement,
            }
        ]
    }


SECRET = {"StringEquals": {"sts:ExternalId": "s3cret"}}


@pytest.mark.parametrize(
    ("policy", "account", "external_id", "in_", "because"),
    [
        (_policy(), MASTER, None, True, "the account is named"),
        (_policy(), STRANGER, None, False, "another account is named"),
        (_policy(Principal={"AWS": [STRANGER, MASTER]}), MASTER, None, True, "named by number"),
        (_policy(Principal="*"), STRANGER, None, True, "anybody"),
        (_policy(Action="sts:TagSession"), MASTER, None, False, "another action"),
        (_policy(Effect="Deny"), MASTER, None, False, "denied"),
        (_policy(Condition=SECRET), MASTER, "s3cret", True, "the external id fits"),
        (_policy(Condition=SECRET), MASTER, "other", False, "another external id"),
        (_policy(Condition=SECRET), MASTER, None, False, "no external id"),
        (
            _policy(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
            MASTER,
            None,
            False,
            "a condition nobody here can judge",
        ),
    ],
)
def test_a_trust_policy(
    policy: dict[str, Any], account: str, external_id: str | None, in_: bool, because: str
) -> None:
    assert trusts(policy, account, external_id) is in_, because


@pytest.fixture
def child(aws: AwsForTests) -> AwsForTests:
    """An account whose role asks for an external id."""
    needs = AccountNeeds(CHILD, role=CHILD_ROLE, external_id="s3cret")
    aws.controls.send("accounts", {"accounts": [asdict(needs)]})
    return aws


def _assume(aws: AwsForTests, role: str = CHILD_ROLE, caller: str = "", **given: str) -> str:
    sts = aws.client("sts", caller)
    found = sts.assume_role(
        RoleArn=f"arn:aws:iam::{CHILD}:role/{role}", RoleSessionName="test", **given
    )
    return str(found["AssumedRoleUser"]["Arn"])


def test_the_right_caller_with_the_right_external_id_gets_in(child: AwsForTests) -> None:
    assert f":{CHILD}:assumed-role/{CHILD_ROLE}/" in _assume(child, ExternalId="s3cret")


@pytest.mark.parametrize(
    ("role", "caller", "given"),
    [
        (CHILD_ROLE, "", {}),
        (CHILD_ROLE, "", {"ExternalId": "guess"}),
        (CHILD_ROLE, STRANGER, {"ExternalId": "s3cret"}),
        ("roleThatIsNot", "", {"ExternalId": "s3cret"}),
    ],
)
def test_everybody_else_is_denied(
    child: AwsForTests, role: str, caller: str, given: dict[str, str]
) -> None:
    with pytest.raises(ClientError) as error:
        _assume(child, role, caller, **given)

    assert error.value.response["Error"]["Code"] == "AccessDenied"


def test_strictness_is_a_switch(child: AwsForTests) -> None:
    child.controls.settings(strict_accounts=[])

    assert _assume(child, "roleThatIsNot")


def test_groups_need_the_role_of_auto_scaling_itself(child: AwsForTests) -> None:
    iam, scaling = child.client("iam", CHILD), child.client("autoscaling", CHILD)
    group = {"AutoScalingGroupName": "c50-ta-Web", "MinSize": 0, "MaxSize": 0}
    iam.delete_role(RoleName="AWSServiceRoleForAutoScaling")

    with pytest.raises(ClientError, match="perform: iam:CreateServiceLinkedRole on resource"):
        scaling.create_auto_scaling_group(**group)


def test_a_role_made_later_is_found(aws: AwsForTests) -> None:
    aws.controls.settings(strict_accounts=[CHILD])
    with pytest.raises(ClientError):
        _assume(aws)
    needs = AccountNeeds(CHILD, role=CHILD_ROLE)
    aws.controls.send("accounts", {"accounts": [asdict(needs)]})

    assert _assume(aws)
