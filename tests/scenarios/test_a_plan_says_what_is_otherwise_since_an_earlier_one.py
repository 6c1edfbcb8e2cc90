"""A request is planned again after the world moved: the plan says what is new, gone or otherwise, and no file of an earlier plan misleads it."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import Fleet, envctl, service


@pytest.fixture
def ours(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """What a request makes of ``fleet``: another text of Search, Auth as well."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    files = {path.name: path.read_text() for path in fleet.folder.iterdir()}
    changed = {"search.yaml": service("Search", 40000, description="ours")}
    made = Fleet(tmp_path / "ours").has(files)
    return made.has({**changed, "auth.yaml": service("Auth", 40002)})


def test_the_base_moved_meanwhile(fleet: Fleet, ours: Fleet, tmp_path: Path) -> None:
    earlier, page, file = (tmp_path / name for name in ("plan.json", "page.html", "now.json"))
    first = ours.plan("--base", fleet.folder, "--report", earlier)
    same = ours.plan("--base", fleet.folder, "--since", earlier)
    fleet.has(
        {
            "auth.yaml": service("Auth", 40002),
            "search.yaml": service("Search", 40000, description="</details> @all"),
            "mail.yaml": service("Mail", 40003),
        }
    )

    planned = ours.plan(
        *("--base", fleet.folder, "--since", earlier, "--format", "markdown"),
        *("--report", page, "--report", file),
    )

    assert first.code == same.code == planned.code == 2
    assert "Since the earlier plan" not in first.out
    assert "2 changes as then, 0 otherwise" in same.out.split("Since the earlier plan")[1]
    told = planned.out.split("**Since the earlier plan**")[1]
    digest = json.loads(earlier.read_text())["digest"]
    assert f"plan {digest[:16]}: 0 changes as then, 3 otherwise" in told
    assert "gone: create Service/Auth" in told
    assert "new: update Service/Mail" in told
    changed = "Service/Search description: (absent) → ours then, </details> @all → ours now"
    assert changed in told
    assert "Since the earlier plan" in page.read_text()
    assert "</details> @all →" not in page.read_text()
    found = json.loads(file.read_text())["since"]
    assert (found["digest"], found["unchanged"]) == (digest, 0)
    assert [(one["key"], one["field"]) for one in found["differences"]] == [
        ("Auth", ""),
        ("Mail", ""),
        ("Search", "description"),
    ]
    assert ours.plan("--base", fleet.folder, "--since", file).code == 2


def test_a_file_that_is_no_plan_is_refused_in_a_sentence(
    fleet: Fleet, ours: Fleet, tmp_path: Path
) -> None:
    earlier = tmp_path / "plan.json"
    ours.plan("--base", fleet.folder, "--report", earlier)
    good = json.loads(earlier.read_text())
    deep = "[" * 1_000 + "]" * 1_000
    field = {"path": "description", "after": "DEEP"}
    change = {**good["scopes"][0]["changes"][0], "fields": [field]}
    nested = {**good, "scopes": [{**good["scopes"][0], "changes": [change]}]}
    hostile = {
        "not JSON": "{",
        "formatVersion": "[]",
        "plan format 99": json.dumps({**good, "formatVersion": 99}),
        "$.digest": json.dumps({**good, "digest": "</details>"}),
        "$.scopes": json.dumps({**good, "scopes": {}}),
        "two fields": json.dumps(good)[:-1] + ', "label": "x"}',
        "nested too deep": json.dumps(nested).replace('"DEEP"', deep),
        "changed or cut": json.dumps({**good, "scopes": "DEEP"}).replace('"DEEP"', deep),
    }

    for says, text in hostile.items():
        earlier.write_text(text)
        refused = ours.plan("--base", fleet.folder, "--since", earlier)
        assert (says, refused.code, refused.out) == (says, 64, "")
        assert says in refused.err
    missing = envctl("plan", "--source", ours.folder, "--since", tmp_path / "none.json")

    assert (missing.code, "none.json: cannot be read" in missing.err) == (64, True)


def test_what_was_said_besides_is_no_part_of_what_is_applied(
    installed: Fleet, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    planned = ("--scope", "config", "--out")
    assert installed.plan(*planned, first).code == 2
    installed.has({"auth.yaml": service("Auth", 40002)})
    assert "new: create Service/Auth" in installed.plan(*planned, second, "--since", first).out

    applied = installed.apply(second)

    assert applied.code == 0
