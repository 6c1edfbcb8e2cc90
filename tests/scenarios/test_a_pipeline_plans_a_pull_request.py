"""The script of a pipeline leaves comment, page, plan file and exit code of what a pull request changes, without AWS."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pull_requests.reports import Reports
from tests.support.command_line import Fleet, service
from tests.support.git_repository import Repository

SCRIPT = Path(__file__).resolve().parents[2] / "pull_requests/plan.sh"


def planned(folder: Path, **said: object) -> tuple[int, str]:
    """Run the script; return how it ended, and what its log says."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "PLAN_REPORTS": str(folder / "reports"),
        **{f"PLAN_{name.upper()}": str(value) for name, value in said.items()},
    }
    ended = subprocess.run(
        [SCRIPT], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.slow
def test_a_change_then_a_mistake(fleet: Fleet, tmp_path: Path) -> None:
    after = Fleet(tmp_path / "after").has({"search.yaml": service("Search", 40000, tags=[])})

    code, log = planned(tmp_path, source=after.folder, base=fleet.folder, author="ada")

    reports = Reports(tmp_path / "reports", "fleet/")
    assert (code, reports.exit_code) == (0, 2)
    assert "Search" in reports.comment
    assert (tmp_path / "reports/report.html").is_file()
    (note,) = reports.annotations()
    assert note[:3] == ("fleet/search.yaml", 4, "notice")
    assert all(line.startswith("| ") for line in log.splitlines())

    after.has({"search.yaml": service("Search", 40000, tgas=[])})
    planned(tmp_path, source=after.folder, base=fleet.folder)

    assert (reports.exit_code, reports.is_bad) == (1, True)
    assert "tgas" in reports.comment
    assert not (tmp_path / "reports/report.md").exists()
    assert reports.annotations()[0].level == "failure"


@pytest.mark.slow
def test_the_comment_says_what_is_open_beside(fleet: Fleet, tmp_path: Path) -> None:
    made = Repository.at(tmp_path / "checkout")
    files = {path.name: path.read_text() for path in fleet.folder.iterdir()}
    made.commit(dict(files))
    for name, says in (("theirs", "there"), ("ours", "here")):
        made.git("checkout", "--quiet", "-b", name, "main")
        made.commit({"search.yaml": service("Search", 40000, description=says)})
    made.git("update-ref", "refs/pull/18/head", "theirs")
    (tmp_path / "beside").write_text("refs/pull/18/head\nrefs/pull/19/head\n")

    planned(tmp_path, source=made.folder, base="main", beside=tmp_path / "beside")

    comment = Reports(tmp_path / "reports").comment
    assert "refs/pull/18/head: Service/Search description: here here, there there" in comment
    assert "refs/pull/19/head: not compared:" in comment


@pytest.mark.slow
def test_the_comment_says_what_is_otherwise_and_no_earlier_plan_takes_it_away(
    fleet: Fleet, tmp_path: Path
) -> None:
    after = Fleet(tmp_path / "after").has({"search.yaml": service("Search", 40000, tags=[])})
    earlier, reports = tmp_path / "plan-since.json", Reports(tmp_path / "reports")
    given = {"source": after.folder, "base": fleet.folder, "since": earlier}

    planned(tmp_path, **given)
    assert (reports.exit_code, "Since the earlier plan" in reports.comment) == (2, False)
    (tmp_path / "reports/plan.json").rename(earlier)
    after.has({"auth.yaml": service("Auth", 40002)})
    planned(tmp_path, **given)
    assert "new: create Service/Auth" in reports.comment
    earlier.write_text("</details> @all")
    _, log = planned(tmp_path, **given)

    assert (reports.exit_code, "Since the earlier plan" in reports.comment) == (2, False)
    assert "Service Auth" in reports.comment
    assert "not JSON" in log
    assert all(line.startswith("| ") for line in log.splitlines())


@pytest.mark.parametrize("said", [{}, {"source": "x"}])
def test_what_to_compare_is_to_be_said(tmp_path: Path, said: dict[str, str]) -> None:
    code, log = planned(tmp_path, **said)

    assert code != 0
    assert "PLAN_OBSERVED or PLAN_BASE" in log or "name the folder" in log
