"""The web application of the sandbox: moto behind its own controls."""

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import moto
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from controller.sandbox import faults
from controller.sandbox.faults import Fault
from controller.sandbox.interception import ONE_AT_A_TIME, calls_since_asked
from controller.sandbox.state import STATE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/sandbox-api/"


_MOTO = DomainDispatcherApplication(create_backend_app)
_LOOPBACK: Final = re.compile(
    r"(?:(?:[a-z0-9.-]+\.)?localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE
)
"""As a request's Host: names under localhost are never another machine's."""
_OTHER_SITES: Final = frozenset({"cross-site", "same-site"})


def sandbox_application(
    environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer ``/sandbox-api/…`` here and leave everything else to moto.

    What a web page sends is refused: whoever has a sandbox looks at pages of others too. Raises ConnectionError where the
    answer is to get lost.
    """
    if why := _of_a_web_page(environ):
        start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"The sandbox answers programs on this machine, not web pages: {why}.\n".encode()]
    path = str(environ.get("PATH_INFO", ""))
    if path.startswith(PREFIX):
        return _control(path.removeprefix(PREFIX), environ, start_response)
    faults.connection_is_to_drop()
    answer: Iterable[bytes] = _MOTO(environ, start_response)
    if faults.connection_is_to_drop():
        raise ConnectionAbortedError("the sandbox was asked to lose this answer")
    return answer


def _of_a_web_page(environ: "WSGIEnvironment") -> str:
    """Return why a request may be a web page's, by what browsers send and pages cannot leave out; empty if it is none."""
    if "HTTP_ORIGIN" in environ:
        return "the request has an Origin"
    if environ.get("HTTP_SEC_FETCH_SITE", "").lower() in _OTHER_SITES:
        return "the request comes from another site"
    # A name of somebody else's that leads here makes their page one of the same origin.
    if not _LOOPBACK.fullmatch(environ.get("HTTP_HOST", "localhost")):
        return "the request names another host"
    return ""


def _control(
    name: str, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else b"{}"
    status = "404 Not Found"
    answer: Any = {"controls": sorted(CONTROLS)}
    if name in CONTROLS:
        try:
            status, answer = "200 OK", CONTROLS[name](json.loads(body))
        except (TypeError, ValueError, KeyError) as wrong:
            status, answer = "400 Bad Request", {"error": f"{type(wrong).__name__}: {wrong}"}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


def reset() -> None:
    """Empty every account and set every switch back."""
    with ONE_AT_A_TIME:
        moto_api_backend.reset()
        faults.clear()
        STATE.reset()


def _set(switches: Any, body: dict[str, Any]) -> None:
    """Set switches by name, each to a value of its own type. Raises KeyError for one that does not exist."""
    for name, value in body.items():
        if name not in switches.__slots__:
            raise KeyError(name)
        setattr(switches, name, type(getattr(switches, name))(value))


def _seed_accounts(body: dict[str, Any]) -> None:
    from controller.sandbox.furnish import furnish
    from controller.sandbox.seed import MASTER_ACCOUNT

    with ONE_AT_A_TIME:
        for needs in body["accounts"]:
            furnish(needs, MASTER_ACCOUNT)


CONTROLS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "health": lambda _: {"moto": moto.__version__},
    "reset": lambda _: reset(),
    "delays": lambda body: _set(STATE.delays, body),
    "settings": lambda body: _set(STATE.settings, body),
    "faults": lambda body: faults.add(Fault(**body)),
    "no-faults": lambda _: faults.clear(),
    "calls": lambda _: calls_since_asked(),
    "accounts": _seed_accounts,
}
"""What ``/sandbox-api/<name>`` does with its JSON and answers; extensions may add to it."""
