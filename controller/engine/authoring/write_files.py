"""A folder of files a command leaves behind.

Other users may write into the folder too (``/tmp``), so nothing that is there already is written into: content goes into a
new file of a name nobody can guess, which then takes the place of the one that was asked for.
"""

import errno
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

from controller.errors import WrongUsage
from controller.redactor import REDACTOR

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE: Final = 0o600
_USUAL: Final = 0o666
"""Before the umask takes its part."""


def write_folder(folder: Path, files: Mapping[str, bytes], *, force: bool) -> tuple[str, ...]:
    """Write files (path below the folder -> content); return the YAML files that are there besides.

    Only this user may read them. Raises WrongUsage for a folder that holds something already, unless forced, for a link
    below it that leads out of it, and for what cannot be written.
    """
    try:
        before = sorted(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
        )
        if any(folder.iterdir() if folder.exists() else ()) and not force:
            raise WrongUsage(f"{folder} is not empty", fix="name a new folder, or add --force")
        for path in sorted(files):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.parent.resolve().is_relative_to(folder.resolve()):
                raise WrongUsage(
                    f"{target.parent}: a link that leads out of {folder}",
                    fix="remove the link, or name a new folder",
                )
            write_file(target, files[path], private=True)
    except OSError as error:
        raise WrongUsage(
            f"{folder}: cannot be written: {error.strerror}", fix="name a folder that can be"
        ) from error
    return tuple(
        path for path in before if path not in files and path.lower().endswith((".yaml", ".yml"))
    )


def write_new_files(files: Mapping[Path, bytes]) -> None:
    """Write files that are not there yet, and the folders they lie in.

    Raises WrongUsage, with nothing written, where one of them is there, and for what cannot be written.
    """
    there = [str(path) for path in files if path.exists()]
    if there:
        fix = "name a new file; several documents may be joined with ---"
        raise WrongUsage(f"{', '.join(there)}: exists, and is not written over", fix=fix)
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WrongUsage(
                f"{path.parent}: cannot be made: {error.strerror}",
                fix="name a file in a folder that can be",
            ) from error
        write_file(path, content)


def write_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a text, replacing a file that is there, in one step. No secret is in it.

    With ``private`` it is written as it is, secrets and all, and nobody but this user may read it. A file or link of that name
    is replaced, never written into, and its mode is not kept. Raises WrongUsage if it cannot be written.
    """
    content = content if private else REDACTOR.redact_bytes(content)
    beside = path.with_name(f".envctl-{secrets.token_hex(16)}")
    try:
        if path.exists() and not path.is_file():
            _write_as_it_is(path, content)
            return
        try:
            with os.fdopen(os.open(beside, _NEW, _PRIVATE if private else _USUAL), "wb") as file:
                file.write(content)
            beside.replace(path)
        finally:
            # Where it could not become the file it is in nobody's way.
            with suppress(OSError):
                beside.unlink()
    except OSError as error:
        raise WrongUsage(
            f"{path}: cannot be written: {error.strerror}",
            fix="name a file in a folder that can be written to",
        ) from error


def _write_as_it_is(path: Path, content: bytes) -> None:
    """Write to a pipe or a device, such as /dev/stdout. Raises WrongUsage for a named pipe of another user."""
    with path.open("wb") as out:
        found = os.fstat(out.fileno())
        if stat.S_ISFIFO(found.st_mode) and found.st_uid not in {0, os.geteuid()}:
            raise WrongUsage(
                f"{path}: a pipe of another user; nothing was written to it",
                fix="name a file in a folder of your own",
            )
        out.write(content)


def append_to(path: Path) -> TextIO:
    """Open a file of this user's, or a pipe or a device, to append to; a new one is this user's alone. Raises OSError.

    A link to a file is not followed, as another user may have laid it.
    """
    as_it_is = path.exists() and not path.is_file()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(path, flags if as_it_is else flags | os.O_CREAT | os.O_NOFOLLOW, _PRIVATE)
    found = os.fstat(descriptor)
    if not stat.S_ISCHR(found.st_mode) and found.st_uid not in {0, os.geteuid()}:
        os.close(descriptor)
        raise PermissionError(errno.EPERM, "it belongs to another user")
    return os.fdopen(descriptor, "a", encoding="utf-8")
