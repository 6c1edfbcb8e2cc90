"""Notes stand beside the lines that cause a change or are wrong, the worst first, as many as the code host takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from pull_requests import github, gitlab
from pull_requests.reports import MARKER, MOST_ANNOTATIONS, Annotation, Reports
from tests.support.code_host import COMMIT, code_host
from tests.unit.pull_requests.conftest import write_reports


def change(name: str, place: str, action: str = "update", **effects: int) -> dict[str, Any]:
    edit = {"origin": place, "what": "spec"}
    return {
        "action": action,
        "kind": "Group",
        "key": name,
        "origin": "",
        "edit": edit,
        "effects": effects,
    }


def plan(*changes: dict[str, Any]) -> dict[str, Any]:
    return {"scopes": [{"changes": list(changes)}]}


def test_changes_of_one_line_are_one_note_and_what_ends_instances_comes_first(
    tmp_path: Path,
) -> None:
    made = plan(
        change("a", "maps/web.yaml:17"),
        change("b", "maps/web.yaml:17"),
        change("c", "c07.yaml:6", "delete", ended=3),
        {**change("d", "x.yaml:1"), "edit": {"origin": "folder/", "what": "removed"}},
        {key: value for key, value in change("e", "x.yaml:1").items() if key != "edit"},
    )
    reports = Reports(write_reports(tmp_path, 2, plan=made), "fleet/")

    assert reports.annotations() == [
        Annotation("fleet/c07.yaml", 6, "warning", "delete Group c, 3 instances ended"),
        Annotation("fleet/maps/web.yaml", 17, "notice", "update Group a\nupdate Group b"),
    ]


def test_problems_are_failures_at_their_lines(tmp_path: Path) -> None:
    problem = {"path": "a.yaml", "line": 0, "level": "error", "message": "no", "fix": "write yes"}
    warned = {"path": "b.yaml", "line": 2, "level": "warning", "message": "hm"}
    found = {"problems": [warned, problem]}
    reports = Reports(write_reports(tmp_path, 1, problems=found))

    assert reports.annotations() == [
        Annotation("a.yaml", 1, "failure", "no\nwrite yes"),
        Annotation("b.yaml", 2, "warning", "hm"),
    ]


def test_a_problem_between_two_files_is_said_beside_both(tmp_path: Path) -> None:
    role = {"path": "b.yaml", "line": 9, "document": "DeploymentMap/web", "field": "spec.roles"}
    problem = {"path": "a.yaml", "line": 4, "field": "spec", "level": "error", "message": "no"}
    found = {"problems": [{**problem, "related": [role]}]}
    reports = Reports(write_reports(tmp_path, 1, problems=found), "fleet/")

    assert reports.annotations() == [
        Annotation(
            "fleet/a.yaml", 4, "failure", "no\nsee fleet/b.yaml:9: DeploymentMap/web: spec.roles"
        ),
        Annotation("fleet/b.yaml", 9, "failure", "no\nsee fleet/a.yaml:4: spec"),
    ]


def test_of_many_changes_at_a_line_and_of_many_lines_the_rest_is_left_to_the_report(
    tmp_path: Path,
) -> None:
    made = plan(
        *(change(f"n{n}", "z.yaml:1", "delete") for n in range(30)),
        *(change("x", f"a.yaml:{n + 1}") for n in range(400)),
    )
    notes = Reports(write_reports(tmp_path, 2, plan=made)).annotations()

    assert len(notes) == MOST_ANNOTATIONS
    assert notes[0].path == "z.yaml"
    assert notes[0].message.endswith("\nand 20 more")


def test_a_check_takes_fifty_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    write_reports(tmp_path, 2, plan=plan(*(change("x", f"a.yaml:{n + 1}") for n in range(120))))
    with code_host(github=True) as host:
        monkeypatch.setenv("GITHUB_TOKEN", "t")
        monkeypatch.setenv("GITHUB_API_URL", host.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/fleet")

        assert github.main(["--reports", str(tmp_path), "--commit", COMMIT]) == 0

        sent = [len(check["output"]["annotations"]) for check in host.checks]
        assert sent == [50, 50, 20]
        assert host.checks[0]["conclusion"] == "success"
        assert host.checks[0]["head_sha"] == COMMIT
        assert not any("comments" in asked for asked in host.asked), "a merge queue has none"


def test_without_a_token_gitlab_gets_the_report_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLAN_GITLAB_TOKEN", raising=False)
    write_reports(tmp_path, 2, plan=plan(change("a", "m.yaml:3", stopped=1)))

    assert gitlab.main(["--reports", str(tmp_path), "--prefix", "fleet/"]) == 0

    (note,) = json.loads((tmp_path / gitlab.QUALITY).read_text())
    assert note["location"] == {"path": "fleet/m.yaml", "lines": {"begin": 3}}
    assert note["severity"] == "major"


def test_where_there_is_no_report_what_was_said_is_the_comment(tmp_path: Path) -> None:
    (tmp_path / "said.txt").write_text("envctl: denied\n```\n@all </details>\n")
    reports = Reports(tmp_path)

    assert reports.exit_code == 70
    assert reports.annotations() == []
    assert reports.comment == (
        f"{MARKER}\n### No plan (exit code 70)\n\n````\nenvctl: denied\n```\n@all </details>\n````\n"
    )
