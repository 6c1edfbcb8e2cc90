"""A folder of files a command leaves behind."""

from collections.abc import Mapping
from pathlib import Path

from controller.engine.written_file import write_file
from controller.errors import WrongUsage


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
            write_file(target, files[path])
    except OSError as error:
        raise WrongUsage(
            f"{folder}: cannot be written: {error.strerror}", fix="name a folder that can be"
        ) from error
    return tuple(
        path for path in before if path not in files and path.lower().endswith((".yaml", ".yml"))
    )
