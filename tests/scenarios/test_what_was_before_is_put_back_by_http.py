"""Snapshots, restores, rollbacks and imports asked for by HTTP: planned at once, done by the daemon, told as the commands tell it.

Covers: engine.state.operations, engine.queries.rollback_asked.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.api.put_back.operation_jobs import OperationJobs
from controller.cli.process import movable_clock, utc_now
from controller.engine.state.operations import BEGUN_WITHIN, Kind, Operation, Operations
from controller.model.work import Job, Work
from tests.support.command_line import Ended, Fleet, envctl, installation, service, use_settings
from tests.support.documents import checked
from tests.support.http_interface import ADA, BOB, InterfaceByHand, bearer, serving
from tests.support.told import Told

SERVICES = "InfraConfigServices"
FIRST, SECOND = "finds things", "an accident"


@pytest.fixture
def interface(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InterfaceByHand:
    """A service, and the settings of a daemon that keeps snapshots."""
    text = f"source: {{folder: {installed.folder}}}\nsnapshots: {{folder: {tmp_path / 'kept'}}}\n"
    use_settings(tmp_path, monkeypatch, text)
    applied(installed, FIRST)
    monkeypatch.setenv("ENVCTL_TOKEN", ADA)
    return InterfaceByHand.of_commands()


@pytest.fixture
def client(interface: InterfaceByHand) -> Iterator[httpx.Client]:
    """Ada's program, and a daemon that does what is asked for."""
    with serving(interface.app) as made, interface.working():
        made.headers.update(bearer(ADA))
        yield made
    assert interface.bugs == []


def applied(fleet: Fleet, description: str) -> None:
    fleet.has({"search.yaml": service("Search", 40000, description=description)})
    ended = envctl("apply", "--yes")
    assert ended.code == 0, ended.err


def description() -> Any:
    (item,) = installation().master.store.scan(SERVICES)
    return item["Value"]["Description"]


def overrides() -> list[dict[str, Any]]:
    return list(envctl("override", "list", "--format", "json").json["overrides"])


def over(client: httpx.Client, monkeypatch: pytest.MonkeyPatch, *words: object) -> Ended:
    """Type a command that the server answers."""
    with monkeypatch.context() as there:
        there.setenv("ENVCTL_SERVER", str(client.base_url))
        return envctl(*words)


@pytest.mark.slow
def test_what_no_daemon_begins_is_asked_for_again(
    interface: InterfaceByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.cli.remote.operations._LONGEST_S", 1800.0)
    with serving(interface.app) as client:
        monkeypatch.setenv("ENVCTL_SERVER", str(client.base_url))
        with movable_clock():
            ended = envctl("snapshot", "create")
        assert ended.code == 5
        interface.alive = False
        (address,) = re.findall(r"curl -fsS (\S+)", ended.err)
        assert "the ticks of the daemon do not come" in client.get(address).text
        interface.alive = True
        with interface.working():
            assert envctl("snapshot", "create").code == 0


def test_a_snapshot_is_taken_and_put_back_by_the_daemon(
    installed: Fleet, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = over(client, monkeypatch, "snapshot", "create")
    assert (taken.code, taken.out[:17]) == (0, "took and verified"), taken
    applied(installed, SECOND)

    put_back = over(client, monkeypatch, "restore", "latest", "--reason", "accident", "--yes")

    assert put_back.code == 0, put_back
    assert description() == FIRST
    assert re.findall("held until Git changes|1 applied", put_back.out) == [
        "held until Git changes",
        "1 applied",
    ]
    (held,) = overrides()
    assert (held["actor"], held["reason"]) == ("ada", "accident")


@pytest.mark.slow
def test_what_is_read_is_told_as_without_a_server(
    installed: Fleet, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert envctl("snapshot", "create").code == 0
    applied(installed, SECOND)
    for command in (
        "snapshot list",
        "snapshot list --format json",
        "snapshot show latest",
        "snapshot show 2999",
        "snapshot diff latest",
        "snapshot diff latest --format json",
        "restore latest --plan",
        "restore latest --plan --kind Nothing",
        "rollback --to 2999-01-01 --plan",
        "rollback --commit 1 --plan",
        "rollback --plan",
    ):
        without, answered = envctl(*command.split()), over(client, monkeypatch, *command.split())
        assert answered == without, command


@pytest.mark.slow
def test_a_rollback_does_the_plan_that_was_shown_and_no_other(
    installed: Fleet, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(installed, SECOND)
    asked = {"what": envctl("audit", "list", "--format", "json").json["records"][0]["transaction"]}
    planned = client.get("/api/v1/rollback", params=asked)
    assert checked(planned.json())["rolledBack"]["applied"] is False
    assert planned.headers["Envctl-Acts"] == "1"

    other = client.post("/api/v1/rollback", json={**asked, "expect": "0" * 64})
    assert ended(client, other).json()["code"] == "PlanStale"
    assert description() == SECOND

    done = client.post(
        "/api/v1/rollback", json={**asked, "expect": planned.headers["Envctl-Plan-Digest"]}
    )
    document = checked(ended(client, done).json())
    assert [found["status"] for found in document["rolledBack"]["outcomes"]] == ["applied"]
    assert description() == FIRST


def ended(client: httpx.Client, asked: httpx.Response) -> httpx.Response:
    """Wait for what was put on the queue; return what came of it."""
    assert asked.status_code == 202, asked.text
    where = asked.headers["Location"]
    for _ in range(600):
        if client.get(where).json()["state"] == "done":
            return client.get(f"{where}/result")
    raise AssertionError("it does not end")


@pytest.mark.slow
def test_items_are_taken_in_for_a_reason_and_a_time(
    client: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "services.json"
    assert over(client, monkeypatch, "items", "export", "services", "--out", file).code == 0
    (item,) = json.loads(file.read_text())
    item["Value"]["Description"] = SECOND
    file.write_text(json.dumps([item]))

    words = ("items", "import", "services", file, "--yes", "--reason", "moving")
    assert over(client, monkeypatch, *words).code == 64
    assert client.put("/api/v1/config/import/services", json=[item]).status_code == 422
    assert description() == FIRST

    assert over(client, monkeypatch, *words, "--until", "+2h").code == 0
    assert description() == SECOND
    (held,) = overrides()
    assert (held["actor"], held["reason"]) == ("ada", "moving")


@pytest.mark.slow
def test_who_may_only_read_puts_nothing_back(
    interface: InterfaceByHand, client: httpx.Client
) -> None:
    for method, path in (
        ("POST", "/api/v1/snapshots"),
        ("POST", "/api/v1/snapshots/latest/verify"),
        ("POST", "/api/v1/snapshots/latest/restore"),
        ("POST", "/api/v1/rollback"),
        ("GET", "/api/v1/config/export/services"),
        ("PUT", "/api/v1/config/import/services?reason=r&until=%2B2h"),
    ):
        body: dict[str, str] | None = {} if method == "POST" else None
        answer = client.request(method, path, headers=bearer(BOB), json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden"), path
    assert interface.queue.backlog().waiting == 0


@pytest.mark.slow
@pytest.mark.tells("controller/api/put_back/operation_jobs.py", "audit list --actor")
def test_of_one_whose_daemon_died_it_is_told_what_shows_what_it_did(
    interface: InterfaceByHand, told: Told
) -> None:
    master = interface.accounts.installation.master
    operations, before = Operations(master.store, master.state_table), utc_now() - 2 * BEGUN_WITHIN
    asked = Operation(id="01K5", kind=Kind.VERIFY, asked={}, actor="ada", asked_at=before)
    operations.ask(asked)
    operations.begin(asked, before)
    own = interface.served.planner
    jobs = OperationJobs(
        accounts=interface.accounts, own=own, owner="b", emit=interface.events.append
    )

    jobs.do(
        Work(
            scope="snapshots",
            job=Job.OPERATION,
            dedup="d",
            asked_at=before,
            trigger="ada",
            details={"operation": asked.id},
        )
    )

    ended = operations.find(asked.id)
    assert ended is not None
    assert ended.answer is not None
    listed = told.types(ended.answer["problem"]["fix"])
    assert (listed.code, "created" in listed.out) == (0, True)
