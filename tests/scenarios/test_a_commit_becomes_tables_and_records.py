"""The main job by the commands alone: a commit in Git, a plan, tables, and a ledger that says who, what, when and why.

Covers: engine.config.apply, engine.desired.find_edits, engine.desired.load_revision,
engine.installation.installation.
"""

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.aws.items import to_wire
from controller.aws.transactions import PutWrite
from tests.support.command_line import TEAMS, Fleet, envctl, installation, service, use_settings
from tests.support.git_repository import Repository
from tests.support.told import Told


@pytest.fixture
def repository(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository.at(tmp_path / "repository")
    made.commit({"fleet/teams.yaml": TEAMS, "fleet/search.yaml": service("Search", 40000)}, "begin")
    source = f'source: {{git: {{url: "{made.url}", ref: main, path: fleet}}}}\n'
    use_settings(tmp_path, monkeypatch, source)
    return made


def test_each_change_knows_its_commit_author_and_line(repository: Repository) -> None:
    assert envctl("apply", "--yes").code == 0
    commit = repository.commit(
        {"fleet/search.yaml": service("Search", 40000, description="finds")}, author="Ben Builder"
    )

    planned = envctl("plan", "--format", "json").json
    applied = envctl("apply", "--yes", "--format", "json").json

    (change,) = planned["scopes"][0]["changes"]
    assert (change["origin"], change["commit"]) == ("search.yaml:1", commit)
    assert change["author"] == "Ben Builder <ben@example.com>"
    (outcome,) = applied["outcomes"]
    assert outcome["status"] == "applied"
    (record,) = envctl("audit", "show", applied["transaction"], "--format", "json").json["records"]
    assert record["auditId"] == outcome["auditIds"][0]
    assert record["fields"] == [
        {"path": "Value.Description", "after": "finds"},
    ]
    shown = envctl("audit", "show", record["auditId"]).out
    for fact in (commit, "Ben Builder <ben@example.com>", "ada (apply)", "search.yaml:1"):
        assert fact in shown
    assert envctl("audit", "verify", "--replay").code == 0


def test_the_ledger_answers_by_object_actor_transaction_and_time(repository: Repository) -> None:
    transaction = envctl("apply", "--yes", "--format", "json").json["transaction"]

    def found(*question: str) -> int:
        ended = envctl("audit", "list", *question, "--format", "json")
        assert ended.code == 0
        return len(ended.json["records"])

    assert found() == 3
    assert found("--entity", "Service/Search") == 1
    assert found("--entity", "Service/Other") == 0
    assert found("--actor", "Ada Author <ada@example.com>") == 3
    assert found("--actor", "ada author") == found("--actor", "@EXAMPLE.com") == 3
    assert "nobody is called 'Eve'" in envctl("audit", "list", "--actor", "Eve").err
    assert found("--transaction", transaction) == 3
    assert found("--since", "1h") == found("--since", "1h ago") == 3
    assert found("--until", "1h") == 0
    assert found("--limit", "2") == 2
    assert envctl("audit", "list", "--entity", "Servce/Search").code == 64
    assert envctl("audit", "list", "--actor", "a", "--transaction", "t").code == 64
    assert envctl("audit", "show", "nothing").code == 64


def test_a_page_goes_on_where_the_last_one_ended(repository: Repository) -> None:
    envctl("apply", "--yes")
    first = envctl("audit", "list", "--limit", "2", "--records")
    token = first.err.removeprefix("there is more: --page ").strip()

    second = envctl("audit", "list", "--limit", "2", "--records", "--page", token)

    assert len(first.out.splitlines()) == 3
    assert len(second.out.splitlines()) == 2
    assert second.err == ""


def test_a_change_behind_our_back_is_drift_and_shows_in_the_replay(repository: Repository) -> None:
    envctl("apply", "--yes")
    store = installation().master.store
    item = store.get("InfraConfigServices", {"ServiceName": "Search"})
    assert item is not None
    store.write(PutWrite("InfraConfigServices", to_wire({**item, "OwningCluster": "Infra"})))

    drifted = envctl("plan")

    assert drifted.code == 2
    assert "changed outside envctl" in drifted.out
    assert "owningCluster  Infra → Tango" in drifted.out
    assert envctl("audit", "verify").code == 0
    replayed = envctl("audit", "verify", "--replay")
    assert replayed.code == 7
    assert "InfraConfigServices/Search" in replayed.out
    assert envctl("apply", "--yes").code == 0
    assert envctl("plan").code == 0


def test_what_exists_already_is_recorded_reported_and_adopted_only_when_asked(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_RESOURCE_PREFIX", "other-")
    assert envctl("bootstrap").code == 0
    store = installation().master.store
    value = {"SchemaVersion": 1, "BluePort": 40000}
    item = {"ServiceName": "Search", "OwningCluster": "Tango", "Value": value}
    store.write(PutWrite("other-InfraConfigServices", to_wire(item)))

    left = envctl("apply", "--yes")
    assert "unmanaged" in left.out
    assert envctl("plan").code == 0
    adopted = envctl("apply", "--yes", "--adopt")

    assert adopted.code == 0
    found = store.get("other-InfraConfigServices", {"ServiceName": "Search"})
    assert found is not None
    assert found["Managed"]["By"] == installation().id


@pytest.mark.tells("controller/cli/installation/bootstrap.py", "bootstrap --upgrade")
def test_bootstrap_again_says_so_and_alters_nothing_without_upgrade(
    installed: Fleet, told: Told
) -> None:
    client = installation().master.client
    client.update_table(TableName="EnvctlState", DeletionProtectionEnabled=False)

    again = envctl("bootstrap")
    upgraded = told.types(again.out, "bootstrap --upgrade", "--format", "json")

    assert (again.code, upgraded.code) == (0, 0)
    assert "differs  EnvctlState: deletion protection" in again.out
    assert "nothing was altered" in again.out
    assert "nothing to do" not in again.out
    assert upgraded.json["changed"] is True
    assert "nothing to do: 14 tables as they should be" in envctl("bootstrap").out


def test_a_target_that_is_observed_shows_and_does_nothing(
    installed: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVCTL_TARGETS_TABLES", "observe")

    applied = installed.apply()

    assert applied.code == 0  # nothing to do: what is shown is only observed
    assert "shown, not applied" in applied.out
    assert installation().master.store.get("InfraConfigServices", {"ServiceName": "Search"}) is None
    monkeypatch.setenv("ENVCTL_TARGETS_TABLES", "off")
    assert installed.plan().code == 0


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Somebody to ask: standard input is a terminal, and what is typed into it comes from the other end."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as typed:
        monkeypatch.setattr("sys.stdin", typed)
        monkeypatch.setattr("controller.cli.invocation.may_ask", lambda: True)
        yield ours
    os.close(ours)


@pytest.mark.parametrize(("answer", "code", "planned_after"), [(b"y\n", 0, 0), (b"n\n", 2, 2)])
def test_on_a_terminal_it_asks(
    installed: Fleet, terminal: int, answer: bytes, code: int, planned_after: int
) -> None:
    os.write(terminal, answer)

    asked = envctl("apply", "--source", installed.folder)

    assert asked.code == code
    assert "Apply? [y/N]" in asked.err
    assert installed.plan().code == planned_after


def test_json_is_one_document_also_where_nothing_was_done(installed: Fleet) -> None:
    done = installed.apply("--format", "json")
    nothing = installed.apply("--format", "json")

    assert (done.json["applied"], nothing.json["applied"]) == (True, False)
    assert nothing.json["outcomes"] == []
    assert envctl("apply", "--source", installed.folder, "--format", "json").code == 0
