"""A branch that was pushed over by force to a commit without what is applied changes nothing until somebody says so.

Covers: engine.config.planner, engine.reconcile.reconciler.
"""

from pathlib import Path

import pytest

from tests.support.command_line import TEAMS, Ended, Fleet, envctl, use_settings
from tests.support.git_repository import Repository

MORE = TEAMS.replace("{shortName: ta}", "{shortName: ta, groupEmailAddress: t@acme.example}")


def token(refused: Ended) -> str:
    (found,) = refused.json["scopes"][0]["violations"]
    return str(found["token"])


@pytest.fixture
def repository(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    repository = Repository.at(tmp_path / "repository")
    use_settings(
        tmp_path, monkeypatch, f'source: {{git: {{url: "{repository.url}", ref: main}}}}\n'
    )
    repository.commit({"teams.yaml": TEAMS})
    assert envctl("apply", "--yes").code == 0
    return repository


def test_an_older_commit_waits_until_somebody_approves_it(repository: Repository) -> None:
    first = repository.head
    applied = repository.commit({"teams.yaml": MORE})
    assert envctl("apply", "--yes").code == 0
    repository.git("reset", "--quiet", "--hard", first)

    refused = envctl("plan", "--format", "json")

    assert refused.code == 3
    assert token(refused).startswith("sourceRewound@")
    assert envctl("apply", "--yes").code == 3
    assert applied[:7] in envctl("status").out
    assert envctl("apply", "--yes", "--approve", token(refused)).code == 0
    repository.commit({"teams.yaml": MORE})
    assert envctl("plan").code == 2, "what stands on top of it is as ever"


@pytest.mark.slow
def test_a_branch_that_never_knew_it_waits_and_some_commits_at_once_do_not(
    repository: Repository, tmp_path: Path
) -> None:
    for number in range(3):
        repository.commit({f"note-{number}.txt": ""})
    repository.commit({"teams.yaml": MORE})
    assert envctl("apply", "--yes").code == 0, "four commits on top of it"
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.commit({"teams.yaml": TEAMS})
    repository.git("branch", "--force", "main", "other")

    assert envctl("plan").code == 3
    named = envctl("plan", "--source", f"git+{repository.url}@other")
    assert named.code == 2, "who names it says so"
