"""A plan compares with a branch of its own repository, so drift is apart, and says with which other open pull requests it conflicts.

Covers: engine.reconcile.beside.
"""

import json
from pathlib import Path

import pytest

from tests.support.command_line import TEAMS, Fleet, envctl, service
from tests.support.git_repository import Repository

NO_AWS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


def search(says: str) -> str:
    return service("Search", 40000, description=says)


@pytest.fixture
def checkout(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository whose ``main`` has two clusters and two services, checked out on a branch that changes one."""
    for name, value in NO_AWS.items():
        monkeypatch.setenv(name, value)
    made = Repository.at(tmp_path / "checkout")
    files = {"teams.yaml": TEAMS, "search.yaml": search("40000")}
    made.commit({f"fleet/{name}": text for name, text in files.items()})
    made.commit({"fleet/auth.yaml": service("Auth", 40002)})
    made.git("checkout", "--quiet", "-b", "ours")
    made.commit({"fleet/search.yaml": search("41000")})
    return made


def branch(made: Repository, name: str, files: dict[str, str | bytes | None]) -> None:
    """Make a branch from ``main``, as another pull request has it, and come back."""
    made.git("checkout", "--quiet", "-b", name, "main")
    made.commit(files)
    made.git("checkout", "--quiet", "ours")


def test_a_bare_word_is_a_branch_and_drift_is_not_in_it(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Repository.at(tmp_path / "checkout")
    made.commit({"teams.yaml": TEAMS, "search.yaml": search("40000")})
    installed.apply()
    drifted = Fleet(tmp_path / "drifted").has({"search.yaml": search("40009")})
    assert drifted.apply().code == 0
    made.git("checkout", "--quiet", "-b", "ours")
    made.commit({"auth.yaml": service("Auth", 40002)})
    ours = envctl("plan", "--source", made.folder)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    planned = envctl("plan", "--source", made.folder, "--base", "main")
    same = envctl("plan", "--source", f"git+{made.url}@ours", "--base", "main")

    assert "40009 → 40000" in ours.out
    assert "+ Service Auth" in ours.out
    assert planned.code == same.code == 2
    for found in (planned, same):
        assert "+ Service Auth" in found.out
        assert "40009" not in found.out
        assert "1 create · 0 update · 0 delete" in found.out


def test_a_clone_names_the_branch_it_fetched(checkout: Repository, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    checkout.git("clone", "--quiet", "--branch", "ours", checkout.url, str(clone))

    for word in ("origin/main", "main", "refs/remotes/origin/main"):
        planned = envctl("plan", "--source", clone / "fleet", "--base", word)
        assert (planned.code, "40000 → 41000" in planned.out) == (2, True), word
    unknown = envctl("plan", "--source", clone / "fleet", "--base", "mian")

    assert unknown.code != 0
    assert "no branch or tag named 'mian'" in unknown.err


def test_a_folder_of_the_change_is_no_base_by_its_bare_name(
    checkout: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.commit({"main/teams.yaml": TEAMS, "main/search.yaml": search("41000")})
    outside = Fleet(tmp_path / "outside").has({"auth.yaml": service("Auth", 40002)})
    monkeypatch.chdir(checkout.folder)

    bare = envctl("plan", "--source", "fleet", "--base", "main")
    meant = envctl("plan", "--source", "fleet", "--base", "refs/heads/main")
    written = envctl("plan", "--source", "fleet", "--base", "./main")
    monkeypatch.chdir(tmp_path)
    elsewhere = envctl("plan", "--source", "checkout/fleet", "--base", outside.folder.name)

    assert bare.code == 64
    assert "write refs/heads/main for the branch, ./main for the folder" in bare.err
    assert "40000 → 41000" in meant.out
    assert "+ Service Auth" in written.out
    assert "+ Service Search" in elsewhere.out


def test_conflicts_are_told_by_object_and_field_and_nothing_of_others_ends_a_plan(
    checkout: Repository, tmp_path: Path
) -> None:
    branch(checkout, "port", {"fleet/search.yaml": search("42000")})
    branch(checkout, "gone", {"fleet/search.yaml": None})
    branch(checkout, "else", {"fleet/auth.yaml": service("Auth", 40002, description="else")})
    branch(checkout, "wrong", {"fleet/bad.yaml": "kind: [</details> @all\n"})
    checkout.git("update-ref", "refs/pull/9/head", "refs/heads/port")
    page, file = tmp_path / "plan.html", tmp_path / "plan.json"
    refs = ("refs/pull/9/head", "gone", "else", "wrong", "no/such", "--upload-pack=x", "a..b")
    beside = [f"--beside={ref}" for ref in refs]

    planned = envctl(
        *("plan", "--source", checkout.folder / "fleet", "--base", "main", *beside),
        *("--format", "markdown", "--report", page, "--report", file),
    )

    assert planned.code == 2
    assert "**Beside other open pull requests**" in planned.out
    told = planned.out.split("**Beside other open pull requests**")[1]
    assert "refs/pull/9/head: Service/Search description: 41000 here, 42000 there" in told
    assert "gone: Service/Search: updated here, deleted there" in told
    assert "wrong: not compared: 1 problem in the desired state" in told
    assert "no/such: not compared:" in told
    assert "--upload-pack=x: not compared:" in told
    assert "a..b: not compared:" in told
    assert "no conflict with 1 of 7 open pull requests" in told
    assert "Beside other open pull requests" in page.read_text()
    found = json.loads(file.read_text())["beside"]
    assert [request["name"] for request in found] == list(refs)
    assert {"kind": "Service", "key": "Search", "field": "description"}.items() <= found[0][
        "conflicts"
    ][0].items()
    assert [bool(request["unknown"]) for request in found] == [False] * 3 + [True] * 4


def test_what_main_brought_meanwhile_is_no_conflict_of_an_older_request(
    checkout: Repository,
) -> None:
    branch(checkout, "older", {"fleet/auth.yaml": service("Auth", 40002, description="older")})
    checkout.git("checkout", "--quiet", "main")
    checkout.commit({"fleet/search.yaml": search("40007")})
    checkout.git("checkout", "--quiet", "-B", "ours")
    checkout.commit({"fleet/search.yaml": search("41000")})

    planned = envctl(
        *("plan", "--source", checkout.folder / "fleet", "--base", "main", "--beside", "older")
    )

    assert "40007 → 41000" in planned.out
    assert "no conflict with 1 of 1 open pull requests" in planned.out


def test_a_folder_of_no_repository_has_nothing_beside(fleet: Fleet) -> None:
    planned = fleet.plan("--base", fleet.folder, "--beside", "main")

    assert planned.code == 64
    assert "is of no Git repository" in planned.err
