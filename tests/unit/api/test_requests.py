"""Around every request: an id, a bound, problem details whatever fails, and a line in the log."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from controller.api.access import Access, Caller, is_loopback
from controller.api.credentials import KeptCredentials
from controller.api.metrics import Metrics
from controller.api.problems import MEDIA_TYPE, MOST_PROBLEMS, answer_with_problems
from controller.api.requests import LONGEST_BODY, Requests
from controller.cli.process import utc_now
from controller.errors import (
    AccessDenied,
    InvalidDesiredState,
    PlanRefused,
    Unreachable,
    WrongUsage,
)
from controller.events import Event, RequestServed
from controller.model.ref import Origin, Problem
from tests.support.http_interface import ADA, BOB, CREDENTIALS, bearer, serving

ERRORS = {
    "usage": (WrongUsage("no such thing", fix="name one"), 400, "WrongUsage"),
    "desired": (
        InvalidDesiredState([Problem(Origin("a.yaml", 3), "", "wrong")]),
        422,
        "InvalidConfig",
    ),
    "refused": (PlanRefused("too many"), 409, "GuardViolated"),
    "unreachable": (Unreachable("no answer"), 503, "Unreachable"),
    "denied": (AccessDenied("not allowed"), 502, "AccessDenied"),
}


bugs: list[Exception] = []


def application(events: list[Event], credentials: str | None, host: str) -> FastAPI:
    kept = None
    if credentials is not None:
        kept = KeptCredentials("c.yaml", credentials.encode, utc_now)
    access, app = Access(kept, host), FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_middleware(
        Requests,
        emit=events.append,
        count=Metrics().count_request,
        keep_traceback=bugs.append,
    )
    answer_with_problems(app)

    @app.get("/errors/{name}")
    def fail(name: str) -> None:
        raise ERRORS[name][0]

    @app.get("/read")
    def read(caller: Annotated[Caller, Depends(access.may("read"))]) -> str:
        return caller.name

    @app.post("/write")
    def write(caller: Annotated[Caller, Depends(access.may("override"))], body: list[int]) -> str:
        return f"{caller.name} {len(body)}"

    @app.post("/hook")
    async def hook(request: Request) -> int:
        return len(await request.body())

    return app


def sent(client: httpx.Client, data: bytes) -> bytes:
    """Send bytes as they are, and return all that is answered until the connection ends."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), 30) as line:
        line.sendall(data)
        answered = b""
        while more := line.recv(65536):
            answered += more
        return answered


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def client(events: list[Event]) -> Iterator[httpx.Client]:
    with serving(application(events, CREDENTIALS, "127.0.0.1")) as made:
        yield made


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_answered_with_its_code(name: str, client: httpx.Client) -> None:
    error, status, code = ERRORS[name]
    answer = client.get(f"/errors/{name}", headers={"X-Request-Id": "abc-1"})
    problem = answer.json()

    assert answer.headers["content-type"] == MEDIA_TYPE
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["detail"].startswith(error.message)
    assert problem["instance"] == "urn:envctl:request:abc-1"
    assert ("retry-after" in answer.headers) == (status == 503)


def test_what_is_not_there_and_what_is_ours_are_problems_too(client: httpx.Client) -> None:
    assert client.get("/nothing").json()["code"] == "NOT_FOUND"
    assert client.delete("/read").json()["code"] == "METHOD_NOT_ALLOWED"
    broken = client.get("/errors/bug")
    assert (broken.status_code, broken.json()["code"]) == (500, "Bug")
    assert [type(bug) for bug in bugs] == [KeyError]
    assert "Traceback" not in broken.text


def test_every_answer_has_an_id_and_one_of_ours_where_the_callers_is_none(
    client: httpx.Client,
) -> None:
    assert (
        client.get("/read", headers={"X-Request-Id": "x" * 65}).headers["x-request-id"] != "x" * 65
    )
    assert client.get("/read", headers={"X-Request-Id": "a-1"}).headers["x-request-id"] == "a-1"


def test_a_write_is_logged_with_who_asked(client: httpx.Client, events: list[Event]) -> None:
    client.get("/read")
    client.post("/write", json=[1], headers={"X-Request-Id": "w-1", **bearer(ADA)})
    client.post("/write", json=[1], headers={"X-Request-Id": "w-2", **bearer(BOB)})

    told = [
        (served.request, served.route, served.status, served.actor)
        for served in events
        if isinstance(served, RequestServed)
    ]
    assert told == [("w-1", "/write", 200, "ada"), ("w-2", "/write", 403, "")]


def test_a_body_that_is_too_long_is_not_read(client: httpx.Client) -> None:
    long = b"[" + b"1," * (LONGEST_BODY // 2) + b"1]"
    announced = client.post("/write", content=long, headers=bearer(ADA))
    in_pieces = client.post(
        "/write", content=iter([long[:600_000], long[600_000:]]), headers=bearer(ADA)
    )

    assert (announced.status_code, in_pieces.status_code) == (413, 413)
    assert announced.json()["code"] == "REQUEST_ENTITY_TOO_LARGE"


def test_a_request_that_says_twice_how_long_it_is_ends_its_connection(
    client: httpx.Client,
) -> None:
    smuggled = (
        b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /read HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )
    answered = sent(client, smuggled)

    assert answered.startswith(b"HTTP/1.1 400 ")
    assert answered.count(b"HTTP/1.1 ") == 1


def test_who_goes_away_before_all_of_it_came_is_no_bug(
    client: httpx.Client, events: list[Event]
) -> None:
    before = len(bugs)
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, 30) as line:
        line.sendall(b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n{}")
    while not events:
        client.get("/read")

    assert [
        (served.route, served.status) for served in events if isinstance(served, RequestServed)
    ] == [("/hook", 400)]
    assert bugs[before:] == []


def test_of_much_that_is_wrong_little_is_told(client: httpx.Client) -> None:
    answer = client.post("/write", json=["x"] * 10_000, headers=bearer(ADA))
    problems = answer.json()["problems"]

    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == {"field": "", "message": f"and {10_000 - MOST_PROBLEMS} more"}


def test_headers_that_are_too_long_are_not_read(client: httpx.Client) -> None:
    # Whoever still sends when the connection ends may not see the answer.
    with suppress(httpx.TransportError):
        answer = client.get("/read", headers={"X-Long": "x" * (4 << 20)})
        assert answer.status_code in (400, 431)
    assert client.get("/read").status_code == 200


def test_what_is_not_as_it_should_be_is_not_quoted(client: httpx.Client) -> None:
    answer = client.post("/write", json=["topsecret"], headers=bearer(ADA))

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"] == "body.0"
    assert "topsecret" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (bearer("nobody's"), 401),
        ({"Authorization": f"Basic {ADA}"}, 401),
        (bearer(BOB), 403),
        (bearer(ADA), 200),
    ],
)
def test_a_write_needs_a_token_that_may(
    headers: dict[str, str], status: int, client: httpx.Client
) -> None:
    answer = client.post("/write", json=[], headers=headers)

    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.0.0.1", {"Host": "localhost:8080"}, 200),
        ("127.0.0.1", {"Host": "[::1]:8080"}, 200),
        ("127.0.0.1", {"Host": "rebound.example"}, 401),
        ("127.0.0.1", {"Host": "[::1"}, 401),
        # Somebody else asks by what ends TLS on this machine.
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 401),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}, 401),
        ("127.0.0.1", {"Via": "1.1 front"}, 401),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.7", **bearer(BOB)}, 200),
        # A page in a browser of this machine.
        ("127.0.0.1", {"Sec-Fetch-Site": "cross-site"}, 401),
        ("127.0.0.1", {"Sec-Fetch-Site": "none"}, 200),
        ("127.0.0.1", bearer("nobody's"), 401),
        ("0.0.0.0", {}, 401),
        ("0.0.0.0", bearer(BOB), 200),
    ],
)
def test_a_read_needs_a_token_unless_only_this_machine_can_ask(
    host: str, headers: dict[str, str], status: int
) -> None:
    with serving(application([], CREDENTIALS, host)) as client:
        assert client.get("/read", headers=headers).status_code == status


def test_without_credentials_nobody_writes() -> None:
    with serving(application([], None, "127.0.0.1")) as client:
        assert client.post("/write", json=[], headers=bearer(ADA)).status_code == 401
        assert client.get("/read").status_code == 200


def test_only_addresses_of_this_machine_are_loopback() -> None:
    names = ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "0.0.0.0", "::", "10.0.0.1", "")
    assert [name for name in names if is_loopback(name)] == list(names[:5])
