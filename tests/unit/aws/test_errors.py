"""botocore's errors in our words."""

from typing import Any

import pytest
from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from controller.aws.errors import NOWHERE, NotFound, Place, aws_errors, may_have_been_done
from controller.errors import (
    AccessDenied,
    Conflict,
    EnvctlError,
    RefusedByAws,
    Throttled,
    Unreachable,
    WrongUsage,
)

CHILD = Place("012345670123", "eu-west-1", "arn:aws:iam::012345670123:role/child")
URL = "https://dynamodb.eu-west-1.amazonaws.com/"
DENIAL = (
    "User: arn:aws:sts::999988887777:assumed-role/controller/envctl-x is not authorized to perform: "
    "dynamodb:Scan on resource: arn:aws:dynamodb:eu-west-1:012345670123:table/T"
)


def answered(code: str, message: str = "", status: int = 400) -> aws.ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return aws.ClientError(response, "Scan")


CASES = [
    (answered("AccessDeniedException", DENIAL), AccessDenied, "dynamodb:Scan in account 0123"),
    (answered("AccessDenied", DENIAL), AccessDenied, "as arn:aws:iam::012345670123:role/child"),
    (answered("UnauthorizedOperation", "no. Encoded authorization failure message: zzz"), AccessDenied, "AWS says: no."),
    (answered("403", "", 403), AccessDenied, "access denied to Scan"),
    (answered("ExpiredTokenException"), AccessDenied, "have expired"),
    (answered("ExpiredToken"), AccessDenied, "have expired"),
    (answered("UnrecognizedClientException"), AccessDenied, "does not accept the credentials"),
    (answered("InvalidClientTokenId", "", 403), AccessDenied, "does not accept the credentials"),
    (answered("RequestTimeTooSkewed", "", 403), AccessDenied, "set the clock"),
    (answered("ProvisionedThroughputExceededException"), Throttled, "retry budget"),
    (answered("RequestLimitExceeded", "", 503), Throttled, "retry budget"),
    (answered("SlowDown", "", 503), Throttled, "retry budget"),
    (answered("InternalServerError", "oops", 500), Unreachable, "AWS says: oops"),
    (answered("InsufficientInstanceCapacity", "none", 500), RefusedByAws, "AWS says: none"),
    (answered("", "", 502), Unreachable, "AWS failed"),
    (answered("ConditionalCheckFailedException"), Conflict, "plan again"),
    (answered("TransactionConflictException"), Conflict, "plan again"),
    (answered("PreconditionFailed", "", 412), Conflict, "plan again"),
    (answered("ResourceNotFoundException", "no table"), NotFound, "AWS says: no table"),
    (answered("ValidationException", "bad value"), RefusedByAws, "(ValidationException)"),
    (answered("LimitExceededException", "too many"), RefusedByAws, "AWS says: too many"),
    (aws.NoCredentialsError(), AccessDenied, "aws sso login"),
    (aws.PartialCredentialsError(provider="env", cred_var="x"), AccessDenied, "no usable AWS credentials"),
    (aws.ProfileNotFound(profile="gone"), AccessDenied, "gone"),
    (aws.CredentialRetrievalError(provider="p", error_msg="e"), AccessDenied, "no usable AWS credentials"),
    (aws.EndpointConnectionError(endpoint_url=URL), Unreachable, URL),
    (aws.ConnectTimeoutError(endpoint_url=URL), Unreachable, "no answer from AWS"),
    (aws.ReadTimeoutError(endpoint_url=URL), Unreachable, "no answer from AWS"),
    (aws.ConnectionClosedError(endpoint_url=URL), Unreachable, "no answer from AWS"),
    (aws.ProxyConnectionError(proxy_url="http://p", error=OSError()), Unreachable, "proxy"),
    (aws.SSLError(endpoint_url=URL, error=OSError("bad certificate")), Unreachable, "bad certificate"),
    (aws.HTTPClientError(error=OSError("reset")), Unreachable, "reset"),
    (ResponseParserError("<html>"), Unreachable, "<html>"),
    (aws.NoRegionError(), WrongUsage, "AWS_REGION"),
    (aws.InvalidRegionError(region_name="b/ad"), WrongUsage, "b/ad"),
    (aws.ParamValidationError(report="x"), EnvctlError, "ParamValidationError"),
]  # fmt: skip


@pytest.mark.parametrize(("raised", "wanted", "says"), CASES, ids=lambda case: str(case)[:50])
def test_a_botocore_error_becomes_ours_and_says_what_where_and_what_to_do(
    raised: Exception, wanted: type[EnvctlError], says: str
) -> None:
    with pytest.raises(EnvctlError) as caught, aws_errors("tables: read T", CHILD):
        raise raised
    assert type(caught.value) is wanted
    assert str(caught.value).startswith("tables: read T: ")
    assert says in str(caught.value)
    assert caught.value.__cause__ is raised
    if type(caught.value) in {AccessDenied, Throttled, Conflict, WrongUsage}:
        assert "  fix: " in str(caught.value)


def test_an_encoded_authorisation_message_is_left_out() -> None:
    with pytest.raises(AccessDenied) as caught, aws_errors("groups: read", CHILD):
        raise answered("UnauthorizedOperation", "No. Encoded authorization failure message: AbC123")
    assert "AbC123" not in str(caught.value)


def test_a_password_in_a_proxys_address_is_left_out() -> None:
    lost = aws.EndpointConnectionError(endpoint_url="http://ada:secret@proxy:3128/")
    with pytest.raises(Unreachable, match="http://proxy:3128/") as caught, aws_errors("x"):
        raise lost
    assert "secret" not in str(caught.value)


def test_our_own_errors_and_strangers_pass_unchanged() -> None:
    ours = Conflict("mine")
    with pytest.raises(Conflict) as caught, aws_errors("x"):
        raise ours
    assert caught.value is ours
    with pytest.raises(KeyError), aws_errors("x"):
        raise KeyError("not AWS's")


def test_a_refusal_keeps_awss_code() -> None:
    with pytest.raises(RefusedByAws) as caught, aws_errors("x"):
        raise answered("ResourceInUseException")
    assert caught.value.aws_code == "ResourceInUseException"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (CHILD, "account 012345670123, eu-west-1"),
        (Place("", "eu-west-1"), "the master account, eu-west-1"),
        (NOWHERE, "the master account"),
    ],
)
def test_a_place_prints_with_its_leading_zeros(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("error", "maybe", "because"),
    [
        (aws.ReadTimeoutError(endpoint_url=URL), True, "sent, the answer did not come"),
        (aws.ConnectionClosedError(endpoint_url=URL), True, "cut after sending"),
        (ResponseParserError(""), True, "an answer nobody can read"),
        (answered("InternalServerError", "", 500), True, "AWS does not know either"),
        (answered("TransactionInProgressException"), True, "an earlier try is still under way"),
        (answered("ThrottlingException", "", 503), False, "turned away at the door"),
        (
            answered("InsufficientInstanceCapacity", "", 500),
            False,
            "there was nothing to do it with",
        ),
        (answered("ValidationException"), False, "refused"),
        (aws.ConnectTimeoutError(endpoint_url=URL), False, "never sent"),
        (aws.EndpointConnectionError(endpoint_url=URL), False, "never sent"),
        (aws.NoCredentialsError(), False, "never signed"),
    ],
)
def test_whether_a_failed_request_may_have_been_done(
    error: Exception, maybe: bool, because: str
) -> None:
    assert may_have_been_done(error) is maybe


PASS_ROLE = "User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::012345670123:role/app/roleTangoWeb"
NOT_ALLOWED = "User: x is not authorized to perform: ec2:StartInstances on resource: y"


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        (
            f"{NOT_ALLOWED} with an explicit deny in a service control policy",
            "take ec2:StartInstances out of the deny in that service control policy",
        ),
        (
            f"{NOT_ALLOWED} with an explicit deny in an identity-based policy",
            "out of the deny in that identity-based policy",
        ),
        (f"{NOT_ALLOWED} with an explicit deny", "that policy of that role, of the resource or of"),
        (
            f"{NOT_ALLOWED} because no service control policy allows the ec2:StartInstances action",
            "allow ec2:StartInstances in that service control policy too",
        ),
        (
            f"{NOT_ALLOWED} because no permissions boundary allows the ec2:StartInstances action",
            "in that permissions boundary too",
        ),
        (
            f"{NOT_ALLOWED} because no session policy allows the ec2:StartInstances action",
            "in that session policy too, which bounds",
        ),
        (
            f"{NOT_ALLOWED} because no resource-based policy allows the ec2:StartInstances action",
            "for that role in the resource-based policy of what it is about",
        ),
        (
            f"{NOT_ALLOWED} because no identity-based policy allows the ec2:StartInstances action",
            "allow ec2:StartInstances in that role's policy",
        ),
        (
            f"{PASS_ROLE} because no identity-based policy allows the iam:PassRole action",
            "name arn:aws:iam::012345670123:role/app/roleTangoWeb in InstanceRoleArns",
        ),
        (f"{PASS_ROLE} with an explicit deny in a service control policy", "take iam:PassRole out"),
        (
            "User: x is not authorized to perform: iam:CreateServiceLinkedRole on resource: y",
            "aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com",
        ),
    ],
)
def test_a_denial_names_the_policy_that_helps(said: str, fix: str) -> None:
    with pytest.raises(AccessDenied) as caught, aws_errors("power: start", CHILD):
        raise answered("UnauthorizedOperation", said)
    assert fix in str(caught.value.fix)
