"""Around every request: an id, a bound for its body, what is counted and what is logged."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from controller.api.problems import bug_answer, two_lengths_answer
from controller.events import Emit, RequestServed

LONGEST_BODY: Final = 1 << 20
"""Bytes of a body that is read at all."""
LONGEST_IMPORT: Final = 16 << 20
"""Bytes of a body below ``IMPORTS``, which is read once it is known who sends it."""
IMPORTS: Final = "/api/v1/config/import/"
HEADER: Final = "X-Request-Id"
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
UNKNOWN_ROUTE: Final = "unknown"

Count = Callable[[str, str, int, float], None]
"""Takes method, route, status and seconds of a request that has been answered."""


@dataclass(eq=False)
class Requests:
    """An ASGI application around another. Nothing of a body is read before it is known to be short enough."""

    app: ASGIApp
    emit: Emit
    count: Count
    keep_traceback: Callable[[Exception], object]
    """Keeps what a bug of ours has to be reported with."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _ID.fullmatch(given) else uuid4().hex
        scope["envctl.request"] = request_id
        status, began, started = HTTPStatus.INTERNAL_SERVER_ERROR.value, time.monotonic(), False

        async def sent(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = request_id
                headers["Cache-Control"] = "no-store"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            with bound_contextvars(request=request_id):
                await self._app_for(scope)(scope, _bounded(scope, receive), sent)
        except ClientDisconnect:
            # Whoever asked went away before all of it came: nobody is there to be answered.
            status = HTTPStatus.BAD_REQUEST.value
        except Exception as error:  # noqa: BLE001 - a bug in one answer ends neither the listener nor what others are answered
            self.keep_traceback(error)
            if not started:
                await bug_answer(Request(scope), error)(scope, receive, sent)
        finally:
            self._tell(scope, request_id, status, time.monotonic() - began)

    def _app_for(self, scope: Scope) -> ASGIApp | Response:
        # What stands before us may have gone by the other of the two, and taken the rest for the next request (RFC 9112, 6.1).
        headers = Headers(scope=scope)
        both = "content-length" in headers and "transfer-encoding" in headers
        return two_lengths_answer(Request(scope)) if both else self.app

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
        method = (
            scope["method"] if scope["method"] in {*_READS, "POST", "PUT", "DELETE"} else "other"
        )
        self.count(method, route, status, seconds)
        if method not in _READS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            actor = scope.get("state", {}).get("actor", "")
            served = RequestServed(request_id, method, route, status, actor, round(seconds, 3))
            self.emit(served)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Return what receives a request's body and stops where it is too long."""
    announced = Headers(scope=scope).get("content-length", "0")
    left = longest = LONGEST_IMPORT if scope["path"].startswith(IMPORTS) else LONGEST_BODY

    async def received() -> Message:
        nonlocal left
        if announced.isdecimal() and int(announced[:20]) > longest:
            raise _too_long(longest)
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_long(longest)
        return message

    return received


def _too_long(longest: int) -> HTTPException:
    return HTTPException(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has at most {longest >> 20} MiB"
    )
