"""A code host's interface by HTTP: one host, no redirect, in bounded time and memory. What fails is tried again by who asks, later."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from controller.daemon.bounded_connection import bounded
from controller.errors import AccessDenied, EnvctlError, Unreachable

TIMEOUT_S: Final = 15.0
"""For the connection, and again for the answer, however slowly it comes."""
LONGEST_ANSWER: Final = 16 * 1024 * 1024
PAGE: Final = 100
MOST_PAGES: Final = 20
"""Of comments that are looked through for ours."""
NOT_THERE: Final = frozenset({404, 410})
_DENIED: Final = frozenset({401, 403})


class NotThere(Unreachable):
    """The host has nothing at that place, or shows it to somebody else alone."""


@dataclass(eq=False)
class CodeHost:
    """Asks below one address; ``headers`` gives those of each request, as another token may be kept by then."""

    api: str
    headers: Callable[[], Mapping[str, str]]
    timeout_s: float = TIMEOUT_S

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer, None for an empty one.

        Raises NotThere, AccessDenied, Unreachable for all else that is no answer, and as reading the token. No error holds it.
        """
        status, content = self._sent(method, path, body)
        if status not in range(200, 300):
            raise _refused(f"notify.codeHost: {method} {path}", status)
        try:
            return json.loads(content) if content else None
        except (ValueError, RecursionError):
            raise Unreachable(f"notify.codeHost: {method} {path}: the answer is no JSON") from None

    def pages(self, path: str) -> Iterator[Any]:
        """Yield the members of a list, page after page. Raises as ``ask``."""
        for page in range(1, MOST_PAGES + 1):
            found = members(self.ask("GET", f"{path}?per_page={PAGE}&page={page}"))
            yield from found
            if len(found) < PAGE:
                return

    def _sent(self, method: str, path: str, body: Mapping[str, Any] | None) -> tuple[int, bytes]:
        place = urlsplit(self.api)
        secure = place.scheme == "https"
        headers = {"Content-Type": "application/json", "User-Agent": "envctl", **self.headers()}
        connect = HTTPSConnection if secure else HTTPConnection
        connection = connect(place.hostname or "", place.port, timeout=self.timeout_s)
        data = None if body is None else json.dumps(body).encode()
        with bounded(connection, self.timeout_s, "notify.codeHost", "notify.codeHost.api"):
            connection.request(method, f"{place.path.rstrip('/')}{path}", data, headers)
            answer = connection.getresponse()
            content = answer.read(LONGEST_ANSWER + 1)
        if len(content) > LONGEST_ANSWER:
            raise Unreachable(
                f"notify.codeHost: {method} {path}: the answer is longer than is read"
            )
        return answer.status, content


def members(answer: Any) -> list[Any]:
    """Return the objects of a list; none of what is no list of objects."""
    return [one for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []


def _refused(what: str, status: int) -> EnvctlError:
    if status in NOT_THERE:
        return NotThere(
            f"{what}: the host answered {status}", fix="check notify.codeHost.repository"
        )
    if status in _DENIED:
        return AccessDenied(
            f"{what}: the host refuses the token ({status})",
            fix="keep a token there that may read the repository and comment on its requests",
        )
    moved = ", and redirects are not followed" if status in range(300, 400) else ""
    return Unreachable(f"{what}: the host answered {status}{moved}")
