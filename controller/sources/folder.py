"""A folder of this machine as a source: for trying things out, for checks before a commit, for mirrors other tools keep."""

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from controller.errors import SourceUnavailable
from controller.loading.documents import MAX_BYTES
from controller.model.ref import UNKNOWN_AUTHORSHIP, Authorship, DocumentPlace
from controller.ports import Revision, SourceTree
from controller.sources.location import SourceForm
from controller.sources.selection import (
    Found,
    FoundKind,
    Selection,
    is_hidden,
    is_too_deep,
    printable,
    select,
)

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


class EmptyFolder(SourceUnavailable):
    """No file in the folder is YAML: nothing to plan from, and where a first document may be written."""


class OpenFolders:
    """Folders of a source, opened name by name: one that was exchanged for a link is not followed, wherever in a path it is.

    The root may be a link. The folder opened last stays open, as files come folder by folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._folder: bytes | None = None
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what is open."""
        self._open.close()

    def descriptor(self, folder: bytes) -> int:
        """Return the descriptor of a folder below the root (empty for the root itself), good until the next one is asked for.

        Raises OSError.
        """
        if folder != self._folder:
            self._open.close()
            self._folder = None
            self._descriptor = self._opened(self._root, None)
            for name in folder.split(b"/") if folder else ():
                self._descriptor = self._opened(name, self._descriptor)
            self._folder = folder
        return self._descriptor

    def _opened(self, name: str | bytes, parent: int | None) -> int:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        flags |= 0 if parent is None else os.O_NOFOLLOW
        descriptor = os.open(name, flags, dir_fd=parent)
        self._open.callback(os.close, descriptor)
        return descriptor


class FolderSource:
    """Reads a folder. A file whose size, times and inode are as before is not read again within this object's life.

    Authorship is unknown: a folder has no history. To have it, commit and name the repository (``git+file://…``).
    """

    def __init__(self, folder: Path) -> None:
        self.name = self._root = os.fspath(folder)
        """The folder as it was given."""
        self._ids: dict[str, tuple[_Signature, str]] = {}
        self._paths: dict[str, str] = {}

    def changed_since(self, revision_id: str | None) -> bool:
        """Tell whether the files differ from that revision; reads only files whose signature changed."""
        return self.fetch().revision.id != revision_id

    def fetch(self) -> SourceTree:
        """Return the files as they are now. Raises SourceUnavailable if any part of it cannot be read, or none is YAML."""
        selection = select(walk(Path(self._root)))
        if selection.is_empty:
            raise EmptyFolder(
                f"{self.name}: no .yaml or .yml file in this folder; an empty source is an error, not an empty fleet",
                fix="name the folder that holds the YAML files; envctl init makes a first one",
            )
        files, sizes = self._identified(selection)
        self._paths = {found_id: path for path, found_id in files.items()}
        digest = hashlib.sha256()
        for path, found_id in files.items():
            digest.update(f"{found_id} {path}\0".encode())
        for problem in selection.problems:
            digest.update(f"{problem}\0".encode())
        revision = Revision(digest.hexdigest(), "working tree")
        return SourceTree(revision, files, selection.problems, sizes)

    def follows(self, revision_id: str) -> bool:
        """Return True: a folder has no history."""
        return True

    def read(self, content_ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the contents; raises SourceUnavailable for a file that is no longer what ``fetch`` saw."""
        with OpenFolders(self._root) as folders:
            for wanted in dict.fromkeys(content_ids):
                path = self._paths.get(wanted)
                content = None if path is None else self._content(folders, path)[1]
                if content is None or content_id(content) != wanted:
                    raise self._changed(path or wanted)
                yield wanted, content

    def authorship(self, places: Iterable[DocumentPlace]) -> Mapping[DocumentPlace, Authorship]:
        """Return unknown for every document."""
        return dict.fromkeys(places, UNKNOWN_AUTHORSHIP)

    def _identified(self, selection: Selection) -> tuple[dict[str, str], dict[str, int]]:
        known, self._ids = self._ids, {}
        files: dict[str, str] = {}
        sizes: dict[str, int] = {}
        with OpenFolders(self._root) as folders:
            for path in selection.files:
                entry = known.get(path)
                if entry is None or entry[0] != self._signature(folders, path):
                    signature, content = self._content(folders, path)
                    entry = signature, content_id(content)
                files[path], sizes[path] = entry[1], entry[0].size
                if time.time_ns() - max(entry[0].mtime_ns, entry[0].ctime_ns) > _RACY_NS:
                    self._ids[path] = entry
        return files, sizes

    def _signature(self, folders: OpenFolders, path: str) -> _Signature:
        folder, _, name = os.fsencode(path).rpartition(b"/")
        try:
            parent = folders.descriptor(folder)
            return _signature_of(os.stat(name, dir_fd=parent, follow_symlinks=False))
        except OSError as error:
            raise self._unreadable(path, error) from error

    def _content(self, folders: OpenFolders, path: str) -> tuple[_Signature, bytes]:
        # The file may have been exchanged since the walk: no link is followed, no pipe waited for, no flood read.
        folder, _, name = os.fsencode(path).rpartition(b"/")
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=folders.descriptor(folder))
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


def walk(root: Path) -> Iterator[Found]:
    """Yield every entry below ``root``, of hidden folders nothing but the folder itself.

    A folder with a ``.git`` of its own below the root is what a submodule looks like when checked out.
    Raises SourceUnavailable when any folder cannot be listed: a part of a tree is never taken for the whole.
    """
    pending = [b""]
    with OpenFolders(os.fspath(root)) as folders:
        while pending:
            folder = pending.pop()
            try:
                descriptor = folders.descriptor(folder)
                if folder and _is_repository(descriptor):
                    yield Found(folder, "submodule")
                    continue
                with os.scandir(descriptor) as listing:
                    for entry in listing:
                        found = _found(folder, descriptor, entry)
                        if found.kind == "folder" and not is_hidden(found.path):
                            pending.append(found.path)
                        yield found
            except OSError as error:
                raise _unlisted(root, folder, error) from error


def _is_repository(folder: int) -> bool:
    try:
        os.stat(".git", dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _found(folder: bytes, descriptor: int, entry: "os.DirEntry[str]") -> Found:
    name = os.fsencode(entry.name)
    path = folder + b"/" + name if folder else name
    if entry.is_symlink():
        return Found(path, "link", target=os.readlink(name, dir_fd=descriptor))
    if entry.is_dir(follow_symlinks=False):
        too_deep = is_too_deep(path) and not is_hidden(path)
        return Found(path, "deep" if too_deep else "folder")
    kind: FoundKind = "file" if entry.is_file(follow_symlinks=False) else "special"
    return Found(path, kind, size=entry.stat(follow_symlinks=False).st_size)


def _unlisted(root: Path, folder: bytes, error: OSError) -> SourceUnavailable:
    place = f"{root}/{printable(folder)}" if folder else str(root)
    was_exchanged = bool(folder) and isinstance(error, NotADirectoryError)
    if was_exchanged or (isinstance(error, FileNotFoundError) and root.exists()):
        why, fix = "changed while it was being listed", "run again when writing has ended"
    elif isinstance(error, FileNotFoundError):
        why, fix = "there is no such folder", "check the path, and that the mount it is on is there"
    elif isinstance(error, NotADirectoryError):
        why, fix = "is not a folder", "name the folder the file is in"
    else:
        why = f"cannot be read: {error.strerror}; what is unknown is not taken for absent"
        fix = "make it readable for this user, or move it out of the source"
    return SourceUnavailable(f"{place}: {why}", fix=fix)


FORM = SourceForm(
    schemes=("",),
    accepts="FOLDER",
    open=lambda text, _: FolderSource(Path(text)),
)
