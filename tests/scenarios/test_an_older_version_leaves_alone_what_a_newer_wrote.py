"""Two versions of the package on one set of tables: the newer goes on with what the older wrote, and the older stands back from then on."""

import json
import os
import signal
import subprocess
import sys
import uuid
import zipfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from controller import __version__
from controller.events import AlertRaised
from controller.model.ledger_record import LEDGER_FORMAT
from controller.model.observed import SHAPE
from tests.support.command_line import service
from tests.support.daemon_processes import DaemonProcess
from tests.support.embedded_aws import AwsForTests
from tests.support.wheels import build_here, build_wheel
from tests.support.work_queues import make_queue

pytestmark = pytest.mark.slow

NEWER_FORMAT = LEDGER_FORMAT + 1
CHANGED = {
    "controller/__init__.py": (f'__version__ = "{__version__}"', '__version__ = "9.0.0"'),
    "controller/model/ledger_record.py": (
        f"\nLEDGER_FORMAT = {LEDGER_FORMAT}\n",
        f"\nLEDGER_FORMAT = {NEWER_FORMAT}\n",
    ),
    "controller/model/observed.py": (f"\nSHAPE = {SHAPE}\n", f"\nSHAPE = {SHAPE + 1}\n"),
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


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Where the package as it is lies, and where a later version."""
    return both(tmp_path_factory.mktemp("versions"))


def test_a_fleet_is_upgraded_while_the_older_version_still_runs(
    sandbox: AwsForTests, tmp_path: Path, unpacked: tuple[Path, Path]
) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    settings = tmp_path / "envctl.yaml"
    settings.write_text(f"source: {{folder: {fleet}}}\n")
    around = {"ENVCTL_CONFIG": str(settings), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old, new = (Version(code, around) for code in unpacked)
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
    told_why = f"its ledger has format {NEWER_FORMAT}, this controller knows up to {LEDGER_FORMAT}"
    assert told_why in refused.stderr
    assert "Traceback" not in refused.stderr
    (found,) = [check for check in told if check["of"] == "version"]
    assert found["health"] == "lacks"
    assert f"config (format {NEWER_FORMAT})" in found["what"]
    assert "pipx upgrade environment-controller" in found["fix"]
    assert new.envctl("apply", "--yes").returncode == 0
    assert new.envctl("audit", "verify", "--replay").returncode == 0


def alerts(daemon: DaemonProcess) -> set[str]:
    return {event["alert"] for event in daemon.events(AlertRaised.name)}


def test_daemons_of_both_share_a_queue_until_the_older_is_ended(
    sandbox: AwsForTests, tmp_path: Path, unpacked: tuple[Path, Path]
) -> None:
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    (fleet / "teams.yaml").write_text(CLUSTER)
    settings = {
        "source": {"folder": str(fleet)},
        "intervals": {"reconcileSeconds": 5},
        "queue": {"sqs": make_queue(sandbox.client("sqs"), uuid.uuid4().hex)},
    }
    file = tmp_path / "envctl.yaml"
    file.write_text(json.dumps(settings))
    around = {"ENVCTL_CONFIG": str(file), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    old, new = (Version(code, around) for code in unpacked)
    assert old.envctl("bootstrap").returncode == 0

    def items(table: str) -> str:
        return json.dumps(sandbox.client("dynamodb").scan(TableName=table)["Items"])

    with DaemonProcess(tmp_path, settings, "older", code=old.code) as older:
        older.until(lambda: "ADMembershipGroup" in items("InfraConfigClusters"))
        with DaemonProcess(tmp_path, settings, "newer", code=new.code) as newer:
            # Either takes what is due, until the newer one took some: from then on the scope is its own.
            commits = count(1)

            def is_newer() -> bool:
                known = items("InfraConfigServices")
                if known.count("OwningCluster") == len(list(fleet.iterdir())) - 1:
                    number = next(commits)
                    (fleet / f"{number}.yaml").write_text(service(f"Any{number}", 40100 + number))
                return "DirectoryGroup" in items("InfraConfigClusters")

            newer.until(is_newer)
            older.until(lambda: alerts(older) == {"scope-from-the-future"})
            (fleet / "search.yaml").write_text(service("Search", 40000))
            newer.until(lambda: "Search" in items("InfraConfigServices"))
            assert older.ended(signal.SIGTERM)[0] == 0
            (fleet / "find.yaml").write_text(service("Find", 40001))
            newer.until(lambda: "Find" in items("InfraConfigServices"))
            assert alerts(newer) == set()
            assert newer.ended(signal.SIGTERM)[0] == 0

    records = json.loads(new.envctl("audit", "list", "--format", "json").stdout)["records"]
    assert "upgraded" in {record["cause"] for record in records}
    assert new.envctl("audit", "verify", "--replay").returncode == 0
