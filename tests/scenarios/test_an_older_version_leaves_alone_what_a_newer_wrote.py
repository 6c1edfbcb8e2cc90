"""Two versions of the package on one set of tables: the newer goes on with what the older wrote, and the older stands back from then on."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command_line import service
from tests.support.embedded_aws import AwsForTests
from tests.support.wheels import build_here, build_wheel

pytestmark = pytest.mark.slow

CHANGED = {
    "controller/__init__.py": ('__version__ = "0.1.0"', '__version__ = "9.0.0"'),
    "controller/model/ledger_record.py": ("LEDGER_FORMAT = 1", "LEDGER_FORMAT = 2"),
    "controller/model/observed.py": ("\nSHAPE = 1", "\nSHAPE = 2"),
    "controller/kinds/cluster.py": ('alias="ADMembershipGroup"', 'alias="DirectoryGroup"'),
}
"""What makes a version of the tree that writes a newer format, and one attribute otherwise."""
CLUSTER = """
apiVersion: envctl/v1
kind: Cluster
metadata: {name: Tango}
spec: {shortName: ta, adMembershipGroup: team-tango}
"""


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
            timeout=300,
            env={**os.environ, **self.around, "PYTHONPATH": str(self.code)},
            check=False,
            capture_output=True,
            text=True,
        )


def both(folder: Path) -> tuple[Path, Path]:
    """Build the package as it is and as a later version, and return where each was unpacked."""
    older = build_wheel(folder / "tree")
    for name, (before, after) in CHANGED.items():
        changed = folder / "tree" / name
        text = changed.read_text()
        found = text.count(before)
        assert found == 1, name
        changed.write_text(text.replace(before, after))
    subprocess.run(["git", "commit", "--quiet", "--all", "--message", "A later version"], cwd=folder / "tree", check=True)  # fmt: skip
    unpacked = folder / "older", folder / "newer"
    with zipfile.ZipFile(older) as wheel:
        wheel.extractall(unpacked[0])
    older.unlink()
    with zipfile.ZipFile(build_here(folder / "tree")) as wheel:
        wheel.extractall(unpacked[1])
    return unpacked


def test_a_fleet_is_upgraded_while_the_older_version_still_runs(
    sandbox: AwsForTests, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    settings = tmp_path / "envctl.yaml"
    settings.write_text(f"source: {{folder: {fleet}}}\n")
    around = {"ENVCTL_CONFIG": str(settings), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old, new = (Version(code, around) for code in both(tmp_path))
    (fleet / "teams.yaml").write_text(CLUSTER)
    assert old.envctl("bootstrap").returncode == 0
    assert old.envctl("apply", "--yes").returncode == 0

    # The newer one reads what the older wrote, shows what it writes another way, and keeps the older at work.
    assert new.envctl("version").stdout.startswith("envctl 9.0.0")
    shown = new.envctl("plan")
    assert (shown.returncode, old.envctl("plan").returncode) == (2, 0)
    assert "written another way by this version" in shown.stdout
    document = json.loads(new.envctl("plan", "--format", "json").stdout)
    (change,) = (change for scope in document["scopes"] for change in scope["changes"])
    assert (change["cause"], change["kind"], change["key"]) == ("upgraded", "Cluster", "Tango")

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
