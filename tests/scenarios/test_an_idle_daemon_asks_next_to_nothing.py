"""While nothing has changed and nothing is due, a tick asks Git one question and reads a row or two: no look, no scan, no fetch."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from controller.cli.invocation import Invocation
from controller.cli.process import process_context
from controller.sources.open_source import open_source
from tests.support.buckets import opening
from tests.support.command_line import TEAMS, Fleet, service
from tests.support.daemons import DaemonByHand
from tests.support.git_repository import Repository, git_calls, recorded_git

ROUNDS = 3


def test_git_is_asked_once_and_aws_for_a_row(
    installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.at(tmp_path / "repository")
    repository.commit({"teams.yaml": TEAMS, "search.yaml": service("Search", 40000)})
    folder, notes = recorded_git(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    # Time stands still: nothing comes due meanwhile.
    process = process_context()
    now = process.clock()
    process = replace(process, clock=lambda: now)
    source = open_source(f"git+{repository.url}@main", opening(tmp_path / "cache"))
    daemon = DaemonByHand(Invocation(None, None, process=process).live, source)
    daemon.tick_and_work()
    daemon.notify.tick()
    assert daemon.work() == []
    daemon.notify.tick()

    asked: Counter[str] = Counter()
    call = vars(BaseClient)["_make_api_call"]

    def counted(client: BaseClient, operation: str, given: Any) -> Any:
        asked[operation] += 1
        return call(client, operation, given)

    monkeypatch.setattr(BaseClient, "_make_api_call", counted)
    notes.write_text("")
    for _ in range(ROUNDS):
        assert daemon.tick_and_work() == []
        daemon.notify.tick()

    assert git_calls(notes) == ["ls-remote"] * ROUNDS
    # The head of the tables and the lease of who tells, and what was signed: each is one request.
    assert set(asked) <= {"GetItem", "BatchGetItem"}
    assert asked.total() <= 5 * ROUNDS
