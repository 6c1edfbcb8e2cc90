"""Secrets by reference, and what is said where there is none."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from controller.aws.errors import NotFound
from controller.aws.kept import READ_AGAIN
from controller.aws.secrets import Secrets
from controller.aws.sessions import AwsAccess
from controller.errors import WrongUsage
from controller.redactor import LONGEST, REDACTOR
from tests.support.clock import Clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOT_ALLOWED = [
    "env://CHILD",
    "s3://secrets/child",
    "secretsmanager://prod/database",
    "secretsmanager://envctl",
    "secretsmanager://envctl/",
    "secretsmanager://envctl-prod/database",
    "secretsmanager://envctl/../prod/database",
    "secretsmanager://envctl/./a",
    "secretsmanager://envctl//a",
    "secretsmanager://envctl/%2e%2e/prod",
    "secretsmanager://envctl%2Fprod",
    "secretsmanager://arn:aws:secretsmanager:us-east-1:666666666666:secret:envctl/a",
    "secretsmanager://envctl/arn:aws:secretsmanager:us-east-1:666666666666:secret:a",
    "secretsmanager:///envctl/a",
    "SecretsManager://envctl/a",
    "secretsmanager://envctl/a\n",
    "secretsmanager://envctl/a b",
    "secretsmanager://envctl/a#b#c",
    "secretsmanager://env\u0441tl/a",
    " secretsmanager://envctl/a",
    "plain-canary-text",
]


@pytest.fixture
def secrets() -> Iterator[Secrets]:
    with mock_aws():
        access = AwsAccess(
            region="eu-west-1",
            installation="i",
            instance="w",
            allowed_role_names=(),
            clock=lambda: datetime.now(UTC),
        )
        client = boto3.client("secretsmanager", "eu-west-1")
        client.create_secret(Name="acme/child", SecretString=json.dumps({"id": "x-1", "n": 7}))
        client.create_secret(Name="plain", SecretString="x-2\n")
        s3 = boto3.client("s3", "eu-west-1")
        where = {"LocationConstraint": "eu-west-1"}
        s3.create_bucket(Bucket="secrets", CreateBucketConfiguration=where)  # type: ignore[arg-type]
        s3.put_object(Bucket="secrets", Key="child", Body=b"x-3")
        client.create_secret(Name="envctl/good", SecretString="acme:env/a-1_b@c,d=e+f.g")
        client.create_secret(
            Name="envctl/json", SecretString='{"user": "app", "password": "pw-canary-1"}'
        )
        client.create_secret(Name="envctl/accent", SecretString="idé-canary-1")
        client.create_secret(Name="envctl/short", SecretString="x")
        client.create_secret(Name="envctl/deep", SecretString="[" * 60_000)
        s3.put_object(Bucket="secrets", Key="large", Body=b"x" * (LONGEST + 1))
        s3.put_object(Bucket="secrets", Key="just", Body=b"x" * LONGEST)
        environment = {"CHILD": "x-4", "EMPTY": " ", "LARGE": "x" * (LONGEST + 1)}
        allowed = ("secretsmanager://envctl/", "secretsmanager://plain")
        yield Secrets(access, environment, Clock(NOON), allowed)


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("secretsmanager://acme/child#id", "x-1"),
        ("secretsmanager://acme/child#n", "7"),
        ("secretsmanager://plain", "x-2"),
        ("s3://secrets/child", "x-3"),
        ("env://CHILD", "x-4"),
    ],
)
def test_what_a_reference_stands_for(secrets: Secrets, reference: str, value: str) -> None:
    assert secrets.value(reference) == value
    assert secrets.value(reference) == value


@pytest.mark.parametrize(
    ("reference", "error", "text"),
    [
        ("env://NOWHERE", WrongUsage, "nothing is kept there"),
        ("env://EMPTY", WrongUsage, "nothing is kept there"),
        ("secretsmanager://plain#id", WrongUsage, "no JSON object with the key 'id'"),
        ("secretsmanager://acme/child#other", WrongUsage, "no JSON object with the key"),
        ("secretsmanager://missing", NotFound, "secrets: read secretsmanager://missing"),
        ("s3://secrets/missing", NotFound, "s3: read s3://secrets/missing"),
        ("secretsmanager://envctl/deep#id", WrongUsage, "no JSON object with the key"),
        ("s3://secrets/large", WrongUsage, "longer than the 64 KiB that are read of a secret"),
        ("env://LARGE", WrongUsage, "longer than the 64 KiB that are read of a secret"),
        ("x-5", WrongUsage, "is no reference to a secret"),
    ],
)
def test_a_reference_that_leads_nowhere(
    secrets: Secrets, reference: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as raised:
        secrets.value(reference)
    assert text in str(raised.value)
    assert "x-1" not in str(raised.value)
    assert "x-2" not in str(raised.value)


def test_what_was_changed_counts_within_a_minute_and_both_are_known_to_the_redactor(
    secrets: Secrets,
) -> None:
    assert isinstance(secrets.clock, Clock)
    assert secrets.external_id("secretsmanager://plain") == "x-2"
    client = boto3.client("secretsmanager", "eu-west-1")
    client.put_secret_value(SecretId="plain", SecretString="changed-canary")

    secrets.clock.now += READ_AGAIN
    assert secrets.external_id("secretsmanager://plain") == "x-2"
    secrets.clock.now += timedelta(seconds=1)
    assert secrets.external_id("secretsmanager://plain") == "changed-canary"
    assert REDACTOR.redact("it is changed-canary.") == "it is ***."


def test_the_bound_itself_is_read(secrets: Secrets) -> None:
    assert len(secrets.value("s3://secrets/just")) == LONGEST


def test_whatever_was_read_is_known_to_the_redactor(secrets: Secrets) -> None:
    secrets.value("secretsmanager://envctl/json#password")
    assert REDACTOR.redact("it is pw-canary-1.") == "it is ***."


def test_an_external_id_is_read_from_what_the_settings_allow(secrets: Secrets) -> None:
    assert secrets.external_id("secretsmanager://envctl/good") == "acme:env/a-1_b@c,d=e+f.g"
    assert secrets.external_id("secretsmanager://plain") == "x-2"


@pytest.mark.parametrize("reference", NOT_ALLOWED)
def test_a_table_that_names_another_secret_is_refused_before_any_call(reference: str) -> None:
    never = AwsAccess(
        region="",
        installation="i",
        instance="w",
        allowed_role_names=(),
        clock=lambda: datetime.now(UTC),
    )
    environment, allowed = {"CHILD": "canary-in-a-variable"}, ("secretsmanager://envctl/",)
    secrets = Secrets(never, environment, Clock(NOON), allowed)
    with pytest.raises(WrongUsage, match="no secret that documents may name") as raised:
        secrets.external_id(reference)
    assert "allowedSecrets" in str(raised.value)
    assert not never.counter.counts()


@pytest.mark.parametrize("name", ["json", "accent", "short"])
def test_what_sts_would_refuse_and_quote_is_never_sent(secrets: Secrets, name: str) -> None:
    with pytest.raises(
        WrongUsage, match=f"secretsmanager://envctl/{name}: .*nothing was sent"
    ) as raised:
        secrets.external_id(f"secretsmanager://envctl/{name}")
    assert "canary" not in str(raised.value)
