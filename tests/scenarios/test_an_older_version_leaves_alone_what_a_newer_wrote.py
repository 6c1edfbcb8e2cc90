"""Two versions of the package on one set of tables: the newer goes on with what the older wrote, and the older stands back from then on."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command_line import service
from tests.support.embedded_aws import AwsForTests

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CHANGED = {
    "controller/__init__.py": ('__version__ = "0.1.0"', '__version__ = "9.0.0"'),
    "controller/model/ledger_record.py": ("LEDGER_FORMAT = 1", "LEDGER_FORMAT = 2"),
}
"""What makes a version of the tree that writes a newer format."""


@dataclass(frozen=True)
class Version:
    """One version of the package, as commands of their own."""

    code: Path
    around: dict[str, str]

    def envctl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of it."""
        return subprocess.run(
            [sys.executable, "-m", "controller.cli", *arguments],
            cwd=self.code,
            timeout=60,
            env={**os.environ, **self.around, "PYTHONPATH": str(self.code)},
            check=False,
            capture_output=True,
            text=True,
        )


def newer(folder: Path) -> Path:
    for name in ("controller", "deploy", "examples"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=left_out)
    for name, (before, after) in CHANGED.items():
        text = (folder / name).read_text()
        assert before in text
        (folder / name).write_text(text.replace(before, after))
    return folder


def test_a_fleet_is_upgraded_while_the_older_version_still_runs(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    settings = tmp_path / "envctl.yaml"
    settings.write_text(f"source: {{folder: {fleet}}}\n")
    around = {"ENVCTL_CONFIG": str(settings), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old, new = Version(ROOT, around), Version(newer(tmp_path / "newer"), around)
    cluster = (
        "apiVersion: envctl/v1\nkind: Cluster\nmetadata: {name: Tango}\nspec: {shortName: ta}\n"
    )
    (fleet / "teams.yaml").write_text(cluster)
    assert old.envctl("bootstrap").returncode == 0
    assert old.envctl("apply", "--yes").returncode == 0

    # The newer one reads what the older wrote, has nothing to do, and keeps the older at work.
    assert new.envctl("version").stdout.startswith("envctl 9.0.0")
    assert new.envctl("plan").returncode == 0
    assert old.envctl("plan").returncode == 0

    # With its first record the scope is the newer one's.
    (fleet / "search.yaml").write_text(service("Search", 40000))
    assert new.envctl("apply", "--yes").returncode == 0
    (fleet / "find.yaml").write_text(service("Find", 40001))
    refused = old.envctl("apply", "--yes")
    told = json.loads(old.envctl("doctor", "--format", "json").stdout)["checks"]

    assert refused.returncode == 5
    assert "its ledger has format 2, this controller knows up to 1" in refused.stderr
    assert "Traceback" not in refused.stderr
    (found,) = [check for check in told if check["of"] == "version"]
    assert found["health"] == "lacks"
    assert "config (format 2)" in found["what"]
    assert "pipx upgrade environment-controller" in found["fix"]
    assert new.envctl("apply", "--yes").returncode == 0
    assert new.envctl("audit", "verify", "--replay").returncode == 0
