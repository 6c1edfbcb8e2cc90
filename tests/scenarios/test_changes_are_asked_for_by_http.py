"""Changes asked for by HTTP: recorded under the name of the token, done by the daemon, and never by whoever has none."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.api.rate_limit import BURST
from controller.errors import Unreachable
from controller.events import RequestServed
from controller.model.work import Work
from controller.sources.folder import FolderSource
from tests.support.daemons import DaemonByHand
from tests.support.documents import checked
from tests.support.embedded_aws import AwsForTests
from tests.support.http_interface import (
    ADA,
    BOB,
    EVE,
    WEBHOOK_SECRET,
    InterfaceByHand,
    bearer,
    serving,
)
from tests.support.power_estate import EVENING, PowerEstate

WEB = "c50-ta-Web"
STAGING = "staging-eu/eu-west-1"
SHA = "c0ffee" * 6 + "c0de"
STAY_ON = {"what": "c50", "values": ["schedule=on"], "until": "+2h", "reason": "release night"}


@pytest.fixture
def estate(sandbox: AwsForTests, tmp_path: Path) -> PowerEstate:
    """An estate whose schedules have been known since the afternoon."""
    made = PowerEstate(sandbox, tmp_path / "fleet")
    made.tick()
    return made


@pytest.fixture
def interface(estate: PowerEstate) -> InterfaceByHand:
    return InterfaceByHand(estate.accounts(), lambda: FolderSource(estate.folder))


@pytest.fixture
def client(interface: InterfaceByHand) -> Iterator[httpx.Client]:
    """Ada's program."""
    with serving(interface.app) as made:
        made.headers.update(bearer(ADA))
        yield made
    assert interface.bugs == []


def test_an_override_is_made_listed_and_released_under_the_name_of_the_token(
    estate: PowerEstate, client: httpx.Client
) -> None:
    estate.group(WEB)
    estate.at(EVENING)
    made = checked(client.post("/api/v1/overrides", json=STAY_ON).json())
    (override,) = checked(client.get("/api/v1/overrides").json())["overrides"]

    assert (made["action"], made["written"]) == ("make", True)
    assert (override["actor"], override["reason"]) == ("ada", "release night")
    records = client.get("/api/v1/audit", params={"actor": "ada"}).json()["records"]
    assert made["transaction"] in {record["transaction"] for record in records}

    released = checked(client.delete(f"/api/v1/overrides/{override['id']}").json())
    assert (released["action"], released["written"]) == ("release", True)
    assert client.get("/api/v1/overrides").json()["overrides"] == []


@pytest.mark.slow
def test_whoever_keeps_something_on_changes_no_document(
    estate: PowerEstate, client: httpx.Client
) -> None:
    estate.at(EVENING)
    eve = bearer(EVE)

    def asked(what: str, *values: str, headers: dict[str, str]) -> int:
        body = {"what": what, "values": values, "until": "+2h", "reason": "tonight"}
        return client.post("/api/v1/overrides", json=body, headers=headers).status_code

    assert asked("Environment/c50", "description=evil", headers=eve) == 403
    assert asked("Account/staging-eu", "mode=observe", headers=eve) == 403
    assert asked("Account/staging-eu", headers=eve) == 403, "nor is it held as it is"
    assert client.get("/api/v1/overrides").json()["overrides"] == []

    assert asked("Environment/c50", "description=other", headers=bearer(ADA)) == 200
    (held,) = client.get("/api/v1/overrides").json()["overrides"]
    released = client.delete(f"/api/v1/overrides/{held['id']}", headers=eve)
    assert (released.status_code, released.json()["code"]) == (403, "Forbidden")
    assert "has not the scope restore" in released.json()["detail"]

    assert asked("c50", "schedule=on", headers=eve) == 200


@pytest.mark.slow
def test_an_override_that_cannot_be_is_refused_and_nothing_written(
    estate: PowerEstate, client: httpx.Client
) -> None:
    before = len(estate.records())
    for body, status in (
        ({**STAY_ON, "what": "c99"}, 400),
        ({**STAY_ON, "until": "whenever"}, 400),
        ({**STAY_ON, "values": ["schedule=sometimes"]}, 422),
        ({**STAY_ON, "more": 1}, 422),
    ):
        answer = client.post("/api/v1/overrides", json=body)
        assert (answer.status_code, "code" in answer.json()) == (status, True), answer.text
    assert client.delete("/api/v1/overrides/nothing").status_code == 400

    assert len(estate.records()) == before


@pytest.mark.slow
def test_one_change_waits_for_another(
    estate: PowerEstate, interface: InterfaceByHand, client: httpx.Client
) -> None:
    with interface.served.changing:
        client.timeout = httpx.Timeout(1)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/api/v1/overrides", json=STAY_ON)


def test_a_scope_is_reconciled_by_the_daemon(
    estate: PowerEstate, interface: InterfaceByHand, client: httpx.Client
) -> None:
    daemon = DaemonByHand(estate.accounts(), FolderSource(estate.folder), queue=interface.queue)
    daemon.tick_and_work()
    estate.clock.sleep(1)

    tables = client.post("/api/v1/scopes/config/reconcile")
    account = client.post(f"/api/v1/scopes/{STAGING}/reconcile")
    closely = client.post(f"/api/v1/scopes/{STAGING}/reconcile?deep=true")

    assert [answer.status_code for answer in (tables, account, closely)] == [202, 202, 202]
    assert closely.json() == {"scope": STAGING, "job": "deep-look"}
    done = daemon.work()
    assert {"reconcile config", f"look {STAGING}", f"deep-look {STAGING}"} <= set(done)
    assert client.post("/api/v1/scopes/nobody/eu-west-1/reconcile").status_code == 400


def queued(interface: InterfaceByHand) -> list[Work]:
    found = []
    while (delivery := interface.queue.take(0)) is not None:
        found.append(delivery.work)
        interface.queue.end(delivery)
    return found


def github(body: bytes, event: str = "push", **more: str) -> dict[str, str]:
    digest = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": event, **more}


@pytest.mark.slow
def test_a_push_has_the_source_asked_once(interface: InterfaceByHand, client: httpx.Client) -> None:
    hostile = {"after": SHA, "repository": {"clone_url": "https://evil.example"}, "ref": "evil"}
    body = json.dumps(hostile).encode()
    first = client.post("/webhooks/git", content=body, headers=github(body))
    again = client.post("/webhooks/git", content=body, headers=github(body))

    assert (first.status_code, first.json()) == (202, {"queued": True, "because": ""})
    assert again.json() == {"queued": False, "because": "it was delivered before"}
    (work,) = queued(interface)
    assert (work.scope, work.job, work.trigger) == ("config", "reconcile", "webhook")
    # No clock tells whether somebody looks since: how many looks there were does.
    assert work.details == {"commit": SHA, "looks": "1"}
    assert "evil" not in work.body().decode()


@pytest.mark.slow
def test_gitlab_sends_the_secret_itself(interface: InterfaceByHand, client: httpx.Client) -> None:
    headers = {"X-Gitlab-Token": WEBHOOK_SECRET, "X-Gitlab-Event": "Push Hook"}
    for number, told in ((1, True), (1, False), (2, True)):
        named = {**headers, "X-Gitlab-Event-UUID": f"id-{number}"}
        body = json.dumps({"after": SHA, "number": number, "told": told}).encode()
        answer = client.post("/webhooks/git", content=body, headers=named)
        assert answer.json()["queued"] is told

    assert len(queued(interface)) == 1, "the same commit, within five minutes"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 401),
        ({"X-Hub-Signature-256": "sha256=" + "0" * 64, "X-GitHub-Event": "push"}, b"{}", 401),
        ({"X-Gitlab-Token": "wrong", "X-Gitlab-Event": "Push Hook"}, b"{}", 401),
        (bearer(ADA), b"{}", 401),
        (github(b"{}", "ping"), b"{}", 202),
        (github(b"no json"), b"no json", 202),
        ({}, b"x" * (1 << 20) + b"x", 413),
    ],
)
def test_what_is_not_signed_asks_for_nothing(
    headers: dict[str, str],
    body: bytes,
    status: int,
    interface: InterfaceByHand,
    client: httpx.Client,
) -> None:
    answer = client.post("/webhooks/git", content=body, headers=headers)

    assert answer.status_code == status
    assert len(queued(interface)) == (body == b"no json")


@pytest.mark.slow
def test_a_push_that_could_not_be_queued_is_taken_when_it_comes_again(
    interface: InterfaceByHand, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_reach(work: Work) -> None:
        raise Unreachable("the queue does not answer")

    body = json.dumps({"after": SHA}).encode()
    with monkeypatch.context() as broken:
        broken.setattr(interface.queue, "put", out_of_reach)
        assert client.post("/webhooks/git", content=body, headers=github(body)).status_code == 503

    assert client.post("/webhooks/git", content=body, headers=github(body)).json()["queued"]


@pytest.mark.slow
def test_changes_are_asked_for_at_a_pace(interface: InterfaceByHand, client: httpx.Client) -> None:
    found = [client.post("/api/v1/scopes/config/reconcile").status_code for _ in range(BURST + 3)]

    assert found[:BURST] == [202] * BURST
    assert 429 in found
    told = [served for served in interface.events if isinstance(served, RequestServed)]
    assert {(served.actor, served.route) for served in told} == {
        ("ada", "/api/v1/scopes/{scope:path}/reconcile")
    }


@pytest.mark.slow
def test_who_may_only_read_changes_nothing(client: httpx.Client) -> None:
    for method, path in (
        ("POST", "/api/v1/overrides"),
        ("DELETE", "/api/v1/overrides/c50"),
        ("POST", "/api/v1/scopes/config/reconcile"),
    ):
        body = STAY_ON if path == "/api/v1/overrides" else None
        answer = client.request(method, path, headers=bearer(BOB), json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden")
