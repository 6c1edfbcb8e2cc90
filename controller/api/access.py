"""Who asks: a token, and what it may do. Reads need one where others than this machine can ask, writes always."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from controller.api.credentials import KeptCredentials, Right
from controller.api.problems import Refused

BEARER: Final = HTTPBearer(auto_error=False, description="A token of http.credentials.")
_HOST: Final = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(:\d+)?")
_PASSED_ON: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers of what passes requests on: whoever asks need not be of this machine, whatever its Host says."""
_OWN_PAGES: Final = frozenset({"none", "same-origin"})
"""What ``Sec-Fetch-Site`` says where no page of somebody else has a browser ask."""
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="envctl"'}


class Caller(NamedTuple):
    """Who asks; the name is empty for one of this machine who need not say."""

    name: str


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Access:
    """Decides who is let in. ``credentials`` None: there are none, so nobody writes."""

    credentials: KeptCredentials | None
    host: str
    """Where the interface listens."""

    def may(self, right: Right) -> Callable[..., Awaitable[Caller]]:
        """Return a dependency that lets in whoever has a right. It raises Refused, and as reading the credentials."""

        async def let_in(
            request: Request,
            given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
        ) -> Caller:
            if given is None and right == "read" and self.is_open(request):
                return Caller("")
            caller = await self._holder(given, right)
            request.state.actor = caller.name
            return caller

        return let_in

    def is_open(self, request: Request) -> bool:
        """Tell whether who reads need not say who they are.

        A name that leads here from elsewhere is not this machine, nor is what was passed on, nor a page that a browser shows.
        """
        headers = request.headers
        asked = _HOST.fullmatch(headers.get("host", ""))
        return (
            asked is not None
            and is_loopback(self.host)
            and is_loopback(asked["name"])
            and not any(name in headers for name in _PASSED_ON)
            and headers.get("sec-fetch-site", "none") in _OWN_PAGES
        )

    async def _holder(self, given: HTTPAuthorizationCredentials | None, right: Right) -> Caller:
        if self.credentials is None:
            raise Refused(
                HTTPStatus.UNAUTHORIZED,
                "Unauthenticated",
                "nobody has a token here: the settings have no http.credentials",
                "set http.credentials",
                _CHALLENGE,
            )
        holder = None
        if given is not None:
            # A thread costs more than all else here: only reading again takes one.
            known = self.credentials.young
            if known is None:
                known = await run_in_threadpool(self.credentials.current)
            holder = known.holder(given.credentials)
        if holder is None:
            raise Refused(
                HTTPStatus.UNAUTHORIZED,
                "Unauthenticated",
                "no token that is known here",
                "send the header Authorization: Bearer TOKEN",
                _CHALLENGE,
            )
        if right not in holder.scopes:
            raise Refused(
                HTTPStatus.FORBIDDEN,
                "Forbidden",
                f"the token of {holder.name} has not the scope {right}",
                "ask whoever keeps http.credentials",
            )
        return Caller(holder.name)
