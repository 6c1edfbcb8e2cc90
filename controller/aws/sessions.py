"""Reaching accounts: by which role, with which session and clients, credentials renewed in time, their account checked."""

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, overload

from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import ClientError

from controller.aws.child_role import account_of_caller, deploy_command
from controller.aws.clients import Clients, Retries, place_of
from controller.aws.errors import (
    DENIED_CODES,
    Place,
    RoleNotReady,
    RoleRefused,
    aws_errors,
    bound_by,
    error_code,
    fix_of_denial,
    what_aws_says,
)
from controller.aws.shared_reads import SharedReads
from controller.errors import AccessDenied, EnvctlError
from controller.model.printable import in_short

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sts import STSClient

CREDENTIAL_LIFE_S = 3600
MASTER = ""
"""How the controller's own account is asked for: its own credentials, no role."""
LONGEST_ARN: Final = 1024
"""Of a caller: IAM's longest path and name come to fewer characters."""
SESSION_NAME_LENGTH = 64
"""STS: RoleSessionName is 2 to 64 characters of [\\w+=,.@-]."""
_ROLE_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):role/(?P<path>[\x21-\x7e]+/)?(?P<name>[\w+=,.@-]{1,64})"
)
_NOT_IN_SESSION_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_PART = {"part": "sessions"}


class Caller(NamedTuple):
    """Who AWS says a session's credentials belong to."""

    account: str
    arn: str


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """How an account is reached. ``account`` is twelve digits; ``role_arn`` None while the account has no role yet."""

    account: str
    role_arn: str | None
    external_id: str | None = None


class AwsAccess:
    """Sessions and clients of every account the controller knows. Thread-safe.

    One AssumeRole per account and credential life: the regions of an account share their credentials, which are
    renewed from fifteen minutes before their end, also in the middle of a long apply. Roles are checked before
    any call, and whose credentials they are before they are used. Errors of the renewal surface from the call that needed it.
    """

    def __init__(
        self,
        *,
        region: str,
        installation: str,
        instance: str,
        allowed_role_names: Iterable[str],
        clock: Callable[[], datetime],
        stop: threading.Event | None = None,
    ) -> None:
        """Take the master's region, the names for sessions (``envctl-<installation>-<instance>``), and the role names the settings allow.

        Once ``stop`` is set calls to child accounts are not tried again.
        """
        self.region = region
        who = _NOT_IN_SESSION_NAME.sub("-", f"envctl-{installation}-{instance}")
        self.session_name = who[:SESSION_NAME_LENGTH]
        """As STS takes it: other characters become ``-``."""
        self._allowed = frozenset(allowed_role_names)
        self._clients = Clients(Retries(stop=stop))
        self.counter = self._clients.counter
        """What counts the requests of all sessions."""
        self.shared = SharedReads(clock)
        """What scopes that are looked at side by side read but once."""
        self._clock = clock
        self._known: dict[str, AccountAccess] = {}
        self._credentials: dict[str, DeferredRefreshableCredentials] = {}
        self._caller: Caller | None = None
        self._asking = threading.Lock()
        self._lock = threading.RLock()

    def set_accounts(self, accounts: Iterable[AccountAccess]) -> None:
        """Say how accounts are reached, others staying as they are; one whose role or external id changed gets new sessions."""
        with self._lock:
            for access in accounts:
                account = access.account
                if self._known.get(account, access) != access:
                    self._credentials.pop(account, None)
                    self._clients.forget(account)
                self._known[account] = access

    @overload
    def client(
        self, service: Literal["autoscaling"], account: str = MASTER, region: str = ""
    ) -> "AutoScalingClient": ...
    @overload
    def client(
        self, service: Literal["dynamodb"], account: str = MASTER, region: str = ""
    ) -> "DynamoDBClient": ...
    @overload
    def client(
        self, service: Literal["dynamodbstreams"], account: str = MASTER, region: str = ""
    ) -> "DynamoDBStreamsClient": ...
    @overload
    def client(
        self, service: Literal["ec2"], account: str = MASTER, region: str = ""
    ) -> "EC2Client": ...
    @overload
    def client(
        self, service: Literal["s3"], account: str = MASTER, region: str = ""
    ) -> "S3Client": ...
    @overload
    def client(
        self, service: Literal["secretsmanager"], account: str = MASTER, region: str = ""
    ) -> "SecretsManagerClient": ...
    @overload
    def client(
        self, service: Literal["sts"], account: str = MASTER, region: str = ""
    ) -> "STSClient": ...
    @overload
    def client(self, service: str, account: str = MASTER, region: str = "") -> Any: ...

    def client(self, service: str, account: str = MASTER, region: str = "") -> Any:
        """Return the client of a service in an account and region (default: the master's), the same one each time.

        ``MASTER`` is the controller's own. No call is made before the client is used. Raises RoleRefused or RoleNotReady.
        """
        with self._lock:
            place, credentials = Place(MASTER, region or self.region), None
            if account != MASTER:
                access = self._known.get(account)
                if access is None or access.role_arn is None:
                    raise RoleNotReady(
                        f"account {account}: no role to reach it by",
                        fix=(
                            "with credentials of that account, make one, and write its roleArn into the Account:\n"
                            f"    {deploy_command(account, self._known_own_account(), region=self.region)}"
                        ),
                        facts=_PART,
                    )
                check_role(account, access.role_arn, self._allowed)
                place = Place(account, place.region, access.role_arn)
                credentials = self._credentials.get(account)
                if credentials is None:
                    credentials = self._credentials[account] = DeferredRefreshableCredentials(
                        partial(self._assume_role, self.client("sts"), access),
                        "envctl-assume-role",
                        time_fetcher=self._clock,
                    )
            return self._clients.client(place, service, credentials)

    def own_account(self) -> str:
        """Return the number of the controller's own account. AWS is asked once. Raises as any call."""
        with self._asking:
            if self._caller is None:
                sts = self.client("sts")
                with aws_errors("sessions: ask AWS who we are", place_of(sts)):
                    answer = sts.get_caller_identity()
                arn = in_short(str(answer["Arn"]), LONGEST_ARN)
                self._caller = Caller(str(answer["Account"]), arn)
            return self._caller.account

    def caller_arn(self) -> str:
        """Return whose the controller's own credentials are, as AWS said when it was asked; empty if it was not. No call is made."""
        return self._caller.arn if self._caller is not None else ""

    @contextmanager
    def telling_who(self) -> Iterator[None]:
        """Have a refusal of the controller's own credentials within the block say whose they are, as far as AWS tells.

        Where there is a refusal AWS is asked once who we are, which needs no permission.
        """
        try:
            yield
        except AccessDenied as error:
            with suppress(EnvctlError):
                self.own_account()
            who = self.caller_arn()
            if not who:
                raise
            detail = "\n".join(filter(None, (error.detail, f"  role: {who}")))
            raise AccessDenied(
                error.message, detail=detail, fix=error.fix, facts=error.facts
            ) from error

    def _known_own_account(self) -> str | None:
        """Return the number of the controller's own account, if it was asked for before."""
        return self._caller.account if self._caller is not None else None

    def _assume_role(self, sts: "STSClient", access: AccountAccess) -> dict[str, str]:
        # Called from inside a call of any thread, under botocore's own lock: it must take none of ours.
        # Roles of another partition cannot be assumed, and the ARN by convention knows none: it is always that of STS.
        ours = f"arn:{sts.meta.partition}:"
        role_arn = str(access.role_arn).replace("arn:aws:", ours, 1)
        if not role_arn.startswith(ours):
            raise RoleRefused(
                f"account {access.account}: its role is of another partition than {self.region}, from where none of it can be"
                f" assumed: {role_arn}",
                fix="correct the Account's roleArn; accounts of that partition need an installation of their own there",
            )
        request: dict[str, Any] = {
            "RoleArn": role_arn,
            "RoleSessionName": self.session_name,
            "DurationSeconds": CREDENTIAL_LIFE_S,
        }
        if access.external_id:
            request["ExternalId"] = access.external_id
        with aws_errors(f"sessions: assume {role_arn}", Place(MASTER, self.region)):
            try:
                answer = sts.assume_role(**request)
            except ClientError as error:
                if error_code(error) in DENIED_CODES:
                    access = replace(access, role_arn=role_arn)
                    raise role_denied(error, access, self._known_own_account()) from error
                raise
        # AWS names the session it made: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION (STS API Reference, AssumedRoleUser).
        whose = str(answer.get("AssumedRoleUser", {}).get("Arn", ""))
        if whose.split(":")[4:5] != [access.account]:
            raise AccessDenied(
                f"sessions: credentials meant for account {access.account} are not its own; nothing was asked with them",
                detail=f"  role: {role_arn}\n  whose they are, as AWS says: {in_short(whose, LONGEST_ARN) or 'nothing'}",
                fix="correct the Account's accountNumber and roleArn",
            )
        given = answer["Credentials"]
        # Fresh credentials that count as expired: botocore has nothing but RuntimeError for that.
        ahead = self._clock() - (given["Expiration"] - timedelta(seconds=CREDENTIAL_LIFE_S))
        if ahead >= timedelta(seconds=CREDENTIAL_LIFE_S):
            raise AccessDenied(
                f"sessions: this machine's clock is {ahead.total_seconds() / 60:.0f} minutes ahead of AWS's, so that credentials of"
                f" account {access.account} count as expired when they are new",
                fix="set the clock, and keep it with NTP (chrony)",
            )
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
            "account_id": access.account,
        }


def role_denied(
    error: ClientError, access: AccountAccess, master: str | None = None
) -> AccessDenied:
    """Say why a role could not be assumed, as far as AWS tells.

    AWS answers alike for a role that does not exist, one that does not trust us, and a wrong external id: RoleNotReady.
    Only where it names our own policy, or an explicit deny, the role itself is not what lacks: plain AccessDenied.
    """
    said = what_aws_says(error)
    head = f"account {access.account}: its role cannot be assumed"
    detail = f"  AWS says: {said or 'nothing'}\n  role: {access.role_arn}"
    error_class = AccessDenied
    is_forbidden, bound = "explicit deny" in said, bound_by(said)
    if is_forbidden or bound:
        why = "a policy forbids it" if is_forbidden else f"no {bound} allows it"
        fix = fix_of_denial("sts:AssumeRole", said, str(access.role_arn))
    elif "no identity-based policy" in said:
        why = "the controller's own role may not"
        fix = "allow sts:AssumeRole on this role, with its path, in the controller's own role (ChildRoleArns of deploy/master.yaml)"
    else:
        error_class = RoleNotReady
        why = (
            "it does not exist yet, does not trust the controller, or asks for another external id"
        )
        external = "no external id, as the Account has none"
        if access.external_id:
            external = "the Account's externalId"
        fix = (
            f"its trust policy must ask for {external}; with credentials of that account, make or mend it:\n"
            f"    {deploy_command(access.account, master or account_of_caller(said), access.role_arn, external_id=bool(access.external_id))}"
        )
    return error_class(f"{head}: {why}", detail=detail, fix=fix, facts=_PART)


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
            fix=f"give the Account a role of its own: arn:{role['partition']}:iam::{account}:role/{name}",
        )
    if name not in allowed_names:
        raise RoleRefused(
            f"account {account}: role {name} is not one the controller may use ({', '.join(sorted(allowed_names))})",
            fix="correct the Account's roleArn, or add the name to allowedRoleNames in the settings",
        )
