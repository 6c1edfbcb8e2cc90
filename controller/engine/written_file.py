"""Files a command leaves behind: whole, or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from controller.errors import WrongUsage


def write_file(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file, replacing one that is there, in one step; with ``private`` nobody but this user may read it.

    Raises WrongUsage if it cannot be written.
    """
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
