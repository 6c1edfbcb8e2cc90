"""Bytes under the digest of their content, in a bucket."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from controller.aws.blob_store import Bound, S3BlobStore, read_object
from controller.aws.clients import Clients
from controller.aws.errors import NotFound, Place
from controller.errors import AccessDenied, WrongUsage
from tests.unit.aws.conftest import Script

MASTER = Place("", "eu-west-1")
KEY = "ab" * 32


@pytest.fixture
def client(clients: Clients) -> Any:
    return clients.client(MASTER, "s3")


@pytest.fixture
def bucket(client: Any) -> Iterator[Any]:
    with mock_aws():
        client.create_bucket(
            Bucket="acme", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield client


@pytest.mark.parametrize(
    ("prefix", "place"),
    [("", f"ab/{KEY}"), ("ledger", f"ledger/ab/{KEY}"), ("/a/b/", f"a/b/ab/{KEY}")],
)
def test_what_is_put_is_got_from_below_the_prefix(bucket: Any, prefix: str, place: str) -> None:
    store = S3BlobStore(bucket, "acme", prefix)
    assert store.get(KEY) is None
    store.put(KEY, b"images")
    store.put(KEY, b"images")
    assert store.get(KEY) == b"images"
    assert [one["Key"] for one in bucket.list_objects_v2(Bucket="acme")["Contents"]] == [place]


def test_a_missing_bucket_is_not_a_missing_object(bucket: Any) -> None:
    store = S3BlobStore(bucket, "gone", "")
    with pytest.raises(NotFound, match="s3://gone/ab/"):
        store.get(KEY)
    with pytest.raises(NotFound, match="s3://gone/ab/"):
        store.put(KEY, b"")


def answer(status: int, code: str = "") -> AWSResponse:
    found = AWSResponse("https://acme.test/", status, HTTPHeaders(), None)
    found._content = f"<Error><Code>{code}</Code></Error>".encode() if code else b""  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    ("answers", "calls"),
    [
        ([answer(200)], 1),
        ([answer(412, "PreconditionFailed")], 1),
        ([answer(409, "ConditionalRequestConflict"), answer(200)], 2),
    ],
)
def test_whoever_puts_the_same_bytes_first_wins_and_nobody_fails(
    client: Any, scripted: Script, answers: list[AWSResponse], calls: int
) -> None:
    sent = scripted(client, answers)
    S3BlobStore(client, "acme", "").put(KEY, b"images")
    assert len(sent) == calls


def test_another_refusal_is_told(client: Any, scripted: Script) -> None:
    scripted(client, [answer(403, "AccessDenied")])
    with pytest.raises(AccessDenied, match=f"write s3://acme/ab/{KEY}"):
        S3BlobStore(client, "acme", "").put(KEY, b"images")


@pytest.mark.parametrize("text", ["s3://", "s3://bucket", "s3://Bucket/key", "http://bucket/key"])
def test_what_names_no_object(client: Any, text: str) -> None:
    with pytest.raises(WrongUsage, match="names no object"):
        read_object(client, text, Bound(10, "a text"))
