"""Two builds of one commit have the same bytes, so that a hash says what was built."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def built(folder: Path, umask: int, zone: str) -> Path:
    """Clone the repository and build its wheel, with the tools of this environment."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True, umask=umask)
    # The old files of make: the clone needs no environment of its own.
    command = ["make", "--old-file=setup", "wheel", f"BIN={Path(sys.executable).parent}"]
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": str(umask)}
    done = subprocess.run(
        command, cwd=folder, env=environment, umask=umask, check=False, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def test_neither_place_nor_umask_nor_zone_is_in_it(tmp_path: Path) -> None:
    first = built(tmp_path / "one", 0o022, "UTC")
    second = built(tmp_path / "another" / "place", 0o077, "Pacific/Auckland")

    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()
