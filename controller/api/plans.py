"""The plan as it would be now: what the source, overrides and schedules make different. Nothing is written."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from controller.api.answers import Responses, respond, says
from controller.api.problems import Refused
from controller.api.served import Served
from controller.api.shared_reading import SharedReading
from controller.engine.commit.lease import Claim
from controller.engine.reconcile.combined_plan import (
    CombinedPlan,
    LastPlan,
    Reach,
    ReconcileRequest,
)
from controller.engine.reconcile.reconciler import Reconciler
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Requester
from controller.planning.plan_file import plan_schema
from controller.views.plan.changes import changes_answer

KEEP_S: Final = 30.0
"""A plan that somebody asks for is at most so old: it looks at every account."""
PLANNED_AT: Final = "Envctl-Planned-At"
"""Header with the moment the daemon's last plan was made."""
Expand = Annotated[bool, Query(description="As text: all names")]
_MOST_WAITING: Final = 4


def plan_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    router = APIRouter(prefix="/api/v1", tags=["questions"])
    plans = SharedReading(lambda: _plan(served), KEEP_S)
    # Whoever waits for a plan, which takes long, keeps no thread from other questions.
    threads = CapacityLimiter(_MOST_WAITING)

    shape: Responses = says({**plan_schema()}, text=True)
    reads = [Depends(served.access.may("read"))]

    @router.get("/plan", responses=shape, dependencies=reads)
    async def plan(request: Request, expand: Expand = False) -> Response:
        """What would change: the last plan that was asked for, or a fresh one where that is older than 30 seconds."""
        planned = await to_thread.run_sync(plans.get, limiter=threads)
        made = LastPlan(served.now(), planned.plan, planned.names, planned.exit_code)
        return _shown(request, made, expand=expand)

    @router.get("/plan/last", responses=shape, dependencies=reads)
    async def last_plan(request: Request, expand: Expand = False) -> Response:
        """What the daemon of this machine planned last for the tables, before it did it; `Envctl-Planned-At` says when."""
        last = served.last_plan()
        if last is None:
            raise Refused(
                HTTPStatus.NOT_FOUND,
                "NotThere",
                "the daemon here has planned nothing yet, or another of the daemons does",
                "GET /api/v1/plan makes a plan now",
            )
        return _shown(request, last, {PLANNED_AT: iso_ms(last.at)}, expand=expand)

    return router


def _shown(
    request: Request, made: LastPlan, headers: Mapping[str, str] | None = None, *, expand: bool
) -> Response:
    answer = changes_answer(made.plan, made.names, expand=expand)
    return respond(request, replace(answer, exit_code=made.exit_code), headers)


def _plan(served: Served) -> CombinedPlan:
    """Plan everything. Raises as planning, and Refused where the source is being read for somebody else for long."""
    process = served.installation.master.process
    reconciler = Reconciler(
        planner=served.planner, live=served.accounts, clock=process.clock, emit=served.emit
    )
    request = ReconcileRequest(
        requester=Requester("envctl", "http"), claim=Claim(process.instance), reach=Reach.PLAN
    )
    with served.planning_turn():
        return reconciler.reconcile(request).planned
