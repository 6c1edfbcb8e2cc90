"""A code host's API on a free loopback port, as far as reports of plans need it; it fails as it is told to."""

import contextlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

COMMIT = "a" * 40


@dataclass
class CodeHostStandIn:
    """``comments`` are those of one pull request, by id; ``failing`` are answers to give first, by method."""

    github: bool
    url: str = ""
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    failing: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    vanishing: bool = False
    """Whether somebody deletes each comment between its being listed and its being changed."""
    newest: str = COMMIT
    brought: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The requests that hold a commit, as the API tells them."""
    line: list[str] = field(default_factory=list)
    """Commits of the branch, the oldest first: what is compared."""
    open: list[dict[str, Any]] = field(default_factory=list)
    """What is open, as the code host describes it."""
    started: list[int] = field(default_factory=list)
    """Requests whose pipeline was started anew."""
    kept: list[dict[str, Any]] = field(default_factory=list)
    """Artifacts, as GitHub describes them."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Files that are kept, by the end of their path."""
    elsewhere: str = ""
    """Where every question is sent to, if anywhere."""
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)

    def add(self, body: str, author: str | int) -> int:
        """Put a comment there; an author is a name on GitHub, an id on GitLab."""
        number = len(self.comments) + 1
        login = self._login if author == self._us else str(author)
        who: dict[str, Any] = {"user": {"login": author}}
        if not self.github:
            who = {"author": {"id": author, "username": login}}
        self.comments[number] = {"id": number, "body": body, **who}
        return number

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Return status and answer."""
        asked = re.search(r"/commits/(\w+)/(?:pulls|merge_requests)$", path)
        if asked:
            return 200, self.brought.get(asked[1], [])
        if "/compare" in path:
            return self._compared(path)
        if "/artifacts" in path:
            return self._kept(path)
        found = re.search(r"/(?:comments|notes)/(\d+)$", path)
        if found:
            return self._one(method, int(found[1]), body)
        if path.endswith(("/comments", "/notes")):
            if method == "GET":
                return 200, list(self.comments.values())
            return 201, self.comments[self.add(body["body"], self._us)]
        return self._of_the_project(path, body)

    def _kept(self, path: str) -> tuple[int, Any]:
        if path.endswith("/artifacts"):
            return 200, {"artifacts": self.kept}
        file = next((data for end, data in self.files.items() if path.endswith(end)), None)
        return (404, {"message": "Not Found"}) if file is None else (200, file)

    def _of_the_project(self, path: str, body: Any) -> tuple[int, Any]:
        if path.endswith(("/pulls", "/merge_requests")):
            return 200, self.open
        if path.endswith("/pipelines"):
            self.started.append(int(path.split("/")[-2]))
            return 201, {"id": 8}
        if "/check-runs" in path:
            self.checks.append(body)
            return 201, {"id": 7}
        if path == "/user":
            return 200, {"id": self._us, "login": self._login, "username": self._login}
        return 200, {"head": {"sha": self.newest}, "sha": self.newest}

    def merge(self, commit: str, number: int, **more: Any) -> None:
        """Let a request have been merged by a commit, which is put on top of the branch."""
        self.line.append(commit)
        came = {"merged_at": "2026-01-01", "number": number} if self.github else {"iid": number}
        self.brought.setdefault(commit, []).append(
            {"state": "merged", "merge_commit_sha": commit, **came, **more}
        )

    def _compared(self, path: str) -> tuple[int, Any]:
        base, _ = re.findall(r"\b[0-9a-f]{40}\b", path)
        if base not in self.line:
            return 404, {"message": "Not Found"}
        behind = self.line[self.line.index(base) :]
        if self.github:
            pairs = [
                {"sha": commit, "parents": [{"sha": before}]} for before, commit in pairwise(behind)
            ]
        else:
            pairs = [{"id": commit, "parent_ids": [before]} for before, commit in pairwise(behind)]
        return 200, {"commits": pairs}

    @property
    def _us(self) -> str | int:
        return "github-actions[bot]" if self.github else 5

    @property
    def _login(self) -> str:
        return "github-actions[bot]" if self.github else "project-bot"

    def opens(
        self, number: int, author: str = "ada", *, fork: bool = False, commit: str = COMMIT
    ) -> None:
        """Open a request, of a fork or of the repository itself."""
        of = 9 if fork else 3
        if self.github:
            head, base = {"sha": commit, "repo": {"id": of}}, {"repo": {"id": 3}}
            made = {"number": number, "user": {"login": author}, "head": head, "base": base}
        else:
            made = {"iid": number, "sha": commit, "author": {"username": author}}
            made |= {"source_project_id": of, "target_project_id": 3}
        self.open.append(made)

    def _one(self, method: str, number: int, body: Any) -> tuple[int, Any]:
        if self.vanishing:
            self.comments.pop(number, None)
        if number not in self.comments:
            return 404, {"message": "Not Found"}
        if method == "DELETE":
            return 204, self.comments.pop(number) and None
        self.comments[number]["body"] = body["body"]
        return 200, self.comments[number]


class _Requests(http.server.BaseHTTPRequestHandler):
    about: CodeHostStandIn

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length)) if length else None
        parts, host = urlsplit(self.path), self.about
        host.asked.append(f"{self.command} {parts.path}")
        token = "Authorization" if host.github else "PRIVATE-TOKEN"
        host.tokens.add(self.headers.get(token) or "")
        headers: dict[str, str] = {}
        answer: Any
        if host.elsewhere:
            status, headers, answer = 302, {"Location": f"{host.elsewhere}{self.path}"}, None
        elif host.failing and host.failing[0][0] == self.command:
            _, status, headers = host.failing.pop(0)
            answer = {"message": "try later"}
        else:
            status, answer = host.answer(self.command, self._asked(parts), body)
            query = parse_qs(parts.query)
            if isinstance(answer, list) and "page" in query:
                size, page = int(query["per_page"][0]), int(query["page"][0])
                answer = answer[(page - 1) * size : page * size]
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        data = b"" if answer is None else data
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    @staticmethod
    def _asked(parts: SplitResult) -> str:
        # What GitLab compares is in the query.
        return f"{parts.path}?{parts.query}" if "/compare" in parts.path else parts.path

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def code_host(*, github: bool) -> Iterator[CodeHostStandIn]:
    """Serve one, with nothing in it."""
    host = CodeHostStandIn(github)
    handler = type("Handler", (_Requests,), {"about": host})
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    host.url = f"http://127.0.0.1:{listening.server_address[1]}"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
