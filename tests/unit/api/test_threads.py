"""Whoever asks for what takes long keeps nobody from what does not."""

import socket
from contextlib import ExitStack
from threading import Event

from anyio import CapacityLimiter
from fastapi import FastAPI

from controller.api.threads import in_threads_of
from tests.support.http_interface import serving

MORE_THAN_THREADS = 60
"""What the server has for all that is not limited is forty."""


def test_answers_that_take_long_keep_no_thread_from_others() -> None:
    app, go_on = FastAPI(openapi_url=None), Event()

    def long(what: str) -> str:
        go_on.wait(60)
        return what

    @app.get("/short")
    def short() -> str:
        return "short"

    app.add_api_route("/long/{what}", in_threads_of(CapacityLimiter(2), long), methods=["GET"])
    with serving(app) as client, ExitStack() as opened:
        address = (client.base_url.host, client.base_url.port or 0)
        for _ in range(MORE_THAN_THREADS):
            line = opened.enter_context(socket.create_connection(address, 30))
            line.sendall(b"GET /long/x HTTP/1.1\r\nHost: x\r\n\r\n")

        assert client.get("/short").json() == "short"
        go_on.set()
        assert client.get("/long/y").json() == "y"
