"""Wheels without a network: the one of this repository's last commit, and those of what this environment has installed."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Collection
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OF_THE_INSTALLER = {"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"}


def build_wheel(folder: Path, umask: int = 0o022, **environment: str) -> Path:
    """Clone the repository into a folder and build its wheel there, as ``make wheel`` does, with the tools of this environment."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True, umask=umask)
    return build_here(folder, umask, **environment)


def build_here(clone: Path, umask: int = 0o022, **environment: str) -> Path:
    """Build the wheel of a clone's last commit."""
    # The old files of make: the clone needs no environment of its own.
    command = ["make", "--old-file=setup", "wheel", f"BIN={Path(sys.executable).parent}"]
    done = subprocess.run(
        command, cwd=clone, env={**os.environ, **environment}, umask=umask, check=False, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (clone / "dist").glob("*.whl")
    return wheel


def pack_installed(names: Collection[str], folder: Path) -> None:
    """Write wheels of installed packages into a folder, so that installers find them there instead of at an index."""
    folder.mkdir()
    wanted = {_normalized(name) for name in names}
    for found in distributions():
        if _normalized(found.name) in wanted:
            wanted.discard(_normalized(found.name))
            _pack(found, folder)


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pack(found: Distribution, folder: Path) -> None:
    tags = re.findall(r"^Tag: (.+)$", found.read_text("WHEEL") or "", re.MULTILINE)
    name = _normalized(found.name).replace("-", "_")
    listed = [
        file
        for file in found.files or []
        if ".." not in file.parts and "__pycache__" not in file.parts
        and not (file.name in _OF_THE_INSTALLER and file.parent.suffix == ".dist-info")
    ]  # fmt: skip
    (info,) = {file.parts[0] for file in listed if file.parts[0].endswith(".dist-info")}
    with zipfile.ZipFile(folder / f"{name}-{found.version}-{tags[-1]}.whl", "w") as packed:
        for file in listed:
            packed.write(file.locate(), str(file))
        record = "".join(f"{file},,\n" for file in [*listed, f"{info}/RECORD"])
        packed.writestr(f"{info}/RECORD", record)
