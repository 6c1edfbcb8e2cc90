"""A Git server over https on a free loopback port, with a password: ``git http-backend`` behind Python's own server."""

import base64
import contextlib
import http.server
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.https_server import https_server


@dataclass
class GitServer:
    """Where it listens, which certificate it shows, and the Authorization headers it was sent."""

    url: str
    certificate: Path
    authorizations: list[str | None] = field(default_factory=list)


class GitRequests(http.server.BaseHTTPRequestHandler):
    """Asks for the password, then lets git's own back end answer. Subclassed with what one server is about."""

    protocol_version = "HTTP/1.1"
    root: Path
    wanted: str
    about: GitServer

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, body: bytes) -> None:
        self.about.authorizations.append(self.headers.get("Authorization"))
        if self.path.startswith("/moved/"):
            self._send(301, {"Location": self.about.url + self.path.removeprefix("/moved")})
        elif self.headers.get("Authorization") != self.wanted:
            self._send(401, {"WWW-Authenticate": 'Basic realm="git"'})
        else:
            self._backend(body)

    def _backend(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
        }
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env=environment,
            capture_output=True,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        self._send(int(headers.pop("Status", "200")[:3]), headers, content)

    def _send(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is inherited
        """Print nothing: pytest shows what is asserted."""


@contextlib.contextmanager
def git_server(folder: Path, root: Path, username: str, password: str) -> Iterator[GitServer]:
    """Serve the repositories below ``root`` to who knows the password; ``folder`` takes the certificate.

    ``/moved/…`` answers with a redirect to this server, as after a renaming.
    """
    server = GitServer("", Path())
    credential = base64.b64encode(f"{username}:{password}".encode()).decode()
    of_this_server = {"root": root, "wanted": f"Basic {credential}", "about": server}
    with https_server(folder, type("Handler", (GitRequests,), of_this_server)) as served:
        server.url, server.certificate = served
        yield server
