"""Reaching accounts: one session per account and region, credentials renewed in time, identity asserted."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import ClientError

from controller.aws.account_role import account_of_caller, check_role, deploy_command, session_name
from controller.aws.clients import CallCounter, Clients
from controller.aws.errors import DENIED_CODES, RoleNotReady, aws_errors, error_code
from controller.aws.place import Place
from controller.aws.retry import Retries
from controller.errors import AccessDenied

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sts import STSClient

CREDENTIAL_LIFE_S = 3600
MASTER = ""
"""How the controller's own account is asked for: its own credentials, no role."""
_PART = {"part": "sessions"}


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
    any call. Errors of the renewal surface from the call that needed it.
    """

    def __init__(
        self,
        *,
        region: str,
        installation: str,
        instance: str,
        allowed_role_names: Iterable[str],
        retries: Retries | None = None,
        counter: CallCounter | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take the master's region, the names for sessions, and the role names the settings allow."""
        self.region = region
        self._session_name = session_name(installation, instance)
        self._allowed = frozenset(allowed_role_names)
        self._clients = Clients(retries, counter)
        self._clock = clock
        self._known: dict[str, AccountAccess] = {}
        self._credentials: dict[str, DeferredRefreshableCredentials] = {}
        self._sessions: dict[Place, boto3.Session] = {}
        self._asserted: dict[Place, str] = {}
        self._asserting: defaultdict[Place, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.RLock()

    @property
    def counter(self) -> CallCounter:
        """What counts the requests of all sessions."""
        return self._clients.counter

    def set_accounts(self, accounts: Iterable[AccountAccess]) -> None:
        """Replace the accounts known; an account whose role or external id changed gets new sessions."""
        fresh = {access.account: access for access in accounts}
        with self._lock:
            for account, before in self._known.items():
                if fresh.get(account) != before:
                    self._forget(account)
            self._known = fresh

    def session(self, account: str, region: str = "") -> boto3.Session:
        """Return the session of an account and region (default: the master's); ``MASTER`` is the controller's own.

        No call is made before the session is used. Raises RoleRefused or RoleNotReady.
        """
        with self._lock:
            place = self._place(account, region)
            found = self._sessions.get(place)
            if found is None:
                credentials = (
                    None if account == MASTER else self._account_credentials(self._known[account])
                )
                found = self._clients.new_session(place, credentials)
                self._sessions[place] = found
            return found

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
        self, service: Literal["ec2"], account: str = MASTER, region: str = ""
    ) -> "EC2Client": ...
    @overload
    def client(
        self, service: Literal["iam"], account: str = MASTER, region: str = ""
    ) -> "IAMClient": ...
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
        self, service: Literal["sns"], account: str = MASTER, region: str = ""
    ) -> "SNSClient": ...
    @overload
    def client(
        self, service: Literal["sts"], account: str = MASTER, region: str = ""
    ) -> "STSClient": ...
    @overload
    def client(self, service: str, account: str = MASTER, region: str = "") -> Any: ...

    def client(self, service: str, account: str = MASTER, region: str = "") -> Any:
        """Return the client of a service in an account and region, the same one each time. Raises as ``session``."""
        session = self.session(account, region)
        return self._clients.client(session, self._place(account, region), service)

    def assert_identity(self, account: str, region: str = "") -> str:
        """Make sure, before a first write, that the session's credentials are the account's; return its number.

        One GetCallerIdentity per session. Raises AccessDenied if they belong to another account, and as any call.
        For ``MASTER`` there is nothing to compare with: the answer tells which account it is.
        """
        sts = self.client("sts", account, region)
        with self._lock:
            place = self._place(account, region)
            asserting = self._asserting[place]
        with asserting:
            found = self._asserted.get(place)
            if found is None:
                with aws_errors("sessions: ask AWS who we are", place):
                    found = str(sts.get_caller_identity()["Account"])
                if account not in (MASTER, found):
                    raise AccessDenied(
                        f"sessions: credentials meant for account {account} belong to account {found}; nothing was written",
                        detail=f"  role: {place.role}",
                        fix="correct the Account's accountNumber and roleArn",
                    )
                self._asserted[place] = found
            return found

    def _place(self, account: str, region: str) -> Place:
        if account == MASTER:
            return Place(MASTER, region or self.region)
        access = self._known.get(account)
        if access is None or access.role_arn is None:
            raise RoleNotReady(
                f"account {account}: no role to reach it by",
                fix=(
                    "with credentials of that account, make one, and write its roleArn into the Account:\n"
                    f"    {deploy_command(self._master())}"
                ),
                facts=_PART,
            )
        check_role(account, access.role_arn, self._allowed)
        return Place(account, region or self.region, access.role_arn)

    def _master(self) -> str | None:
        """Return the number of the controller's own account, if it was asked for before."""
        return self._asserted.get(Place(MASTER, self.region))

    def _account_credentials(self, access: AccountAccess) -> DeferredRefreshableCredentials:
        found = self._credentials.get(access.account)
        if found is None:
            sts = self.client("sts")
            found = DeferredRefreshableCredentials(
                lambda: self._assume_role(sts, access),
                "envctl-assume-role",
                time_fetcher=self._clock,
            )
            self._credentials[access.account] = found
        return found

    def _assume_role(self, sts: "STSClient", access: AccountAccess) -> dict[str, str]:
        # Called from inside a call of any thread, under botocore's own lock: it must take none of ours.
        request: dict[str, Any] = {
            "RoleArn": access.role_arn,
            "RoleSessionName": self._session_name,
            "DurationSeconds": CREDENTIAL_LIFE_S,
        }
        if access.external_id:
            request["ExternalId"] = access.external_id
        with aws_errors(f"sessions: assume {access.role_arn}", Place(MASTER, self.region)):
            try:
                answer = sts.assume_role(**request)["Credentials"]
            except ClientError as error:
                if error_code(error) in DENIED_CODES:
                    raise role_denied(error, access, self._master()) from error
                raise
        self._refuse_wrong_clock(answer["Expiration"], access)
        return {
            "access_key": answer["AccessKeyId"],
            "secret_key": answer["SecretAccessKey"],
            "token": answer["SessionToken"],
            "expiry_time": answer["Expiration"].isoformat(),
            "account_id": access.account,
        }

    def _refuse_wrong_clock(self, end: datetime, access: AccountAccess) -> None:
        """Raise AccessDenied where fresh credentials count as expired: botocore has nothing but RuntimeError for that."""
        ahead = self._clock() - (end - timedelta(seconds=CREDENTIAL_LIFE_S))
        if ahead >= timedelta(seconds=CREDENTIAL_LIFE_S):
            raise AccessDenied(
                f"sessions: this machine's clock is {ahead.total_seconds() / 60:.0f} minutes ahead of AWS's, so that credentials of"
                f" account {access.account} count as expired when they are new",
                fix="set the clock, and keep it with NTP (chrony)",
            )

    def _forget(self, account: str) -> None:
        self._credentials.pop(account, None)
        for place in [place for place in self._sessions if place.account == account]:
            del self._sessions[place]
            self._asserted.pop(place, None)
            self._clients.forget(place)


def role_denied(
    error: ClientError, access: AccountAccess, master: str | None = None
) -> AccessDenied:
    """Say why a role could not be assumed, as far as AWS tells.

    AWS answers alike for a role that does not exist, one that does not trust us, and a wrong external id: RoleNotReady.
    Only where it names our own policy, or an explicit deny, the role itself is not what lacks: plain AccessDenied.
    """
    said = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())[:500]
    head = f"account {access.account}: its role cannot be assumed"
    detail = f"  AWS says: {said or 'nothing'}\n  role: {access.role_arn}"
    if "explicit deny" in said:
        return AccessDenied(
            f"{head}: a policy forbids it",
            detail=detail,
            fix="take sts:AssumeRole on this role out of that deny",
            facts=_PART,
        )
    if "no identity-based policy" in said:
        return AccessDenied(
            f"{head}: the controller's own role may not",
            detail=detail,
            fix="allow sts:AssumeRole on this role in the controller's own role",
            facts=_PART,
        )
    external = (
        "its trust policy must ask for the Account's externalId"
        if access.external_id
        else "its trust policy must ask for no external id, as the Account has none"
    )
    return RoleNotReady(
        f"{head}: it does not exist yet, does not trust the controller, or asks for another external id",
        detail=detail,
        fix=(
            f"{external}; with credentials of that account, make or mend it:\n"
            f"    {deploy_command(master or account_of_caller(said), str(access.role_arn).rpartition('/')[2], external_id=bool(access.external_id))}"
        ),
        facts=_PART,
    )
