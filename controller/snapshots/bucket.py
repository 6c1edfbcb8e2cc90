"""A bucket of S3 as the place of snapshots. Encryption, versions and object lock are the bucket's own."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from controller.aws.clients import place_of
from controller.aws.errors import NotFound, aws_errors
from controller.errors import Conflict, EnvctlError
from controller.snapshots.store import CHUNK_BYTES, Output, StoredFile, checked_key, read_all

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART_BYTES: Final = 8 << 20
"""S3 takes parts from 5 MiB, ten thousand of them: this is enough for 78 GiB."""
_TOKEN: Final = "envctl-upload"  # noqa: S105 - the name of a field of an object, no secret


@dataclass(frozen=True, slots=True)
class BucketStore:
    """Objects of one bucket whose keys begin with a prefix."""

    client: "S3Client"
    bucket: str
    prefix: str
    """Without a slash at its end; may be empty."""

    @property
    def name(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def put(self, key: str, content: bytes) -> None:
        """Write an object unless there is one. Raises Conflict for other bytes."""
        place = self.place(key)
        try:
            with self.errors(f"write {key}"):
                self.client.put_object(Bucket=self.bucket, Key=place, Body=content, IfNoneMatch="*")
        except Conflict:
            # Perhaps our own first try, whose answer was lost.
            if read_all(self, key, len(content) + 1) != content:
                raise

    @contextmanager
    def writing(self, key: str) -> Iterator[Output]:
        """Write an object in parts; what was sent of it is taken back if the block raises."""
        upload = _Upload(self, key)
        try:
            yield upload
            upload.finish()
        finally:
            upload.abort()

    def read(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes. Raises NotFound if there is none."""
        place = self.place(key)
        with self.errors(f"read {key}"):
            body = self.client.get_object(Bucket=self.bucket, Key=place)["Body"]
        while True:
            with self.errors(f"read {key}"):
                chunk = body.read(CHUNK_BYTES)
            if not chunk:
                return
            yield chunk

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the objects whose keys begin so, by key."""
        own = f"{self.prefix}/" if self.prefix else ""
        request: dict[str, Any] = {"Bucket": self.bucket, "Prefix": own + prefix}
        while True:
            with self.errors(f"list {prefix}"):
                answer = self.client.list_objects_v2(**request)
            for found in answer.get("Contents", ()):
                key = found["Key"].removeprefix(own)
                yield StoredFile(key, found["Size"], found["LastModified"])
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def delete(self, keys: Iterable[str]) -> None:
        """Take objects away; a bucket with versions keeps them as such."""
        for key in keys:
            place = self.place(key)
            with self.errors(f"delete {key}"):
                self.client.delete_object(Bucket=self.bucket, Key=place)

    def place(self, key: str) -> str:
        """Return the whole key in the bucket. Raises WrongUsage."""
        checked = checked_key(key)
        return f"{self.prefix}/{checked}" if self.prefix else checked

    @contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Translate what AWS says within the block."""
        with aws_errors(f"snapshots: {what} of {self.name}", place_of(self.client)):
            yield


@dataclass(slots=True)
class _Upload:
    """One object on its way: a single request for a small one, parts for a large one."""

    store: BucketStore
    key: str
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    """Tells our object from somebody else's where an answer was lost."""
    _buffer: bytearray = field(default_factory=bytearray, init=False)
    _upload_id: str = field(default="", init=False)
    _parts: "list[CompletedPartTypeDef]" = field(default_factory=list, init=False)

    def write(self, content: bytes) -> None:
        self._buffer += content
        while len(self._buffer) >= PART_BYTES:
            self._send(bytes(self._buffer[:PART_BYTES]))
            del self._buffer[:PART_BYTES]

    def finish(self) -> None:
        if not self._upload_id:
            self.store.put(self.key, bytes(self._buffer))
            return
        if self._buffer:
            self._send(bytes(self._buffer))
        try:
            with self.store.errors(f"write {self.key}"):
                self.store.client.complete_multipart_upload(
                    **self._request(), MultipartUpload={"Parts": self._parts}, IfNoneMatch="*"
                )
        except (Conflict, NotFound):
            # A first try may have gone through unheard; the next then finds the object, or no upload.
            if not self._is_there():
                raise
        self._upload_id = ""

    def abort(self) -> None:
        """Take back the parts of what did not come to its end."""
        if not self._upload_id:
            return
        try:
            with self.store.errors(f"abort {self.key}"):
                self.store.client.abort_multipart_upload(**self._request())
        except EnvctlError:
            # What goes wrong now is said already, and more than once helps nobody: the bucket's rule takes parts away.
            return

    def _send(self, content: bytes) -> None:
        client, number = self.store.client, len(self._parts) + 1
        with self.store.errors(f"write {self.key}"):
            if not self._upload_id:
                made = client.create_multipart_upload(
                    Bucket=self.store.bucket,
                    Key=self.store.place(self.key),
                    Metadata={_TOKEN: self.token},
                )
                self._upload_id = made["UploadId"]
            sent = client.upload_part(**self._request(), PartNumber=number, Body=content)
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    def _request(self) -> dict[str, Any]:
        return {
            "Bucket": self.store.bucket,
            "Key": self.store.place(self.key),
            "UploadId": self._upload_id,
        }

    def _is_there(self) -> bool:
        client, place = self.store.client, self.store.place(self.key)
        try:
            with self.store.errors(f"look for {self.key}"):
                found = client.head_object(Bucket=self.store.bucket, Key=place)
        except NotFound:
            return False
        return found["Metadata"].get(_TOKEN) == self.token
