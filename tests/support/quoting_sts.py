"""An STS that refuses every role, and repeats what it was sent: whole, cut, escaped."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote
from xml.sax.saxutils import escape

_WHO = (
    "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
    "<Arn>arn:aws:iam::{0}:user/envctl</Arn><UserId>envctl</UserId><Account>{0}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class QuotingSts(ThreadingHTTPServer):
    """``sent`` are the external ids it got."""

    def __init__(self, master: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.master = master
        self.sent: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, QuotingSts)
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if asked["Action"] == ["GetCallerIdentity"]:
            self._answer(200, _WHO.format(server.master))
            return
        value = asked.get("ExternalId", [""])[0]
        server.sent.append(value)
        said = (
            f"1 validation error detected: Value '{value}' at 'externalId' failed to satisfy constraint;"
            f" again: {value[:-3]}…, {value[3:]}, {json.dumps(value)}, {quote(value, safe='')}, {value[: len(value) // 2 + 6]}"
        )
        self._answer(
            400,
            "<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>"
            f"<Message>{escape(said)}</Message></Error><RequestId>1</RequestId></ErrorResponse>",
        )

    def _answer(self, status: int, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        """Say nothing."""


@contextmanager
def quoting_sts(master: str) -> Iterator[QuotingSts]:
    """Serve on loopback."""
    with QuotingSts(master) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
