"""Objects of S3: bytes kept under the digest of their content, and those named by hand (settings, observed states)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import ClientError

from controller.aws.clients import place_of
from controller.aws.errors import CONFLICT_CODES, DENIED_CODES, NotFound, aws_errors, error_code
from controller.errors import AccessDenied, WrongUsage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUSY = "ConditionalRequestConflict"
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)")


class _Readable(Protocol):
    def read(self, amt: int, /) -> bytes: ...


class Bound(NamedTuple):
    """How many bytes are read at most of something, and what messages call it: ``a secret``."""

    most: int
    what: str

    def check(self, content: bytes, name: str) -> bytes:
        """Return the content. Raises WrongUsage if it is longer."""
        if len(content) > self.most:
            raise WrongUsage(
                f"{name}: longer than the {self.shown} that are read of {self.what}",
                fix="name what was meant",
            )
        return content

    def read(self, readable: _Readable, name: str) -> bytes:
        """Return all that can be read, in memory of this size. Raises WrongUsage if that is more."""
        parts, left = list[bytes](), self.most + 1
        while left > 0 and (part := readable.read(left)):
            parts.append(part)
            left -= len(part)
        return self.check(b"".join(parts), name)

    @property
    def shown(self) -> str:
        """The number, as people read it: ``64 KiB``."""
        return f"{self.most >> 20} MiB" if self.most >= 1 << 20 else f"{self.most >> 10} KiB"


_IMAGES = Bound(16 << 20, "images of a record")
"""Two items, which DynamoDB bounds, in JSON."""


class S3BlobStore:
    """Objects ``<prefix>/<two digits>/<digest>`` of one bucket. Thread-safe, as the client is."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        """Take the client, the bucket and the prefix, which may be empty and needs no slash at its end."""
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def put(self, key: str, content: bytes) -> None:
        """Write the object if it is not there. Raises as any call."""
        place = f"{self._prefix}{key[:2]}/{key}"
        with aws_errors(f"ledger: write s3://{self._bucket}/{place}", place_of(self._client)):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=place, Body=content, IfNoneMatch="*"
                )
            except ClientError as error:
                if error_code(error) == _BUSY:
                    # Another worker writes the same bytes just now; whoever is last changes nothing.
                    self._client.put_object(Bucket=self._bucket, Key=place, Body=content)
                elif error_code(error) not in CONFLICT_CODES:
                    raise

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, None if there is no such object. Raises as any call."""
        place = f"{self._prefix}{key[:2]}/{key}"
        try:
            with aws_errors(f"ledger: read s3://{self._bucket}/{place}", place_of(self._client)):
                answer = self._client.get_object(Bucket=self._bucket, Key=place)
                return _IMAGES.read(answer["Body"], f"s3://{self._bucket}/{place}")
        except NotFound as error:
            if error.aws_code == "NoSuchBucket":
                raise
            return None


def read_object(client: "S3Client", uri: str, bound: Bound) -> bytes:
    """Return the bytes of ``s3://bucket/key``.

    Raises WrongUsage for anything else and for more than the bound, NotFound if there is none, and as any call.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise WrongUsage(f"{uri!r} names no object of S3", fix="write s3://BUCKET/KEY")
    with reading(client, match["bucket"], match["key"], f"s3: read {uri}"):
        answer = client.get_object(Bucket=match["bucket"], Key=match["key"])
        return bound.read(answer["Body"], uri)


@contextmanager
def reading(client: "S3Client", bucket: str, key: str, what: str) -> Iterator[None]:
    """Translate what AWS says where the block reads one object; a refusal names the object, and what else it may mean."""
    try:
        with aws_errors(what, place_of(client)):
            yield
    except AccessDenied as error:
        cause = error.__cause__
        if not (isinstance(cause, ClientError) and error_code(cause) in DENIED_CODES):
            raise
        arn = f"arn:{client.meta.partition}:s3:::{bucket}/{key}"
        raise AccessDenied(
            error.message,
            detail=error.detail,
            fix=(
                f"allow s3:GetObject on {arn} to that role, and kms:Decrypt where a key of your own encrypts it;\n"
                "see whether it is there, too: who may not list a bucket (s3:ListBucket) is told the same of an object that is not"
            ),
            facts=error.facts,
        ) from error
