"""A folder of this machine as a source: for trying things out, for checks before a commit, for mirrors other tools keep."""

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from controller.errors import SourceUnavailable
from controller.loading.documents import MAX_BYTES
from controller.model.origin import UNKNOWN_AUTHORSHIP, Authorship
from controller.model.problem import Problem
from controller.ports import Revision, SourceTree
from controller.sources.form import SourceContext, SourceForm
from controller.sources.location import FolderLocation
from controller.sources.selection import Selection, select
from controller.sources.walk import walk

# A file written twice within one tick of the file system's clock keeps its signature: what was hashed this soon
# after its last change is hashed again next time.
_RACY_NS = 2_000_000_000


class _Signature(NamedTuple):
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def content_id(content: bytes) -> str:
    """Return Git's blob id of ``content``, so that the same bytes have the same id in a folder and in a repository."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class FolderSource:
    """Reads a folder. A file whose size, times and inode are as before is not read again within this object's life.

    Authorship is unknown: a folder has no history. To have it, commit and name the repository (``git+file://…``).
    """

    def __init__(self, location: FolderLocation) -> None:
        self._root = os.fspath(location.path)
        self._ids: dict[str, tuple[_Signature, str]] = {}
        self._paths: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The folder as it was given."""
        return self._root

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell whether the files differ from that revision; reads only files whose signature changed."""
        return self.fetch().revision.id != revision_id

    def fetch(self) -> SourceTree:
        """Return the files as they are now. Raises SourceUnavailable if any part of it cannot be read, or none is YAML."""
        selection = select(walk(Path(self._root)))
        if not selection.files and not selection.problems:
            raise SourceUnavailable(
                f"{self.name}: no .yaml or .yml file in this folder; an empty source is an error, not an empty fleet",
                fix="name the folder that holds the YAML files",
            )
        files, sizes = self._identified(selection)
        self._paths = {found_id: path for path, found_id in files.items()}
        revision = Revision(_revision_id(files, selection.problems), "working tree")
        return SourceTree(revision, files, selection.problems, sizes)

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the contents; raises SourceUnavailable for a file that is no longer what ``fetch`` saw."""
        for wanted in dict.fromkeys(content_ids):
            path = self._paths.get(wanted)
            content = None if path is None else self._content(path)[1]
            if content is None or content_id(content) != wanted:
                raise self._changed(path or wanted)
            yield wanted, content

    def authorship(self, paths: Iterable[str]) -> Mapping[str, Authorship]:
        """Return unknown for every path."""
        return dict.fromkeys(paths, UNKNOWN_AUTHORSHIP)

    def _identified(self, selection: Selection) -> tuple[dict[str, str], dict[str, int]]:
        known, self._ids = self._ids, {}
        files: dict[str, str] = {}
        sizes: dict[str, int] = {}
        for path in selection.files:
            entry = known.get(path)
            if entry is None or entry[0] != self._signature(path):
                entry = self._hashed(path)
            files[path], sizes[path] = entry[1], entry[0].size
            if time.time_ns() - max(entry[0].mtime_ns, entry[0].ctime_ns) > _RACY_NS:
                self._ids[path] = entry
        return files, sizes

    def _signature(self, path: str) -> _Signature:
        try:
            return _signature_of(os.lstat(f"{self._root}/{path}"))
        except OSError as error:
            raise self._unreadable(path, error) from error

    def _hashed(self, path: str) -> tuple[_Signature, str]:
        signature, content = self._content(path)
        return signature, content_id(content)

    def _content(self, path: str) -> tuple[_Signature, bytes]:
        # The file may have been exchanged since the walk: no link is followed, no pipe waited for, no flood read.
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(f"{self._root}/{path}", flags)
            with os.fdopen(descriptor, "rb", buffering=0) as stream:
                status = os.fstat(descriptor)
                # One byte more than it has: a file that is still growing shows.
                wanted = min(status.st_size, MAX_BYTES) + 1
                content = stream.read(wanted) if stat.S_ISREG(status.st_mode) else b""
        except OSError as error:
            raise self._unreadable(path, error) from error
        if len(content) != status.st_size or len(content) > MAX_BYTES:
            raise self._changed(path)
        return _signature_of(status), content

    def _changed(self, path: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self.name}/{path}: changed while it was being read",
            fix="run again when writing has ended",
        )

    def _unreadable(self, path: str, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self.name}/{path}: cannot be read: {error.strerror}; what is unknown is not taken for absent",
            fix="make it readable for this user, or move it out of the source",
        )


def _signature_of(status: os.stat_result) -> _Signature:
    return _Signature(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _revision_id(files: Mapping[str, str], problems: Iterable[Problem]) -> str:
    digest = hashlib.sha256()
    for path, found_id in files.items():
        digest.update(f"{found_id} {path}\0".encode())
    for problem in problems:
        digest.update(f"{problem}\0".encode())
    return digest.hexdigest()


def _open(text: str, _context: SourceContext) -> FolderSource:
    return FolderSource(FolderLocation(Path(text)))


FORM = SourceForm(schemes=("",), accepts="FOLDER", open=_open)
