"""The application: its routes, what is around every request, and what OpenAPI says of it."""

from typing import Final

from fastapi import FastAPI

from controller import __version__
from controller.api.health import health_routes
from controller.api.problems import answer_with_problems
from controller.api.requests import Requests
from controller.api.served import Served

OPENAPI: Final = "/api/v1/openapi.json"


def create_app(served: Served) -> FastAPI:
    """Return the application; nothing is read before it is asked. Metrics tell of its queue and its scopes from now on."""
    app = FastAPI(
        title="envctl",
        version=__version__,
        summary="The daemon's state, asked and changed.",
        openapi_url=OPENAPI,
        # Their pages load scripts from hosts of others.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Requests, emit=served.emit, count=served.metrics.count_request)
    answer_with_problems(app)
    for router in (health_routes(served),):
        app.include_router(router)
    served.metrics.ask(served.queue.backlog, served.scopes_by_state)
    return app
