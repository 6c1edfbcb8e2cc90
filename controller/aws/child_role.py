"""The role in an account, as deploy/child.yaml makes it: the command that does, for whoever has credentials of that account."""

import re
from typing import Final

from controller.kinds.account import CONVENTIONAL_ROLE
from controller.model.partition import partition_of

TEMPLATE: Final = "child.yaml"
STACK: Final = "envctl-child"
MASTER_ROLE: Final = "ROLE_OF_ENVCTL"
"""Stands for the roles envctl runs as: whoever asks for the command need not be one of them, and a role that is trusted by
mistake is worse than one to be filled in."""
INSTANCE_ROLES: Final = "ROLES_OF_INSTANCES"
_UNKNOWN_MASTER: Final = "NUMBER_OF_THE_MASTER_ACCOUNT"
_ROLE: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::[0-9]{12}:role(?P<path>/(?:[\x21-\x7e]+/)?)(?P<name>[^/]+)"
)
_CALLER: Final = re.compile(r"User: arn:aws[a-z-]*:(?:iam|sts)::(?P<account>[0-9]{12}):")


def account_of_caller(said: str) -> str | None:
    """Return the number of the account whose caller AWS says it refused; None if it names none."""
    found = _CALLER.match(said)
    return found["account"] if found else None


def deploy_command(
    account: str,
    master: str | None,
    role_arn: str | None = None,
    *,
    external_id: bool = False,
    region: str = "",
) -> str:
    """Return the command, to be run where envctl is installed. What stands in capitals is to be filled in.

    ``master`` is the number of the account envctl runs in, None while it is not known; ``role_arn`` what the Account names,
    None for the conventional role in the partition of ``region``. An external id is no text for messages: the shell is to have it in EXTERNAL_ID.
    """
    role = _ROLE.fullmatch(role_arn or "")
    partition = role["partition"] if role else partition_of(region)
    roles = f"arn:{partition}:iam::{{}}:role/{{}}"
    parameters = [f"MasterRoleArns={roles.format(master or _UNKNOWN_MASTER, MASTER_ROLE)}"]
    if role and role["name"] != CONVENTIONAL_ROLE:
        parameters.append(f"RoleName={role['name']}")
    if role and role["path"] != "/":
        parameters.append(f"RolePath={role['path']}")
    parameters.append(f"InstanceRoleArns={roles.format(account, INSTANCE_ROLES)}")
    parameters.append('ExternalId="$EXTERNAL_ID"' if external_id else "NoExternalId=true")
    return (
        f"envctl deploy-template child > {TEMPLATE} &&"
        f" aws cloudformation deploy --stack-name {STACK} --template-file {TEMPLATE}"
        f" --capabilities CAPABILITY_NAMED_IAM --parameter-overrides {' '.join(parameters)}"
    )
