"""Folders that are used only if nobody else could have put anything into them."""

import os
import shlex
import stat
from pathlib import Path

from controller.errors import SourceUnavailable


def make_private(*folders: Path) -> None:
    """Make folders, for this user alone, unless they are there. Raises SourceUnavailable where one cannot be used or trusted."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise unusable(folder, error) from error
        check_private(folder)


def check_private(folder: Path) -> None:
    """Raise SourceUnavailable unless ``folder`` is a folder of this user, not a link to one, that nobody else may write to."""
    try:
        status = os.lstat(folder)
    except OSError as error:
        raise unusable(folder, error) from error
    path = shlex.quote(str(folder))
    remove = f"rm -rf {path} (what is in it is fetched again)"
    if not stat.S_ISDIR(status.st_mode):
        raise _foreign(folder, "is a link or a file, no folder", f"rm {path}")
    if status.st_uid != os.geteuid():
        raise _foreign(folder, f"belongs to another user, with the id {status.st_uid}", remove)
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _foreign(
            folder,
            f"can be written to by others (mode {stat.S_IMODE(status.st_mode):04o})",
            f"{remove}; if nobody else wrote to it, chmod -R go-w {path}",
        )


def unusable(folder: Path, error: OSError) -> SourceUnavailable:
    """Return the error for a cache folder that the system does not let us use."""
    return SourceUnavailable(
        f"{folder}: the cache folder cannot be used: {error.strerror}",
        fix="make it writable for this user, or name another in the settings",
    )


def _foreign(folder: Path, why: str, fix: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"{folder}: this cache folder {why}; git would do what it says, so it is not used", fix=fix
    )
