"""A request that does not arrive, and an answer that is not taken, hold a connection for a while only."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI, Response

from controller.api.slow_callers import TimedConnection
from tests.support.http_interface import serving

LONG = 64 << 20


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setattr(TimedConnection, "whole_within_s", 0.5)
    monkeypatch.setattr(TimedConnection, "taken_within_s", 0.5)
    app = FastAPI(openapi_url=None)

    @app.get("/long")
    def long() -> Response:
        return Response(b"x" * LONG)

    with serving(app) as made:
        yield made


def until_it_ends(line: socket.socket) -> int:
    """Return how many bytes are answered until the connection ends."""
    count = 0
    try:
        while more := line.recv(1 << 20):
            count += len(more)
    except ConnectionResetError:
        pass
    return count


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /long HTTP/1.1\r\nHost: x\r\nX-More: ",
        b"POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ],
)
def test_a_request_that_does_not_arrive_is_given_up(begun: bytes, client: httpx.Client) -> None:
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, 30) as line:
        line.sendall(begun)

        assert until_it_ends(line) < 1000


def test_an_answer_that_nobody_takes_is_given_up(client: httpx.Client) -> None:
    address = (client.base_url.host, client.base_url.port or 0)
    with socket.create_connection(address, 30) as line:
        line.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        taken = len(line.recv(1))
        # One that asks for nothing is given up as soon, and began later.
        with socket.create_connection(address, 30) as idle:
            assert until_it_ends(idle) == 0

        assert taken + until_it_ends(line) < LONG
