"""Rollbacks: planned at once, done by the daemon."""

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from controller.api.access import Caller
from controller.api.answers import respond, says
from controller.api.put_back.asked import MOST_WAITING, PutBacks, RollbackBody, plan_headers
from controller.api.put_back.operations import ACCEPTED, ask_for
from controller.api.served import Served
from controller.engine.state.operations import Kind

_PATH = "/rollback"


def rollback_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read; whoever has it done, restore."""
    router, limit = APIRouter(prefix="/api/v1", tags=["put back"]), served.limit
    threads = CapacityLimiter(MOST_WAITING)
    read, restore = served.access.may("read"), served.access.may("restore")

    @router.get(_PATH, responses=says("rollback"))
    async def rollback_plan(
        request: Request,
        body: Annotated[RollbackBody, Query()],
        caller: Annotated[Caller, Depends(read)],
    ) -> Response:
        """What taking something back would change: a transaction, a record, a commit, or all since. Nothing is written."""
        limit.take(caller.name)

        def plan() -> Response:
            with served.planning_turn() as own:
                planned = PutBacks.of(served, own).rollback(body, caller.name)
            return respond(request, planned.answer, plan_headers(planned.prepared))

        return await to_thread.run_sync(plan, limiter=threads)

    @router.post(_PATH, status_code=202, responses=ACCEPTED)
    def rollback(body: RollbackBody, caller: Annotated[Caller, Depends(restore)]) -> Response:
        """Have something taken back; the operation says when it is done. With ``expect`` no other plan than that one is done."""
        limit.take(caller.name)
        settled = body.settled(served.now())
        settled.asked.check()
        return ask_for(served, Kind.ROLLBACK, settled.model_dump(), caller)

    return router
