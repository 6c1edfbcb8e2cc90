"""What a listing of a bucket says of a source: which objects are files of it, and what they are, without reading one."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.errors import WrongUsage
from controller.loading.ignored_files import IGNORE_FILE
from controller.model.source_bounds import MAX_ENTRIES
from controller.sources.selection import ROOT, Found, Selection, is_too_deep, is_yaml, select

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME: Final = "s3"
FORM: Final = "s3://BUCKET[/PREFIX]"
MAX_KEYS: Final = 4 * MAX_ENTRIES
"""Keys of one listing, those of hidden names too, which a bucket lists as any other: two hundred requests."""
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IGNORE: Final = IGNORE_FILE.encode()
_NO_NAMES: Final = (b"", b".", b"..")


@dataclass(frozen=True, slots=True)
class S3Location:
    """A bucket, and what the keys of the source's objects begin with: whole names, empty for all of the bucket.

    Raises WrongUsage for what cannot be either.
    """

    bucket: str
    prefix: str = ""

    def __post_init__(self) -> None:
        """Check both, and take slashes off the prefix's ends."""
        if not _BUCKET.fullmatch(self.bucket):
            raise WrongUsage(f"{self.bucket!r} names no bucket of S3", fix=f"write {FORM}")
        prefix = self.prefix.strip("/")
        names = prefix.split("/") if prefix else []
        if not prefix.isprintable() or not {"", ".", ".."}.isdisjoint(names):
            raise WrongUsage(
                f"s3 prefix {self.prefix!r} is no folder of a bucket",
                fix="write the names that the keys begin with, for example fleet/production",
            )
        object.__setattr__(self, "prefix", prefix)

    def __str__(self) -> str:
        """Write the SOURCE text that gives this location back."""
        return f"{SCHEME}://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, path: str) -> str:
        """Return the key of a file of the source."""
        return f"{self.prefix}/{path}" if self.prefix else path


def parse_s3_location(text: str) -> S3Location:
    """Read ``s3://BUCKET/PREFIX``; PREFIX may be left out. Raises WrongUsage."""
    bucket, _, prefix = text[len(SCHEME) :].removeprefix("://").partition("/")
    return S3Location(bucket, prefix)


@dataclass(slots=True)
class Listing:
    """The files of a source as one listing shows them; ``id`` of each is the object's ETag.

    ``changed_at`` is when the newest of them was written, ``as_of`` when the bucket answered, both by the bucket's own clock; None
    where there is no file, or the bucket does not say.
    """

    selection: Selection
    changed_at: datetime | None
    as_of: datetime | None

    @property
    def digest(self) -> str:
        """Return what is the same for the same files with the same problems, and for no others."""
        digest = hashlib.sha256()
        for path, found in self.selection.files.items():
            digest.update(f"{found.id} {found.size} {path}\0".encode())
        for problem in self.selection.problems:
            digest.update(f"{problem}\0".encode())
        return digest.hexdigest()

    def quiet_for_s(self) -> float:
        """Return for how many seconds none of the files was written; 0 where that is not known."""
        if self.changed_at is None or self.as_of is None:
            return 0.0
        return max(0.0, (self.as_of - self.changed_at).total_seconds())


class Lister:
    """Lists one source, a thousand keys a request, and no more of them than a source may have."""

    def __init__(self, client: "S3Client", location: S3Location) -> None:
        """Take the client and what to list."""
        self._client, self._location = client, location
        self._written: dict[bytes, datetime] = {}
        self._as_of: datetime | None = None

    def list(self) -> Listing:
        """Return what is there now. Raises as any call."""
        self._written, self._as_of = {}, None
        selection = select(self._entries())
        written = (self._written[path.encode()] for path in selection.files)
        return Listing(selection, max(written, default=None), self._as_of)

    def _entries(self) -> Iterator[Found]:
        """Yield the objects as files, and the folders that their keys name."""
        folders: set[bytes] = set()
        for count, found in enumerate(self._objects(), 1):
            if count > MAX_KEYS:
                yield Found(ROOT, "overfull")
                return
            names = found.path.split(b"/")
            if names[-1] == b"" or _has_hidden(names):
                continue
            if not set(_NO_NAMES).isdisjoint(names):
                if is_yaml(found.path):
                    yield found._replace(kind="misplaced")
                continue
            too_deep = False
            for depth in range(1, len(names)):
                folder = b"/".join(names[:depth])
                too_deep = is_too_deep(folder)
                if folder not in folders:
                    folders.add(folder)
                    yield Found(folder, "deep" if too_deep else "folder")
                if too_deep:
                    break
            if not too_deep:
                yield found

    def _objects(self) -> Iterator[Found]:
        location = self._location
        prefix = f"{location.prefix}/" if location.prefix else ""
        # Keys are asked for encoded: a key need not be text that XML can hold.
        request: dict[str, Any] = {
            "Bucket": location.bucket,
            "Prefix": prefix,
            "EncodingType": "url",
        }
        while True:
            with aws_errors(f"source: list {location}", place_of(self._client)):
                answer = self._client.list_objects_v2(**request)
            self._as_of = self._as_of or _date_of(answer)
            for listed in answer.get("Contents", ()):
                key = unquote_to_bytes(listed["Key"].replace("+", " "))
                path = key.removeprefix(prefix.encode())
                self._written[path] = listed["LastModified"]
                yield Found(path, "file", listed["ETag"].strip('"'), listed["Size"])
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]


def _has_hidden(names: list[bytes]) -> bool:
    return names != [_IGNORE] and any(
        name.startswith(b".") and name not in _NO_NAMES for name in names
    )


def _date_of(answer: Any) -> datetime | None:
    """Return when a bucket answered, by its own clock; None where it does not say."""
    try:
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    except (KeyError, ValueError):
        return None
