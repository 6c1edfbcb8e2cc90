"""Which role of an account the controller may use, and what it calls its sessions."""

import re
from collections.abc import Collection
from typing import NamedTuple

from controller.aws.errors import RoleRefused

_ROLE_ARN = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):role/(?P<path>[\x21-\x7e]+/)?(?P<name>[\w+=,.@-]{1,64})"
)
_NOT_IN_SESSION_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
SESSION_NAME_LENGTH = 64
"""STS: RoleSessionName is 2 to 64 characters of [\\w+=,.@-]."""


class RoleArn(NamedTuple):
    """The parts of a role's ARN that matter here; ``account`` keeps its leading zeros."""

    account: str
    name: str


def parse_role_arn(arn: str) -> RoleArn | None:
    """Read a role's ARN; None if it is none."""
    found = _ROLE_ARN.fullmatch(arn)
    return RoleArn(found["account"], found["name"]) if found else None


def check_role(account: str, arn: str, allowed_names: Collection[str]) -> None:
    """Raise RoleRefused unless the role belongs to the account and its name is allowed.

    A rule of safety: whoever may edit an Account must not thereby lend the controller to another account.
    """
    role = parse_role_arn(arn)
    if role is None:
        raise RoleRefused(
            f"account {account}: {arn!r} is no ARN of a role",
            fix=f"write roleArn as arn:aws:iam::{account}:role/NAME",
        )
    if role.account != account:
        raise RoleRefused(
            f"account {account}: its roleArn belongs to account {role.account}: {arn}",
            fix=f"give the Account a role of its own: arn:aws:iam::{account}:role/{role.name}",
        )
    if role.name not in allowed_names:
        raise RoleRefused(
            f"account {account}: role {role.name} is not one the controller may use ({', '.join(sorted(allowed_names))})",
            fix="correct the Account's roleArn, or add the name to allowedRoleNames in the settings",
        )


def session_name(installation: str, instance: str) -> str:
    """Return ``envctl-<installation>-<instance>`` as STS takes it: other characters become ``-``, cut to 64."""
    return _NOT_IN_SESSION_NAME.sub("-", f"envctl-{installation}-{instance}")[:SESSION_NAME_LENGTH]
