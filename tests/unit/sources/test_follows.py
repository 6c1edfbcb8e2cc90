"""Whether what is applied is in the history of what a source has now."""

from pathlib import Path

import pytest

from controller.sources.git import GitSource
from controller.sources.location import GitLocation
from tests.support.git_repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository.at(tmp_path / "origin")
    repository.commit({"fleet/a.yaml": "a: 1\n"})
    return repository


def test_what_is_in_its_history_is_followed_and_nothing_else(repository: Repository) -> None:
    first = repository.head
    repository.git("checkout", "--quiet", "-b", "other")
    other = repository.commit({"fleet/a.yaml": "a: 3\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"fleet/a.yaml": "a: 2\n"})
    merged = repository.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-p", first, "-m", "merge")
    repository.git("reset", "--quiet", "--hard", merged)
    source = GitSource(
        GitLocation(repository.url, "main", "fleet"), repository.folder.parent / "cache"
    )

    followed = [source.follows(commit) for commit in (merged, first)]
    parents = source.fetch().revision.parents

    assert followed == [True, True]
    assert len(parents) == 2
    assert not source.follows(other), "a commit of the same repository that is not merged"
    assert not source.follows("0123456789" * 4), "a commit of another repository"
    assert source.follows("f" * 64), "what no Git made says nothing of commits"


def test_who_names_a_commit_asks_for_no_history(repository: Repository) -> None:
    named, cache = repository.head, repository.folder.parent / "cache"
    later = repository.commit({"fleet/a.yaml": "a: 2\n"})

    assert GitSource(GitLocation(repository.url, named, "fleet"), cache).follows(later)
