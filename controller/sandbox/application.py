"""The web application of the sandbox: moto behind its own controls."""

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import moto
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from controller.sandbox import call_counts, faster_transactions, faults, state
from controller.sandbox.faults import Fault
from controller.sandbox.interception import ONE_AT_A_TIME

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTROLS = "/sandbox-api/"


class SandboxApplication:
    """Answers ``/sandbox-api/…`` itself and leaves everything else to moto."""

    def __init__(self) -> None:
        """Begin with an empty AWS."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._controls: dict[str, Callable[[dict[str, Any]], Any]] = {
            "health": lambda _: {
                "moto": moto.__version__,
                "fasterTransactions": faster_transactions.fits(),
            },
            "reset": lambda _: reset(),
            "delays": _set_delays,
            "settings": _set_settings,
            "faults": lambda body: faults.add(Fault(**body)),
            "no-faults": lambda _: faults.clear(),
            "calls": lambda _: call_counts.taken(),
            "accounts": _seed_accounts,
            "fleet": _seed_fleet,
        }

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request. Raises ConnectionError where the answer is to get lost."""
        path = str(environ.get("PATH_INFO", ""))
        if path.startswith(CONTROLS):
            return self._control(path.removeprefix(CONTROLS), environ, start_response)
        faults.connection_is_to_drop()
        answer: Iterable[bytes] = self._moto(environ, start_response)
        if faults.connection_is_to_drop():
            raise ConnectionAbortedError("the sandbox was asked to lose this answer")
        return answer

    def _control(
        self, name: str, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        control = self._controls.get(name)
        if control is None:
            start_response("404 Not Found", [("Content-Type", "application/json")])
            return [json.dumps({"controls": sorted(self._controls)}).encode()]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b"{}"
        try:
            answer = control(json.loads(body))
        except (TypeError, ValueError, KeyError) as wrong:
            start_response("400 Bad Request", [("Content-Type", "application/json")])
            return [json.dumps({"error": f"{type(wrong).__name__}: {wrong}"}).encode()]
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(answer).encode()]


def reset() -> None:
    """Empty every account and set every switch back."""
    with ONE_AT_A_TIME:
        moto_api_backend.reset()
        faults.clear()
        state.forget()


def _set_delays(body: dict[str, Any]) -> None:
    for name, looks in body.items():
        if name not in state.Delays.__slots__:
            raise KeyError(name)
        setattr(state.STATE.delays, name, int(looks))


def _set_settings(body: dict[str, Any]) -> None:
    settings = state.STATE.settings
    if "launch_configurations" in body:
        settings.launch_configurations = bool(body["launch_configurations"])
    if "failing_refreshes" in body:
        settings.failing_refreshes = int(body["failing_refreshes"])
    if "strict_accounts" in body:
        settings.strict_accounts = set(map(str, body["strict_accounts"]))


def _seed_accounts(body: dict[str, Any]) -> None:
    from controller.sandbox.account_needs import MASTER_ACCOUNT
    from controller.sandbox.furnish import furnish

    with ONE_AT_A_TIME:
        for needs in body["accounts"]:
            furnish(needs, MASTER_ACCOUNT)


def _seed_fleet(body: dict[str, Any]) -> Any:
    from controller.sandbox.seed_fleet import FleetSize, seed_fleet

    with ONE_AT_A_TIME:
        return seed_fleet(FleetSize(**body))
