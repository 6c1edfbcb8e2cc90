"""On a release night the tables hold what an override says; what Git has is beneath it, for imports and for its end."""

from datetime import UTC, datetime
from pathlib import Path

from controller.engine.live.accounts import LiveAccounts
from tests.support.command_line import Fleet, envctl, installation, service
from tests.support.told import Told

NIGHT = ("--until", "+10m", "--reason", "release night", "--yes")
MAP = """apiVersion: envctl/v1
kind: DeploymentMap
metadata: {name: web}
spec:
  roleDefaults: {owningCluster: Tango, contactEmailTag: t@acme.example, ami: web-1.0.0}
  roles:
    - {serverRoleName: Web, autoScalingSettings: {minCapacity: 1, desiredCapacity: 1, maxCapacity: 1}}
"""


def test_what_an_override_holds_is_told_and_not_written(
    installed: Fleet, tmp_path: Path, told: Told
) -> None:
    installed.has({"search.yaml": service("Search", 40000, description="finds things")})
    assert installed.apply().code == 0
    assert envctl("override", "Service/Search", "description=closed tonight", *NIGHT).code == 0
    assert installed.apply().code == 0

    imported = envctl("import", "--out", tmp_path / "written", "--scope", "config")

    text = (tmp_path / "written/services/Search.yaml").read_text()
    assert "  description: finds things" in text.splitlines()
    notes = (tmp_path / "written/IMPORT-NOTES.md").read_text()
    assert "description closed tonight: put there by " in notes
    assert "'s override until 20" in notes
    assert "(release night)" in notes
    assert told.types(imported.out, "plan").code == 0
    (tmp_path / "of mine.yaml").write_text("{}", encoding="utf-8")
    elsewhere = ("--config", tmp_path / "of mine.yaml", "import", "--out", tmp_path / "again here")
    assert told.types(envctl(*elsewhere).out, "--config").code == 0


def test_what_a_map_says_once_for_all_roles_is_beneath_too(
    installed: Fleet, tmp_path: Path
) -> None:
    installed.has({"web.yaml": MAP})
    assert installed.apply().code == 0
    assert envctl("override", "DeploymentMap/web", "roles.Web.ami=web-2.0.0", *NIGHT).code == 0
    assert installed.apply().code == 0

    assert envctl("import", "--out", tmp_path / "written", "--scope", "config").code == 0
    assert "ami: web-1.0.0" in (tmp_path / "written/maps/web.yaml").read_text()

    live, tables = LiveAccounts(installation()), installation().tables.observe()
    after_its_end = live.accepted(tables, datetime.now(UTC))
    assert after_its_end.unreadable == {}
    assert after_its_end.spec("DeploymentMap", "web").roles[0].ami == "web-1.0.0"
