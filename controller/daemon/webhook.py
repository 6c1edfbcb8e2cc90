"""Alerts posted to a web hook that chat tools take: ``{"text": …}`` by HTTPS, to one host, in bounded time."""

import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

import orjson

from controller.daemon.bounded_connection import bounded
from controller.errors import AccessDenied, EnvctlError, Unreachable, WrongUsage
from controller.redactor import REDACTOR

TIMEOUT_S: Final = 10.0
"""For the connection, and again for the answer, however slowly it comes."""
LONGEST_TEXT: Final = 8000
"""Characters of a message: what Slack and Teams show without cutting is less than twice that."""
_CALLS_OR_LEADS: Final = re.compile(r"@|(?<=[a-zA-Z]):(?=//)|(?<=\])(?=\()")
_INSTEAD: Final = {"@": "(at)", ":": "[:]", "": " "}
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_DENIED: Final = frozenset({401, 403, 404, 410})
"""What chat tools answer for a hook that does not exist any more."""


@dataclass(eq=False)
class Webhook:
    """See the port ``AlertSink``. ``url`` reads the address each time, as it is a secret that may be changed.

    ``context`` is what certificates are checked with; None for what the machine trusts.
    """

    url: Callable[[], str]
    name: str = "webhook"
    context: ssl.SSLContext | None = None
    timeout_s: float = TIMEOUT_S

    def send(self, text: str) -> None:
        """Post a text. No redirect is followed: what is told is for that host alone.

        Raises WrongUsage for an address that is none, AccessDenied for a hook that is not there (any more), Unreachable for
        what may pass, and as reading the address. No error holds it.
        """
        host, port, path = _place(self.url())
        body = orjson.dumps({"text": harmless(REDACTOR.redact(text)[:LONGEST_TEXT])})
        status = self._post(host, port, path, body)
        if status not in range(200, 300):
            raise _refused(status)

    def _post(self, host: str, port: int | None, path: str, body: bytes) -> int:
        context = self.context or ssl.create_default_context()
        connection = HTTPSConnection(host, port, timeout=self.timeout_s, context=context)
        with bounded(connection, self.timeout_s, "notify.webhook", "the address kept there"):
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            return connection.getresponse().status


def harmless(text: str) -> str:
    """Return a text that calls nobody in a chat and leads nowhere: names and problems in it are what others wrote.

    Slack's control sequences are in angle brackets (https://docs.slack.dev/messaging/formatting-message-text); Mattermost and
    Teams know ``@name`` and links as Markdown writes them. All of them make links of what begins with ``https://``.
    """
    plain = _CALLS_OR_LEADS.sub(lambda found: _INSTEAD[found.group()], text)
    return plain.translate(_ESCAPED)


def _place(url: str) -> tuple[str, int | None, str]:
    """Return host, port and path of an address. Raises WrongUsage, which does not hold it."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        place, port = urlsplit(""), None
    if place.scheme != "https" or not place.hostname:
        raise WrongUsage(
            "notify.webhook: what is kept there is no https:// address",
            fix="keep the address of the incoming webhook there, as the chat tool gives it",
        )
    return place.hostname, port, f"{place.path or '/'}?{place.query}".rstrip("?")


def _refused(status: int) -> EnvctlError:
    if status in _DENIED:
        return AccessDenied(
            f"notify.webhook: the host refuses the hook ({status})",
            fix="make a new incoming webhook in the chat tool, and keep its address where the setting says",
        )
    moved = " and redirects are not followed" if status in range(300, 400) else ""
    return Unreachable(f"notify.webhook: the host answered {status}{moved}")
