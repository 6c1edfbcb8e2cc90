"""Whether the daemon lives, whether it can answer, and what it measures. No token is asked for but for figures."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from controller import __version__
from controller.api.access import Caller
from controller.api.answers import plain_answer, says
from controller.api.metrics import MEDIA_TYPE
from controller.api.served import Served
from controller.errors import EnvctlError

_FLAG = {"type": "boolean"}
_ALIVE = {"type": "object", "properties": {"alive": _FLAG}, "required": ["alive"]}
_READY = {
    "type": "object",
    "properties": {"ready": _FLAG, "because": {"type": "string"}},
    "required": ["ready", "because"],
}
_HEALTH = {
    "type": "object",
    "properties": {"OK": _FLAG, "Version": {"type": "string"}, "Leader": _FLAG},
    "required": ["OK", "Version", "Leader"],
}

_UNREAD = "its tables cannot be read: its log says why"


def health_routes(served: Served) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz", responses=says(_ALIVE))
    async def healthz() -> Response:
        """Tell whether the daemon's ticks come: 200, else 503. AWS is not asked."""
        alive = served.is_alive()
        return plain_answer({"alive": alive}, 200 if alive else 503)

    @router.get("/readyz", responses=says(_READY))
    async def readyz(request: Request) -> Response:
        """Tell whether it lives and can read its own tables: 200, else 503 with the reason."""
        because = "" if served.is_alive() else "the ticks of the daemon do not come"
        if not because and served.status.kept is None:
            try:
                await run_in_threadpool(served.status.get)
            except EnvctlError as error:
                # Names of tables and of the account are not for everybody.
                because = error.message if served.access.is_open(request) else _UNREAD
        return plain_answer({"ready": not because, "because": because}, 503 if because else 200)

    @router.get("/api/v1/diagnostics/healthcheck", responses=says(_HEALTH))
    async def healthcheck() -> Response:
        """Answer in the shape that load balancers of the old product ask for. All daemons are equal, so each is a leader."""
        alive = served.is_alive()
        shown = {"OK": alive, "Version": __version__, "Leader": True}
        return plain_answer(shown, 200 if alive else 503)

    @router.get(
        "/metrics",
        responses=says({"type": "string"}, media_type="text/plain"),
        response_class=PlainTextResponse,
    )
    def metrics(_caller: Annotated[Caller, Depends(served.access.may("read"))]) -> Response:
        """Return figures for Prometheus. A part that cannot be read is left out, and ``envctl_readable`` says so."""
        return Response(served.metrics.text(), headers={"Content-Type": MEDIA_TYPE})

    return router
