"""The daemon's HTTP interface: what a command would print, for whoever has a token and no AWS rights."""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from controller import __version__
from controller.api.server import HttpServer
from controller.api.shared_reading import KEEP_S
from controller.cli.invocation import Invocation
from controller.cli.run import make_running
from controller.errors import Unreachable, WrongUsage
from controller.events import Event, HttpListening
from tests.support.command_line import Fleet, envctl, service, use_settings
from tests.support.documents import checked
from tests.support.http_interface import ADA, CREDENTIALS, InterfaceByHand, bearer, serving


@pytest.fixture
def interface(installed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InterfaceByHand:
    """The interface of an installation that has nothing but its tables."""
    use_settings(tmp_path, monkeypatch, f"source: {{folder: {installed.folder}}}\n")
    return InterfaceByHand.of_commands()


@pytest.fixture
def client(interface: InterfaceByHand) -> Iterator[httpx.Client]:
    """Somebody on this machine, who has no token."""
    with serving(interface.app) as made:
        yield made


def test_it_lives_while_the_ticks_come(interface: InterfaceByHand, client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"alive": True}
    assert client.get("/readyz").json() == {"ready": True, "because": ""}
    shown = client.get("/api/v1/diagnostics/healthcheck").json()
    assert shown == {"OK": True, "Version": __version__, "Leader": True}

    interface.alive = False

    assert client.get("/healthz").status_code == 503
    assert client.get("/readyz").json()["because"] == "the ticks of the daemon do not come"
    assert client.get("/api/v1/diagnostics/healthcheck").status_code == 503


def test_strangers_hear_neither_what_it_lacks_nor_what_may_be_asked(
    interface: InterfaceByHand, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable() -> None:
        raise Unreachable("EnvctlState in account 111111111111 does not answer")

    monkeypatch.setattr(interface.served.status, "_read", unreadable)
    passed_on = {"X-Forwarded-For": "203.0.113.7"}

    assert "111111111111" in client.get("/readyz").json()["because"]
    told = client.get("/readyz", headers=passed_on)
    assert (told.status_code, "1111" in told.text, "log" in told.text) == (503, False, True)
    assert client.get("/api/v1/openapi.json", headers=passed_on).status_code == 401
    known = client.get("/api/v1/openapi.json", headers={**passed_on, **bearer(ADA)})
    assert known.json()["paths"]


def test_what_it_measures_is_scraped(client: httpx.Client) -> None:
    client.get("/healthz")
    text = client.get("/metrics").text

    assert 'envctl_scopes{state="unseen"} 1.0' in text
    assert 'envctl_queue_works{state="waiting"} 0.0' in text
    assert 'envctl_http_requests_total{method="GET",route="/healthz",status="200"} 1.0' in text


QUESTIONS = (
    ("/api/v1/status", "status"),
    ("/api/v1/explain?what=Service/Search", "explain Service/Search"),
    ("/api/v1/schedules/preview?what=on&from=2026-11-24", "schedule preview on --from 2026-11-24"),
    ("/api/v1/schedules/exceptions", "schedule exceptions"),
    ("/api/v1/schedules/report?days=1", "schedule report --days 1"),
    ("/api/v1/audit", "audit list"),
    ("/api/v1/audit?entity=Service/Search", "audit list --entity Service/Search"),
    ("/api/v1/overrides", "override list"),
)


@pytest.fixture
def applied(installed: Fleet, interface: InterfaceByHand) -> Fleet:
    """What the source says is in the tables."""
    assert installed.apply("--scope", "config").code == 0
    return installed


@pytest.mark.parametrize(("path", "command"), QUESTIONS)
def test_an_answer_is_what_the_command_prints(
    path: str, command: str, applied: Fleet, client: httpx.Client
) -> None:
    document, text = client.get(path), client.get(path, headers={"Accept": "text/plain"})
    printed, shown = envctl(*command.split()), envctl(*command.split(), "--format", "json")

    assert (document.status_code, text.status_code) == (200, 200), document.text
    assert without_moments(checked(document.json())) == without_moments(shown.json)
    assert moments_taken_out(text.text) == moments_taken_out(printed.out)
    remarks = json.loads(text.headers.get("Envctl-Remarks", "[]"))
    assert "".join(f"{remark}\n" for remark in remarks) == printed.err


def without_moments(document: Any) -> Any:
    return json.loads(moments_taken_out(json.dumps(document, sort_keys=True)))


def moments_taken_out(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d[T ][0-9:.]+Z?|\d+ s(econds)? ago", "MOMENT", text)


@pytest.mark.slow
def test_the_plan_is_what_the_command_prints_and_is_kept_for_a_while(
    applied: Fleet, interface: InterfaceByHand, client: httpx.Client
) -> None:
    applied.has({"search.yaml": service("Search", 40000, description="other")})
    printed, shown = envctl("plan"), envctl("plan", "--format", "json")
    text, document = (
        client.get("/api/v1/plan", headers={"Accept": kind}) for kind in ("text/plain", "*/*")
    )

    assert text.status_code == 200, text.text
    assert (printed.code, text.headers.get("Envctl-Exit-Code")) == (2, "2")
    assert moments_taken_out(text.text) == moments_taken_out(printed.out)
    assert without_moments(checked(document.json())) == without_moments(shown.json)
    applied.has({"search.yaml": "no: [yaml"})
    assert client.get("/api/v1/plan").json() == document.json()
    assert client.get("/api/v1/plan/last").status_code == 404, "no daemon has planned here"


def test_a_source_that_is_wrong_is_told_with_its_problems(
    applied: Fleet, client: httpx.Client
) -> None:
    applied.has({"search.yaml": "no: [yaml"})
    answer = client.get("/api/v1/plan")

    assert (answer.status_code, answer.json()["code"]) == (422, "InvalidConfig")
    assert answer.json()["problems"][0]["path"] == "search.yaml"


@pytest.mark.slow
def test_many_who_ask_cost_few_reads(
    applied: Fleet, interface: InterfaceByHand, client: httpx.Client
) -> None:
    reads: list[str] = []
    events = interface.accounts.installation.master.client.meta.events
    events.register("before-call.dynamodb.Scan", lambda **_: reads.append("scan"))
    client.get("/api/v1/status")
    of_one = len(reads)
    began = time.monotonic()

    answers = {client.get("/api/v1/status").status_code for _ in range(200)}

    assert answers == {200}
    assert of_one > 0
    assert len(reads) <= of_one * (2 + (time.monotonic() - began) / KEEP_S)


@pytest.mark.slow
def test_the_ledger_is_read_page_by_page(applied: Fleet, client: httpx.Client) -> None:
    pages, path = [], "/api/v1/audit?since=1d&per_page=1"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        pages.append([record["key"] for record in answer.json()["records"]])
        path = answer.links["next"]["url"] if "next" in answer.links else ""

    assert sorted(key for page in pages for key in page) == ["Infra", "Search", "Tango"]
    assert max(map(len, pages)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("Entity.Type=Service&Entity.Key=Search", ["Search"]),
        ("Entity.Type=ConfigServices&Entity.Key=Search", ["Search"]),
        ("since=1d&Entity.Type=InfraConfigClusters", ["Infra", "Tango"]),
        ("since=1d&ChangeType=Deleted", []),
    ],
)
def test_the_ledger_is_asked_as_the_old_product_was(
    question: str, keys: list[str], applied: Fleet, client: httpx.Client
) -> None:
    records = client.get(f"/api/v1/audit?{question}").json()["records"]

    assert sorted(record["key"] for record in records) == keys


@pytest.mark.slow
def test_a_record_is_shown_whole(applied: Fleet, client: httpx.Client) -> None:
    (line,) = client.get("/api/v1/audit?entity=Service/Search").json()["records"]
    shown = checked(client.get(f"/api/v1/audit/{line['auditId']}").json())

    assert [record["auditId"] for record in shown["records"]] == [line["auditId"]]
    assert client.get("/api/v1/audit/nothing").json()["code"] == "WrongUsage"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/audit?since=whenever",
        "/api/v1/audit?Entity.Type=Nothing&Entity.Key=a",
        "/api/v1/audit?page=nonsense",
        "/api/v1/explain?what=Service/Nobody",
        "/api/v1/explain?what=Service/Search&at=whenever",
        "/api/v1/schedules/preview?what=nothing",
        "/api/v1/schedules/exceptions?label=none",
        "/api/v1/instances/schedule-actions?account=nobody",
        "/api/v1/environments/c99/schedule-status?at=whenever",
    ],
)
def test_a_question_that_has_no_answer_says_why(
    path: str, applied: Fleet, client: httpx.Client
) -> None:
    problem = client.get(path).json()

    assert (problem["status"], problem["code"], bool(problem["fix"])) == (400, "WrongUsage", True)


@pytest.mark.slow
def test_the_daemon_listens_where_the_settings_name_a_port(
    installed: Fleet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "credentials.yaml").write_text(CREDENTIALS)
    use_settings(
        tmp_path,
        monkeypatch,
        f"source: {{folder: {installed.folder}}}\n"
        "http: {port: 0, credentials: credentials.yaml}\n",
    )
    told: list[Event] = []
    running = make_running(Invocation(None, None), told.append)
    running.start()
    try:
        (url,) = (event.url for event in told if isinstance(event, HttpListening))
        assert httpx.get(f"{url}/healthz").json() == {"alive": True}
        scope = httpx.post(f"{url}/api/v1/scopes/config/reconcile", headers=bearer(ADA))
        assert scope.status_code == 202
        done = 'envctl_works_total{job="reconcile",outcome="done"}'
        for _ in range(100):
            if done in httpx.get(f"{url}/metrics").text:
                break
            time.sleep(0.1)
        assert done in httpx.get(f"{url}/metrics").text
        last = httpx.get(f"{url}/api/v1/plan/last")
        assert (checked(last.json())["document"], len(last.headers["Envctl-Planned-At"])) == (
            "plan",
            len("2026-11-28T10:00:00.000Z"),
        )
        asked = httpx.post(f"{url}/api/v1/rollback", headers=bearer(ADA), json={"what": "nothing"})
        where = f"{url}{asked.headers['Location']}"
        for _ in range(100):
            if httpx.get(where).json()["state"] == "done":
                break
            time.sleep(0.1)
        assert httpx.get(f"{where}/result").json()["exitCode"] == 64
    finally:
        assert running.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/healthz")


@pytest.mark.slow
def test_an_address_that_is_taken_is_told(installed: Fleet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = HttpServer(FastAPI(), "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(WrongUsage, match="cannot be listened on"):
            server.start()
