"""Single objects of S3 that are named by hand: settings, observed states."""

import re
from typing import TYPE_CHECKING, NamedTuple

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.errors import WrongUsage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)")


class S3Place(NamedTuple):
    """Which object of which bucket."""

    bucket: str
    key: str


def parse_s3_uri(text: str) -> S3Place:
    """Read ``s3://bucket/key``. Raises WrongUsage for anything else."""
    match = _URI.fullmatch(text)
    if match is None:
        raise WrongUsage(f"{text!r} names no object of S3", fix="write s3://BUCKET/KEY")
    return S3Place(match["bucket"], match["key"])


def read_object(client: "S3Client", place: S3Place) -> bytes:
    """Return an object's bytes. Raises NotFound if there is none, and as any call."""
    with aws_errors(f"s3: read s3://{place.bucket}/{place.key}", place_of(client)):
        return client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
