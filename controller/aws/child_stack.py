"""The stack that gives an account the role envctl works by there, and the command that deploys it."""

import re
from typing import Final

from controller.kinds.account import CONVENTIONAL_ROLE

TEMPLATE: Final = "deploy/child.yaml"
STACK: Final = "envctl-child"
_UNKNOWN_MASTER: Final = "NUMBER_OF_THE_MASTER_ACCOUNT"
_CALLER: Final = re.compile(r"User: arn:aws[a-z-]*:(?:iam|sts)::(?P<account>[0-9]{12}):")


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
