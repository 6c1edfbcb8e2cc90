"""Bytes kept in S3 under the digest of their content."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from controller.aws.clients import place_of
from controller.aws.errors import CONFLICT_CODES, NotFound, aws_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUSY = "ConditionalRequestConflict"


class S3BlobStore:
    """Objects ``<prefix>/<two digits>/<digest>`` of one bucket. Thread-safe, as the client is."""

    def __init__(self, client: "S3Client", bucket: str, prefix: str) -> None:
        """Take the client, the bucket and the prefix, which may be empty and needs no slash at its end."""
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    def put(self, key: str, content: bytes) -> None:
        """Write the object if it is not there. Raises as any call."""
        place = self._place(key)
        with aws_errors(f"ledger: write {self._at(place)}", place_of(self._client)):
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
        place = self._place(key)
        try:
            with aws_errors(f"ledger: read {self._at(place)}", place_of(self._client)):
                answer = self._client.get_object(Bucket=self._bucket, Key=place)
                return answer["Body"].read()
        except NotFound as error:
            if error.aws_code == "NoSuchBucket":
                raise
            return None

    def _place(self, key: str) -> str:
        return f"{self._prefix}{key[:2]}/{key}"

    def _at(self, place: str) -> str:
        return f"s3://{self._bucket}/{place}"
