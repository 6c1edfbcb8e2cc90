"""botocore's errors in our words: what failed, where, and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from controller.errors import (
    AccessDenied,
    Conflict,
    EnvctlError,
    RefusedByAws,
    Throttled,
    Unreachable,
    WrongUsage,
)
from controller.redactor import REDACTOR

THROTTLE_CODES = frozenset({
    "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException", "Throttling",
    "ThrottlingError", "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
TRANSIENT_CODES = frozenset({
    "IDPCommunicationError", "InternalError", "InternalFailure", "InternalServerError",
    "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "ServiceUnavailableException",
    "TransactionInProgressException", "Unavailable", "500", "502", "503", "504",
})  # fmt: skip
CAPACITY_CODES = frozenset({
    "InsufficientAddressCapacity", "InsufficientCapacity", "InsufficientCapacityOnHost", "InsufficientHostCapacity",
    "InsufficientInstanceCapacity", "InsufficientReservedInstanceCapacity", "InsufficientVolumeCapacity",
    "ReservationCapacityExceeded",
})  # fmt: skip
"""AWS has none of what was asked for. Most come with HTTP 5xx, and are refusals all the same: nothing was done, and to ask again
within seconds does not help."""
CONFLICT_CODES = frozenset({
    "ConditionalCheckFailed", "ConditionalCheckFailedException", "ConditionalRequestConflict",
    "PreconditionFailed", "TransactionConflict", "TransactionConflictException", "412",
})  # fmt: skip
DENIED_CODES = frozenset({
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden",
    "NotAuthorized", "OptInRequired", "UnauthorizedOperation", "401", "403",
})  # fmt: skip
EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
BAD_CREDENTIALS_CODES = frozenset({
    "AuthFailure", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
CLOCK_CODES = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
NOT_FOUND_CODES = frozenset({
    "AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket", "NoSuchEntity", "NoSuchKey", "NotFound", "QueueDoesNotExist",
    "ResourceNotFoundException", "TableNotFoundException", "404",
})  # fmt: skip
# Auto Scaling has one code, ValidationError, for every mistake: only its words tell that something is not there.
_NOT_FOUND_WORDS = {
    "DeleteAutoScalingGroup": "not found",
    "DeleteLifecycleHook": "no lifecycle hook found",
    "BatchDeleteScheduledAction": "not found",
}
# EC2 names the instances that are the reason in its message alone.
_INSTANCE = re.compile(r"\bi-[0-9a-zA-Z]+")

_NEVER_SENT = (
    aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ProxyConnectionError, aws.SSLError,
)  # fmt: skip
_NO_ANSWER = (
    aws.HTTPClientError, aws.ConnectionError, aws.IncompleteReadError, ResponseParserError,
)  # fmt: skip
_NO_CREDENTIALS = (
    aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError, aws.NoAuthTokenError,
    aws.TokenRetrievalError, aws.SSOError, aws.LoginError, aws.ProfileNotFound, aws.UnknownCredentialError,
    aws.MetadataRetrievalError,
)  # fmt: skip
_BAD_SETTINGS = (
    aws.NoRegionError, aws.InvalidRegionError, aws.UnknownRegionError, aws.UnknownEndpointError,
    aws.EndpointProviderError, aws.InvalidConfigError, aws.ConfigParseError, aws.ConfigNotFound,
)  # fmt: skip
_IAM_ACTIONS = {
    "GetObject": "s3:GetObject", "GetObjectTagging": "s3:GetObjectTagging", "GetSecretValue": "secretsmanager:GetSecretValue",
    "HeadObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket", "PutObject": "s3:PutObject",
}  # fmt: skip
"""Operations whose refusals need not name the permission, which has another name -> the permission."""
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.DOTALL)
_USER_IN_URL = re.compile(r"//[^/@\s]+@")
_EXPLICIT_DENY = re.compile(
    r"explicit deny(?: in an? (?P<policy>[a-zA-Z -]+?(?:policy|boundary)))?"
)
_NOT_ALLOWED_BY = re.compile(r"because no (?P<policy>[a-zA-Z -]+?(?:policy|boundary)) allows")
"""How AWS names the kind of policy. (IAM User Guide, Troubleshoot access denied error messages)"""
_OF_RESOURCES = "resource-based policy"
_GRANTS = ("identity-based policy", _OF_RESOURCES)
"""Kinds of policies that allow by themselves; the others bound what these allow."""
_ACTION = re.compile(r"not authorized to perform:? ([\w-]+:\w+)(?: on resource: (arn:[^\s\"]+))?")
_OTHER_FIXES = {
    "iam:CreateServiceLinkedRole": (
        "the service's own role is not there yet, and no policy in deploy/ lets it be made; once, with credentials of that account:"
        " aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com"
    ),
    "iam:PassRole": "name {} in InstanceRoleArns of deploy/child.yaml: what is named there fits a role with its whole path alone",
}
"""What helps where AWS checks for another action than was called; ``{}`` is what it is about."""


class Place(NamedTuple):
    """Where in AWS a call goes. ``account`` is twelve digits, or empty for the account the controller itself runs in."""

    account: str
    region: str
    role: str = ""
    """ARN of the role the call is made with; empty for the controller's own credentials."""

    def __str__(self) -> str:
        """Print as errors say it: ``account 012345670123, eu-west-1``."""
        account = f"account {self.account}" if self.account else "the master account"
        return f"{account}, {self.region}" if self.region else account


NOWHERE = Place("", "")


class OutcomeUnknown(Unreachable):
    """The request left but no answer came: it may or may not have been done. Look before sending another."""


class TableMissing(Unreachable):
    """A table the controller needs does not exist; ``envctl bootstrap`` creates it."""


class RoleNotReady(AccessDenied):
    """An account's role cannot be assumed yet: it does not exist or does not trust the controller."""


class TablesNotReady(Unreachable):
    """An account lacks tables that something there is kept in, or has one of another key; whoever owns the account has to make them."""


class RoleRefused(AccessDenied):
    """An account's role is one the controller may not use; no call was made."""


class NotFound(RefusedByAws):
    """What the call named does not exist."""


def error_code(error: Exception) -> str:
    """Return AWS's code of a client error; empty for anything else."""
    if not isinstance(error, aws.ClientError):
        return ""
    return str(error.response.get("Error", {}).get("Code", ""))


def what_aws_says(error: aws.ClientError) -> str:
    """Return AWS's own message on one line, short enough to read. AWS quotes what it was sent: no secret of ours is in it."""
    message = REDACTOR.redact_quoted(str(error.response.get("Error", {}).get("Message", "")))
    return " ".join(_ENCODED.sub("", message).split())[:500]


def may_have_been_done(error: Exception) -> bool:
    """Tell whether a failed request may have taken effect: it was sent, and the answer was lost or a server fault."""
    if isinstance(error, aws.ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return answer_leaves_outcome_open(error_code(error), status)
    return isinstance(error, _NO_ANSWER) and not isinstance(error, _NEVER_SENT)


def answer_leaves_outcome_open(code: str, status: int) -> bool:
    """Tell whether an error answer leaves open if the request was done; a throttled one (also as 503) or one without capacity was not."""
    was_not = code in THROTTLE_CODES or code in CAPACITY_CODES
    return not was_not and (status >= 500 or code in TRANSIENT_CODES)


@contextmanager
def aws_errors(what: str, place: Place = NOWHERE, table: str = "") -> Iterator[None]:
    """Translate every botocore error raised inside into one of ours, chained.

    ``what`` says what was being done, as the message begins: ``tables: read InfraConfigServices``. ``table`` is given for a
    call on one table, so that a missing one is told as what it is: TableMissing.
    Raises AccessDenied, Throttled, Unreachable, Conflict, NotFound, RefusedByAws, WrongUsage; our own errors pass.
    """
    try:
        yield
    except EnvctlError:
        raise
    except (aws.ClientError, aws.BotoCoreError, ResponseParserError) as error:
        if table and error_code(error) in NOT_FOUND_CODES:
            raise TableMissing(
                f"tables: table {table} does not exist in {place}",
                fix="envctl bootstrap creates it; check region and resourcePrefix in the settings",
            ) from error
        found = translate(error, what, place)
        found.facts.setdefault("part", what.partition(": ")[0])
        raise found from error


def translate(error: Exception, what: str, place: Place = NOWHERE) -> EnvctlError:
    """Return our error for a botocore error. A botocore error that means a defect of ours becomes a plain EnvctlError."""
    if isinstance(error, aws.ClientError):
        return _translate_answer(error, what, place)
    said = REDACTOR.redact_quoted(_USER_IN_URL.sub("//", str(error)))
    if isinstance(error, _NO_CREDENTIALS):
        return AccessDenied(
            f"{what}: no usable AWS credentials for {place}",
            detail=f"  botocore says: {said}",
            fix="sign in (aws sso login), set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the machine an instance role",
        )
    if isinstance(error, _BAD_SETTINGS):
        return WrongUsage(
            f"{what}: AWS cannot be addressed",
            detail=f"  botocore says: {said}",
            fix="set region in the settings, or AWS_REGION; check AWS_ENDPOINT_URL and the AWS configuration file",
        )
    if isinstance(error, _NO_ANSWER):
        return Unreachable(
            f"{what}: no answer from AWS in {place}",
            detail=f"  botocore says: {said}",
            fix="nothing if it passes, it is tried again; otherwise check network, proxy and AWS_ENDPOINT_URL",
        )
    return EnvctlError(f"{what}: the AWS client failed in {place}: {type(error).__name__}: {said}")


def _translate_answer(error: aws.ClientError, what: str, place: Place) -> EnvctlError:
    code = error_code(error)
    said = what_aws_says(error)
    call = f"{error.operation_name} in {place}"
    if code in DENIED_CODES:
        return _denied(error, what, place, said)
    if code in EXPIRED_CODES:
        return AccessDenied(
            f"{what}: the credentials used for {call} have expired ({code})",
            fix="sign in again (aws sso login), or renew the exported session token",
        )
    if code in BAD_CREDENTIALS_CODES:
        return AccessDenied(
            f"{what}: AWS does not accept the credentials used for {call} ({code})",
            detail=f"  AWS says: {said}",
            fix="check AWS_PROFILE and AWS_ACCESS_KEY_ID, and that the region is enabled for the account",
        )
    if code in CLOCK_CODES:
        return AccessDenied(
            f"{what}: AWS finds this machine's clock wrong at {call} ({code})", fix="set the clock"
        )
    if code in CONFLICT_CODES:
        return Conflict(
            f"{what}: changed by somebody else since it was read ({call}: {code})", fix="plan again"
        )
    if code in THROTTLE_CODES:
        return Throttled(
            f"{what}: AWS throttles {call} ({code}) for longer than the retry budget allows",
            fix="nothing, it is tried again later; if it stays so, raise the quota or look less often",
        )
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in TRANSIENT_CODES or (status >= 500 and code not in CAPACITY_CODES):
        return Unreachable(
            f"{what}: AWS failed at {call} ({code})",
            detail=f"  AWS says: {said}",
            fix="nothing if it passes, it is tried again; otherwise see the AWS health page",
        )
    is_gone = code in NOT_FOUND_CODES or says_not_found(str(error.operation_name), said)
    return (NotFound if is_gone else RefusedByAws)(
        f"{what}: AWS refused {call} ({code})",
        code,
        detail=f"  AWS says: {said}",
        instances=_INSTANCE.findall(said),
    )


def _denied(error: aws.ClientError, what: str, place: Place, said: str) -> AccessDenied:
    found = _ACTION.search(said)
    operation = str(error.operation_name)
    action = found.group(1) if found else _IAM_ACTIONS.get(operation, operation)
    who = place.role or "the controller's own credentials"
    denied = AccessDenied(
        f"{what}: access denied to {action} in {place}, as {who}",
        detail=f"  AWS says: {said or error_code(error)}",
        fix=fix_of_denial(action, said, (found and found.group(2)) or "that role"),
    )
    denied.instances = frozenset(_INSTANCE.findall(said))
    return denied


def bound_by(said: str) -> str:
    """Return the kind of policy that AWS names as not allowing, of those that bound what a role's own policies allow; else nothing."""
    lacking = _NOT_ALLOWED_BY.search(said)
    return lacking["policy"] if lacking and lacking["policy"] not in _GRANTS else ""


def fix_of_denial(action: str, said: str, resource: str) -> str:
    """Return what lets an action through: where AWS names a policy it is that one, and no other helps."""
    if denied := _EXPLICIT_DENY.search(said):
        whose = denied["policy"] or "policy of that role, of the resource or of the organization"
        return f"take {action} out of the deny in that {whose}: what the role is allowed does not count against it"
    if bound := bound_by(said):
        return f"allow {action} in that {bound} too, which bounds what the role may"
    lacking = _NOT_ALLOWED_BY.search(said)
    if lacking and lacking["policy"] == _OF_RESOURCES:
        return f"allow {action} for that role in the {_OF_RESOURCES} of what it is about"
    if action in _OTHER_FIXES:
        return _OTHER_FIXES[action].format(resource)
    return (
        f"allow {action} in that role's policy (the policies in deploy/ list every action needed)"
    )


def says_not_found(operation: str, said: str) -> bool:
    """Tell whether AWS says that what an operation was to take away is not there."""
    words = _NOT_FOUND_WORDS.get(operation)
    return words is not None and words in said.lower()
