"""The role of an account: which one the controller may use, what it calls its sessions, the command that makes one."""

import re
from collections.abc import Collection
from typing import Final

from controller.aws.errors import RoleRefused
from controller.kinds.account import CONVENTIONAL_ROLE

TEMPLATE: Final = "deploy/child.yaml"
STACK: Final = "envctl-child"
SESSION_NAME_LENGTH = 64
"""STS: RoleSessionName is 2 to 64 characters of [\\w+=,.@-]."""
_ROLE_ARN = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):role/(?P<path>[\x21-\x7e]+/)?(?P<name>[\w+=,.@-]{1,64})"
)
_NOT_IN_SESSION_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_UNKNOWN_MASTER: Final = "NUMBER_OF_THE_MASTER_ACCOUNT"
_CALLER: Final = re.compile(r"User: arn:aws[a-z-]*:(?:iam|sts)::(?P<account>[0-9]{12}):")


def check_role(account: str, arn: str, allowed_names: Collection[str]) -> None:
    """Raise RoleRefused unless the role belongs to the account and its name is allowed.

    A rule of safety: whoever may edit an Account must not thereby lend the controller to another account.
    """
    role = _ROLE_ARN.fullmatch(arn)
    if role is None:
        raise RoleRefused(
            f"account {account}: {arn!r} is no ARN of a role",
            fix=f"write roleArn as arn:aws:iam::{account}:role/NAME",
        )
    owner, name = role["account"], role["name"]
    if owner != account:
        raise RoleRefused(
            f"account {account}: its roleArn belongs to account {owner}: {arn}",
            fix=f"give the Account a role of its own: arn:aws:iam::{account}:role/{name}",
        )
    if name not in allowed_names:
        raise RoleRefused(
            f"account {account}: role {name} is not one the controller may use ({', '.join(sorted(allowed_names))})",
            fix="correct the Account's roleArn, or add the name to allowedRoleNames in the settings",
        )


def session_name(installation: str, instance: str) -> str:
    """Return ``envctl-<installation>-<instance>`` as STS takes it: other characters become ``-``, cut to 64."""
    return _NOT_IN_SESSION_NAME.sub("-", f"envctl-{installation}-{instance}")[:SESSION_NAME_LENGTH]


def account_of_caller(said: str) -> str | None:
    """Return the number of the account whose caller AWS says it refused; None if it names none."""
    found = _CALLER.match(said)
    return found["account"] if found else None


def deploy_command(
    master: str | None, role_name: str = CONVENTIONAL_ROLE, *, external_id: bool = False
) -> str:
    """Return the command, for whoever has credentials of the account and the repository of envctl at hand.

    ``master`` is the number of the account envctl runs in, None while it is not known. An external id is no text for
    messages: the shell is to have it in EXTERNAL_ID.
    """
    parameters = [f"MasterAccountId={master or _UNKNOWN_MASTER}"]
    if role_name != CONVENTIONAL_ROLE:
        parameters.append(f"RoleName={role_name}")
    if external_id:
        parameters.append('ExternalId="$EXTERNAL_ID"')
    return (
        f"aws cloudformation deploy --stack-name {STACK} --template-file {TEMPLATE}"
        f" --capabilities CAPABILITY_NAMED_IAM --parameter-overrides {' '.join(parameters)}"
    )
