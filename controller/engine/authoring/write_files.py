"""A folder of files a command leaves behind."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from controller.errors import WrongUsage
from controller.redactor import REDACTOR


def write_folder(folder: Path, files: Mapping[str, bytes], *, force: bool) -> tuple[str, ...]:
    """Write files (path below the folder -> content); return the YAML files that are there besides.

    Raises WrongUsage for a folder that holds something already, unless forced, and for what cannot be written.
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
            _write_as_is(target, files[path])
    except OSError as error:
        raise WrongUsage(
            f"{folder}: cannot be written: {error.strerror}", fix="name a folder that can be"
        ) from error
    return tuple(
        path for path in before if path not in files and path.lower().endswith((".yaml", ".yml"))
    )


def write_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a text, replacing a file that is there, in one step. No secret is in it.

    With ``private`` it is written as it is, secrets and all, and nobody but this user may read it. Raises WrongUsage if it
    cannot be written.
    """
    _write_as_is(path, content if private else REDACTOR.redact_bytes(content), private=private)


def _write_as_is(path: Path, content: bytes, *, private: bool = False) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            # A pipe or a device, such as /dev/stdout, is written as it is.
            path.write_bytes(content)
            return
        beside.touch(0o600 if private else 0o666)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise WrongUsage(
            f"{path}: cannot be written: {error.strerror}",
            fix="name a file in a folder that can be written to",
        ) from error
