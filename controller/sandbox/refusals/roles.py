"""Roles that must exist and trust the caller.

    "The Amazon Resource Name (ARN) of the role to assume"; without a role that exists, or without the trust of its policy,
    AssumeRole fails with AccessDenied. "A cross-account role is usually set up to trust everyone in an account. [...]
    ExternalId: A unique identifier that might be required when you assume a role in another account." The policy may
    test it in its condition sts:ExternalId. (AWS Security Token Service API Reference, AssumeRole)

"Amazon EC2 Auto Scaling creates the AWSServiceRoleForAutoScaling service-linked role for you the first time that you create an Auto
Scaling group", with the permissions of whoever does: without ``iam:CreateServiceLinkedRole`` it is denied. (Amazon EC2 Auto Scaling
User Guide, Service-linked roles)

Only accounts that were furnished with a role are this strict: in others anybody gets in, as moto has it.
"""

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.models import iam_backends

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before
from controller.sandbox.state import STATE

_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": operator.eq,
    "StringLike": fnmatchcase,
}


LINKED_ROLE = "AWSServiceRoleForAutoScaling"
"""What Auto Scaling works as in an account."""


@before("autoscaling", "CreateAutoScalingGroup")
def linked_role(call: Call) -> None:
    """Refuse groups where Auto Scaling has no role of its own: whoever comes as a role from deploy/child.yaml may not make it."""
    if call.account not in STATE.settings.strict_accounts:
        return
    if LINKED_ROLE not in {role.name for role in iam_backends[call.account]["aws"].roles.values()}:
        resource = f"arn:aws:iam::{call.account}:role/aws-service-role/autoscaling.amazonaws.com/{LINKED_ROLE}"
        action = "iam:CreateServiceLinkedRole"
        raise Refused(
            "AccessDenied",
            f"User: {call.account} is not authorized to perform: {action} on resource: {resource} because no identity-based"
            f" policy allows the {action} action",
            status=403,
        )


@before("sts", "AssumeRole")
def trusting_role(call: Call) -> None:
    """Refuse roles that do not exist or do not trust the caller with the external id given."""
    arn = str(call.params["RoleArn"])
    account = arn.split(":")[4] if arn.count(":") >= 5 else ""
    if account not in STATE.settings.strict_accounts:
        return
    roles = iam_backends[account]["aws"].roles.values()
    role = next((role for role in roles if role.arn == arn), None)
    external_id = call.params.get("ExternalId")
    if role is None or not trusts(
        json.loads(str(role.assume_role_policy_document)), call.account, external_id
    ):
        raise Refused(
            "AccessDenied",
            f"User: arn:aws:iam::{call.account}:user/moto is not authorized to perform: sts:AssumeRole on resource: {arn}",
        )


def trusts(policy: Mapping[str, Any], account: str, external_id: str | None) -> bool:
    """Tell whether a trust policy lets an account in, coming with an external id or none."""
    statements = policy.get("Statement", [])
    fitting = [
        statement
        for statement in (statements if isinstance(statements, list) else [statements])
        if _names(statement.get("Principal", {}), account)
        and any(fnmatchcase("sts:AssumeRole", action) for action in _list(statement.get("Action")))
        and _holds(statement.get("Condition", {}), external_id)
    ]
    effects = {statement.get("Effect") for statement in fitting}
    return "Allow" in effects and "Deny" not in effects


def _list(value: Any) -> list[str]:
    return list(map(str, value if isinstance(value, list) else [value]))


def _names(principal: Any, account: str) -> bool:
    named: Iterable[str] = ["*"] if principal == "*" else _list(dict(principal).get("AWS", []))
    return any(
        name in ("*", account) or name.startswith(f"arn:aws:iam::{account}:") for name in named
    )


def _holds(condition: Mapping[str, Mapping[str, Any]], external_id: str | None) -> bool:
    """Tell whether every condition holds; those on anything but the external id do not, to be on the safe side."""
    for name, tests in condition.items():
        for key, wanted in tests.items():
            matches = _OPERATORS.get(name)
            if key != "sts:ExternalId" or external_id is None or matches is None:
                return False
            if not any(matches(external_id, pattern) for pattern in _list(wanted)):
                return False
    return True
