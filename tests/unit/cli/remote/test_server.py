"""A server that commands are answered by is believed in nothing: what it says is shown, or it is told that it is none of ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple

import pytest

from controller.cli.remote.server import Request, Server
from controller.errors import EnvctlError, InvalidDesiredState, Unreachable

TOKEN = "a token of thirty-two bytes ....."


class Answer(NamedTuple):
    """What a server says to whatever it is asked."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"{}"


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[Server, list[str]]]:
    """Serve one answer; yield who asks it, and the paths it was asked for with a token."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if TOKEN in self.headers.get("Authorization", ""):
                asked.append(self.path)
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{listener.server_port}", TOKEN), asked
        finally:
            listener.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        Answer(headers=(("Envctl-Exit-Code", "soon"),)),
        Answer(headers=(("Envctl-Exit-Code", "1234"),)),
        Answer(headers=(("Envctl-Remarks", "{"),)),
        Answer(headers=(("Envctl-Remarks", '"one"'),)),
        Answer(500, body=b"<html>"),
        Answer(500, body=b"[1]"),
    ],
)
def test_what_is_not_as_ours_is_told(answer: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(answer) as (server, _asked), pytest.raises(Unreachable) as told:
        server.answer(Request("/status"), as_json=True)
    assert "not as an interface of envctl does" in told.value.message
    assert capsys.readouterr().out == ""


def test_problems_that_are_none_are_left_out() -> None:
    body = b'{"code": "InvalidConfig", "detail": "wrong", "problems": [1, {"path": "a.yaml", "message": "no", "related": [2, {"path": "b.yaml", "line": 3, "document": "Cluster/Tango"}]}]}'
    with answering(Answer(422, body=body)) as (server, _asked), pytest.raises(EnvctlError) as told:
        server.answer(Request("/status"), as_json=True)
    assert isinstance(told.value, InvalidDesiredState)
    assert list(map(str, told.value.problems)) == ["a.yaml: no\n  see b.yaml:3: Cluster/Tango"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_token_follows_no_redirect(status: int) -> None:
    with answering(Answer()) as (elsewhere, asked_elsewhere):
        there = (("Location", f"{elsewhere.url}/api/v1/status"),)
        with answering(Answer(status, there)) as (server, asked), pytest.raises(Unreachable):
            server.answer(Request("/status"), as_json=True)
    assert asked == ["/api/v1/status?"]
    assert asked_elsewhere == []


def test_what_a_server_says_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = Answer(
        headers=(("Envctl-Remarks", '["\\u001b[2Jgone"]'),), body="a\x1b[31mb\u202ec".encode()
    )
    with answering(hostile) as (server, _asked):
        assert server.answer(Request("/status"), as_json=False) == 0
        with pytest.raises(Unreachable):
            server.answer(Request("/status"), as_json=True)
    with answering(hostile._replace(body='"\u202e"'.encode())) as (server, _asked):
        assert server.answer(Request("/status"), as_json=True) == 0
    shown = "".join(capsys.readouterr())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
