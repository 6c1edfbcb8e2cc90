"""An import made on a release night writes what Git has, not what the override holds for the night."""

from pathlib import Path

from tests.support.command_line import Fleet, envctl, service


def test_what_an_override_holds_is_told_and_not_written(installed: Fleet, tmp_path: Path) -> None:
    installed.has({"search.yaml": service("Search", 40000, description="finds things")})
    assert installed.apply().code == 0
    night = ["--until", "+10m", "--reason", "release night", "--yes"]
    assert envctl("override", "Service/Search", "description=closed tonight", *night).code == 0
    assert installed.apply().code == 0

    assert envctl("import", "--out", tmp_path / "written", "--scope", "config").code == 0

    text = (tmp_path / "written/services/Search.yaml").read_text()
    assert "  description: finds things" in text.splitlines()
    notes = (tmp_path / "written/IMPORT-NOTES.md").read_text()
    assert "description closed tonight: put there by " in notes
    assert "'s override until 20" in notes
    assert "(release night)" in notes
    assert envctl("plan", "--source", tmp_path / "written", "--scope", "config").code == 0
