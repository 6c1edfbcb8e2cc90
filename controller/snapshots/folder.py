"""A folder as the place of snapshots, for a machine without S3."""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final

from controller.aws.errors import NotFound
from controller.errors import AccessDenied, Conflict, Unreachable
from controller.snapshots.store import CHUNK_BYTES, Output, StoredFile, checked_key, read_all

_UNFINISHED: Final = ".unfinished-"
"""What names of files begin with that are being written; a killed run may leave one."""


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Files below a folder, which is made when the first is written. Only their owner may read them."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's path."""
        return str(self.folder)

    def put(self, key: str, content: bytes) -> None:
        """Write a file unless there is one. Raises Conflict for other bytes."""
        try:
            with self.writing(key) as output:
                output.write(content)
        except Conflict:
            if read_all(self, key, len(content) + 1) != content:
                raise

    @contextmanager
    def writing(self, key: str) -> Iterator[Output]:
        """Write a file under another name, and give it its own when all of it is on the disk."""
        target = self.folder / checked_key(key)
        unfinished = target.parent / f"{_UNFINISHED}{secrets.token_hex(8)}"
        with os_errors(f"snapshots: write {target}"):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(opened, "wb") as file:
                yield _Written(file, str(target))
                with os_errors(f"snapshots: write {target}"):
                    file.flush()
                    os.fsync(file.fileno())
            with os_errors(f"snapshots: write {target}"):
                # Unlike a rename it fails where there is such a file.
                os.link(unfinished, target)
                _sync_folder(target.parent)
        finally:
            with os_errors(f"snapshots: write {target}"):
                unfinished.unlink(missing_ok=True)

    def read(self, key: str) -> Iterator[bytes]:
        """Yield a file's bytes; a symbolic link is none of ours. Raises NotFound if there is none."""
        path = self.folder / checked_key(key)
        with os_errors(f"snapshots: read {path}"):
            opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(opened, "rb") as file:
            while True:
                with os_errors(f"snapshots: read {path}"):
                    chunk = file.read(CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk

    def list(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the files whose keys begin so, by key."""
        found: list[StoredFile] = []
        with os_errors(f"snapshots: list {self.folder}"):
            for folder, _, names in os.walk(self.folder):
                for name in names:
                    path = Path(folder, name)
                    key = path.relative_to(self.folder).as_posix()
                    known = path.lstat()
                    is_ours = stat.S_ISREG(known.st_mode) and not name.startswith(".")
                    if key.startswith(prefix) and is_ours:
                        at = datetime.fromtimestamp(known.st_mtime, UTC)
                        found.append(StoredFile(key, known.st_size, at))
        yield from sorted(found)

    def delete(self, keys: Iterable[str]) -> None:
        """Take files away, and folders that are empty then."""
        for key in keys:
            path = self.folder / checked_key(key)
            with os_errors(f"snapshots: delete {path}"):
                path.unlink(missing_ok=True)
            parent = path.parent
            while parent != self.folder and _is_empty(parent):
                with os_errors(f"snapshots: delete {parent}"):
                    parent.rmdir()
                parent = parent.parent


@dataclass(frozen=True, slots=True)
class _Written:
    file: IO[bytes]
    place: str

    def write(self, content: bytes) -> None:
        with os_errors(f"snapshots: write {self.place}"):
            self.file.write(content)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and next(folder.iterdir(), None) is None


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def os_errors(what: str) -> Iterator[None]:
    """Translate errors of the file system within the block into ours; ``what`` was being done."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"{what}: there is no such file", "NoSuchKey") from error
    except FileExistsError as error:
        raise Conflict(f"{what}: it is there already", fix="nothing is written over") from error
    except PermissionError as error:
        raise AccessDenied(
            f"{what}: {error.strerror}", fix="give whoever runs envctl the folder"
        ) from error
    except OSError as error:
        raise Unreachable(
            f"{what}: {error.strerror}", fix="look after the disk, then run it again"
        ) from error
