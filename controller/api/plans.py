"""The plan as it would be now: what the source, overrides and schedules make different. Nothing is written."""

from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from controller import __version__
from controller.api.answers import EXIT_CODE, JSON, TEXT, says
from controller.api.served import Served
from controller.api.shared_reading import SharedReading
from controller.engine.commit.lease import Claim
from controller.engine.reconcile.combined_plan import CombinedPlan, Reach, ReconcileRequest
from controller.engine.reconcile.reconciler import Reconciler
from controller.model.ledger_record import Requester
from controller.model.printable import printable_json
from controller.planning.plan_file import plan_schema
from controller.redactor import REDACTOR
from controller.views.documents.plan import render_json
from controller.views.plan.text import text_lines
from controller.views.style import plain

KEEP_S: Final = 30.0
"""A plan that somebody asks for is at most so old: it looks at every account."""
_MOST_WAITING: Final = 4


def plan_routes(served: Served) -> APIRouter:
    """Return the route. Whoever asks needs the scope read."""
    router = APIRouter(prefix="/api/v1", tags=["questions"])
    plans = SharedReading(lambda: _plan(served), KEEP_S)
    # Whoever waits for a plan, which takes long, keeps no thread from other questions.
    threads = CapacityLimiter(_MOST_WAITING)

    @router.get(
        "/plan",
        responses=says({**plan_schema()}, text=True),
        dependencies=[Depends(served.access.may("read"))],
    )
    async def plan(
        request: Request, expand: Annotated[bool, Query(description="As text: all names")] = False
    ) -> Response:
        """What would change: the last plan that was asked for, or a fresh one where that is older than 30 seconds."""
        planned = await to_thread.run_sync(plans.get, limiter=threads)
        headers = {EXIT_CODE: str(planned.exit_code.value)} if planned.exit_code else {}
        if request.headers.get("accept") == TEXT:
            text = plain(text_lines(planned.plan, names=planned.names, expand=expand))
            return Response(REDACTOR.redact(text), 200, headers, TEXT)
        document = render_json(planned.plan, names=planned.names, controller_version=__version__)
        shown = printable_json(REDACTOR.redact_bytes(document))
        return Response(shown, 200, headers, JSON)

    return router


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
