"""A code host's API over HTTP: patient with one that is busy or broken, and silent about the token."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

TRIES: Final = 5
LONGEST_WAIT: Final = 60.0
PAGE: Final = 100
MOST_PAGES: Final = 50
_SECRET_HEADERS: Final = ("Authorization", "Private-token")
"""As urllib writes their names."""
_BUSY: Final = frozenset({429, 500, 502, 503, 504})


class HostError(Exception):
    """What the API refused; ``status`` is 0 where there was no answer."""

    def __init__(self, what: str, status: int) -> None:
        """Say what was asked, and how it ended."""
        super().__init__(what)
        self.status = status


class _WithoutToken(urllib.request.HTTPRedirectHandler):
    """Follows to where the API sends us, which may be another's server: the token stays behind."""

    def redirect_request(self, *asked: Any) -> urllib.request.Request | None:
        """Return the next request, without what was to prove who we are."""
        made = super().redirect_request(*asked)
        if made is not None:
            for name in _SECRET_HEADERS:
                made.remove_header(name)
        return made


class CodeHost:
    """Asks one API. What is busy is asked again: after as long as it says, else after 1, 2, 4, 8 seconds."""

    def __init__(
        self, api: str, headers: Mapping[str, str], wait: Callable[[float], None] = time.sleep
    ) -> None:
        """``api`` is the address below which everything is."""
        if not api.startswith(("https://", "http://127.0.0.1:")):
            raise HostError(f"{api}: a token is sent over https alone", 0)
        self._api = api.rstrip("/")
        self._headers = {"Content-Type": "application/json", **headers}
        self._wait = wait

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the answer, None for an empty one. Raises HostError once it is clear that there is none."""
        text = self._tried(method, path, body)
        return json.loads(text) if text else None

    def file(self, path: str, most: int) -> bytes:
        """Return a file of so many bytes at most. Raises HostError, too, for a longer one."""
        found = self._tried("GET", path, None, most + 1)
        if len(found) > most:
            raise HostError(f"GET {path}: longer than {most} bytes", 0)
        return found

    def _tried(
        self, method: str, path: str, body: Mapping[str, Any] | None, most: int | None = None
    ) -> bytes:
        what = f"{method} {path}"
        for attempt in range(TRIES):
            try:
                return self._answer(method, path, body, most)
            except urllib.error.HTTPError as error:
                pause = _pause(error, attempt)
                if pause is None or attempt == TRIES - 1:
                    raise HostError(f"{what}: {error.code} {_said(error)}", error.code) from None
            except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
                pause = float(2**attempt)
                if attempt == TRIES - 1:
                    raise HostError(f"{what}: no answer ({error})", 0) from None
            self._wait(pause)
        raise AssertionError("the last try returns or raises")

    def pages(self, path: str) -> Iterator[Any]:
        """Yield the members of a list, page after page."""
        sign = "&" if "?" in path else "?"
        for page in range(1, MOST_PAGES + 1):
            found = self.ask("GET", f"{path}{sign}per_page={PAGE}&page={page}")
            yield from found
            if len(found) < PAGE:
                return

    def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None, most: int | None
    ) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self._api}{path}", data=data, headers=self._headers, method=method
        )
        with urllib.request.build_opener(_WithoutToken).open(request, timeout=30) as answer:
            text: bytes = answer.read(most)
        return text


def _pause(error: urllib.error.HTTPError, attempt: int) -> float | None:
    """Return the seconds to wait; None where asking again is of no use."""
    after = error.headers.get("Retry-After", "")
    if after.isdecimal() and error.code in (*_BUSY, 403):
        return min(float(after), LONGEST_WAIT)
    return float(2**attempt) if error.code in _BUSY else None


def _said(error: urllib.error.HTTPError) -> str:
    """Return what the API says of a refusal."""
    try:
        told = json.loads(error.read(10_000))
    except ValueError:
        return str(error.reason)
    return str(told.get("message", error.reason)) if isinstance(told, dict) else str(error.reason)
