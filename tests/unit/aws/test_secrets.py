"""Secrets by reference, and what is said where there is none."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from controller.aws.errors import NotFound
from controller.aws.secrets import Secrets
from controller.aws.sessions import AwsAccess
from controller.errors import WrongUsage


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
        yield Secrets(access, {"CHILD": "x-4", "EMPTY": " "})


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
