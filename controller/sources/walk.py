"""What is in a folder, name by name: nothing opened, no link followed."""

import os
from collections.abc import Iterator
from pathlib import Path

from controller.errors import SourceUnavailable
from controller.sources.selection import Found, FoundKind, is_hidden, printable


def walk(root: Path) -> Iterator[Found]:
    """Yield every file, link and nested repository below ``root``; folders that begin with a dot are left out.

    A folder with a ``.git`` of its own below the root is what a submodule looks like when checked out.
    Raises SourceUnavailable when any folder cannot be listed: a part of a tree is never taken for the whole.
    """
    start = os.fsencode(root)
    pending = [b""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(start + b"/" + folder if folder else start) as listing:
                entries = list(listing)
                found = [_found(folder, entry) for entry in entries if not is_hidden(entry.name)]
        except OSError as error:
            raise _unlisted(root, folder, error) from error
        if folder and any(entry.name == b".git" for entry in entries):
            yield Found(folder, "submodule")
            continue
        for entry in found:
            if isinstance(entry, bytes):
                pending.append(entry)
            else:
                yield entry


def _found(folder: bytes, entry: "os.DirEntry[bytes]") -> Found | bytes:
    """Return the entry, or the path of a folder to look into."""
    path = folder + b"/" + entry.name if folder else entry.name
    if entry.is_symlink():
        return Found(path, "link", target=os.readlink(entry.path))  # noqa: PTH115 a Path holds no bytes
    if entry.is_dir(follow_symlinks=False):
        return path
    kind: FoundKind = "file" if entry.is_file(follow_symlinks=False) else "special"
    return Found(path, kind, size=entry.stat(follow_symlinks=False).st_size)


def _unlisted(root: Path, folder: bytes, error: OSError) -> SourceUnavailable:
    place = f"{root}/{printable(folder)}" if folder else str(root)
    if isinstance(error, FileNotFoundError) and root.exists():
        why, fix = "changed while it was being listed", "run again when writing has ended"
    elif isinstance(error, FileNotFoundError):
        why, fix = "there is no such folder", "check the path, and that the mount it is on is there"
    elif isinstance(error, NotADirectoryError):
        why, fix = "is not a folder", "name the folder the file is in"
    else:
        why = f"cannot be read: {error.strerror}; what is unknown is not taken for absent"
        fix = "make it readable for this user, or move it out of the source"
    return SourceUnavailable(f"{place}: {why}", fix=f"{fix}")
