"""Where snapshots and anchors are kept: objects with a key and bytes, written once and never changed.

A bucket of S3 (``bucket.py``) and a folder (``folder.py``) keep the same promises; one contract suite holds both to them.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from controller.errors import WrongUsage

CHUNK_BYTES: Final = 1 << 20
"""So much is read at once."""
_PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
_KEY: Final = re.compile(rf"{_PART}(?:/{_PART})*")
LONGEST_KEY: Final = 512


class StoredFile(NamedTuple):
    """One object as a listing shows it. ``modified`` is aware."""

    key: str
    size: int
    modified: datetime


class Output(Protocol):
    """Takes the bytes of an object that is being written, in order."""

    def write(self, content: bytes, /) -> object:
        """Take some more bytes. Raises as any call."""


class SnapshotStore(Protocol):
    """Objects below one place. Thread-safe. Every method raises WrongUsage for a key that cannot be, AccessDenied, Unreachable."""

    @property
    def name(self) -> str:
        """The place as people call it: ``s3://bucket/prefix``, or the folder's path."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object unless there is one. The same bytes once more are no error. Raises Conflict for other bytes."""

    def writing(self, key: str) -> AbstractContextManager[Output]:
        """Write an object of any size in little memory; it is there once the block ends, and nothing of it if the block raises.

        Raises Conflict at the end of the block if there is an object of that key.
        """

    def read(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes, a chunk at a time. Raises NotFound if there is none."""

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the objects whose keys begin so, by key; all for an empty prefix."""

    def delete(self, keys: Iterable[str]) -> None:
        """Take objects away, one after the other in this order; what is not there is passed over."""


def checked_key(key: str) -> str:
    """Return a key that leads nowhere but below the store's place. Raises WrongUsage for any other.

    Keys come out of manifests too, which anybody may have written.
    """
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise WrongUsage(
            f"snapshots: {key[:LONGEST_KEY]!r} is no name of an object",
            fix="letters, digits, '-', '_' and '.', in parts divided by '/', none of which begins with a dot",
        )
    return key


def read_all(store: SnapshotStore, key: str, most: int) -> bytes:
    """Return an object's bytes. Raises NotFound, WrongUsage for more bytes than ``most``, and as any call."""
    parts, size = list[bytes](), 0
    for chunk in store.read(key):
        parts.append(chunk)
        size += len(chunk)
        if size > most:
            raise WrongUsage(
                f"snapshots: {store.name}/{key} is longer than the {most:,} bytes that are read of it",
                fix="it is not one of ours: look who wrote it",
            )
    return b"".join(parts)
