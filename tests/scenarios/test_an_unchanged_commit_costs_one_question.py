"""Asking again what has not changed: one ``ls-remote``, no blob read, nothing parsed."""

from pathlib import Path

import pytest

from controller import catalog
from controller.engine.config.planner import Planner
from controller.settings import Settings
from controller.sources.open_source import open_source
from tests.support.buckets import opening
from tests.support.command_line import TEAMS, service
from tests.support.git_repository import Repository, git_calls, recorded_git


def test_with_a_planner_held_across_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository.at(tmp_path / "repository")
    repository.commit({"teams.yaml": TEAMS, "search.yaml": service("Search", 40000)})
    folder, notes = recorded_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    source = open_source(f"git+{repository.url}@main", opening(tmp_path / "cache"))
    planner = Planner(lambda: source, Settings(), catalog.kinds())
    first = planner.load()
    notes.write_text("")
    second = planner.load()

    assert git_calls(notes) == ["ls-remote"]
    assert second.loaded.resources == first.loaded.resources
    # What was parsed before is the very same object: nothing was parsed again.
    assert second.loaded.memory.parsed is first.loaded.memory.parsed
    assert not source.changed_since(first.tree.revision.id)


def test_and_after_a_new_commit_only_what_it_changed_is_read(tmp_path: Path) -> None:
    repository = Repository.at(tmp_path / "repository")
    repository.commit({"teams.yaml": TEAMS, "search.yaml": service("Search", 40000)})
    source = open_source(f"git+{repository.url}@main", opening(tmp_path / "cache"))
    planner = Planner(lambda: source, Settings(), catalog.kinds())
    first = planner.load()
    repository.commit({"search.yaml": service("Search", 40001)})

    second = planner.load()

    kept = first.loaded.memory.parsed
    fresh = [one for cid, one in second.loaded.memory.parsed.items() if kept.get(cid) is not one]
    assert len(fresh) == 1
    assert second.tree.revision.id == repository.head
