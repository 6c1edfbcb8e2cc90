"""Files that are replaced by newer ones, each only as whoever replaces it knows it: a bucket of S3, or a folder."""

import fcntl
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from controller.aws.blob_store import Bound, reading
from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.errors import Conflict
from controller.snapshots.folder import os_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Held(NamedTuple):
    """A file's bytes, and what tells them from those that replace them."""

    content: bytes
    version: str


class ReplaceableFiles(Protocol):
    """Files below one place. Thread-safe. Every method raises AccessDenied, Unreachable."""

    @property
    def name(self) -> str:
        """The place as people call it: ``s3://bucket/prefix``, or the folder's path."""

    def read(self, key: str, bound: Bound) -> Held:
        """Return a file. Raises NotFound if there is none, WrongUsage for more bytes than the bound."""

    def replace(self, key: str, content: bytes, version: str | None) -> str:
        """Put a file in the place of that version, or where there is none for None; return its own.

        Raises Conflict where something else is there.
        """


@dataclass(frozen=True, slots=True)
class BucketFiles:
    """Objects of a bucket whose keys begin with a prefix; versions are their ETags."""

    client: "S3Client"
    bucket: str
    prefix: str
    """Without a slash at its end; may be empty."""

    @property
    def name(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def read(self, key: str, bound: Bound) -> Held:
        """Return an object."""
        name = f"{self.name}/{key}"
        place = self._place(key)
        with reading(self.client, self.bucket, place, f"looks: read {name}"):
            answer = self.client.get_object(Bucket=self.bucket, Key=place)
            return Held(bound.read(answer["Body"], name), answer["ETag"])

    def replace(self, key: str, content: bytes, version: str | None) -> str:
        """Put an object."""
        with aws_errors(f"looks: write {self.name}/{key}", place_of(self.client)):
            if version is None:
                answer = self.client.put_object(
                    Bucket=self.bucket, Key=self._place(key), Body=content, IfNoneMatch="*"
                )
            else:
                answer = self.client.put_object(
                    Bucket=self.bucket, Key=self._place(key), Body=content, IfMatch=version
                )
        return answer["ETag"]

    def _place(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """Files below a folder, which is made when the first is written. Only their owner may read them; versions are digests."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def read(self, key: str, bound: Bound) -> Held:
        """Return a file; a symbolic link is none of ours."""
        path = self.folder / key
        with os_errors(f"looks: read {path}"):
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(opened, "rb") as file:
                content = bound.read(file, str(path))
        return Held(content, _version(content))

    def replace(self, key: str, content: bytes, version: str | None) -> str:
        """Put a file, whole or not at all. One process at a time looks whether it may."""
        path = self.folder / key
        with os_errors(f"looks: write {path}"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open(self.folder / ".lock", flags, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                there = _version(path.read_bytes()) if path.exists() else None
                if there != version:
                    raise Conflict(
                        f"looks: write {path}: somebody else replaced it", fix="look again"
                    )
                unfinished = path.with_name(f".unfinished-{secrets.token_hex(8)}")
                made = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(made, "wb") as file:
                    file.write(content)
                unfinished.replace(path)
            finally:
                os.close(lock)
        return _version(content)


def _version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
