"""The application: its routes, what is around every request, and what OpenAPI says of it."""

from typing import Final

from fastapi import Depends, FastAPI, Response

from controller import __version__
from controller.api.answers import plain_answer
from controller.api.changes import change_routes
from controller.api.health import health_routes
from controller.api.ledger import ledger_routes
from controller.api.old_shapes import old_shape_routes
from controller.api.plans import plan_routes
from controller.api.problems import answer_with_problems
from controller.api.put_back.items import item_routes
from controller.api.put_back.operations import operation_routes
from controller.api.put_back.rollbacks import rollback_routes
from controller.api.put_back.snapshots import snapshot_change_routes, snapshot_routes
from controller.api.questions import question_routes
from controller.api.requests import Requests
from controller.api.served import Served
from controller.api.webhooks import webhook_routes

OPENAPI: Final = "/api/v1/openapi.json"

_ROUTES: Final = (
    health_routes,
    question_routes,
    plan_routes,
    ledger_routes,
    change_routes,
    snapshot_routes,
    snapshot_change_routes,
    rollback_routes,
    item_routes,
    operation_routes,
    webhook_routes,
    old_shape_routes,
)


def create_app(served: Served) -> FastAPI:
    """Return the application; nothing is read before it is asked. Metrics tell of its queue and its scopes from now on."""
    app = FastAPI(
        title="envctl",
        version=__version__,
        summary="The daemon's state, asked and changed.",
        # Below, for those who may read.
        openapi_url=None,
        # Their pages load scripts from hosts of others.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(
        Requests,
        emit=served.emit,
        count=served.metrics.count_request,
        keep_traceback=served.keep_traceback,
    )
    answer_with_problems(app)
    for routes in _ROUTES:
        app.include_router(routes(served))

    @app.get(OPENAPI, include_in_schema=False, dependencies=[Depends(served.access.may("read"))])
    def document() -> Response:
        return plain_answer(app.openapi())

    served.metrics.ask(served.queue.backlog, served.figures, served.calls)
    return app
