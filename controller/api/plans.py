"""The plan as it would be now: what the source, overrides and schedules make different. Nothing is written."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Final, NamedTuple

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from controller.api.access import Caller
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
from controller.events import DesiredLoaded, DesiredRejected, Event
from controller.ledger.records import iso_ms
from controller.model.ledger_record import Requester
from controller.planning.plan_file import plan_schema
from controller.views.plan.changes import changes_answer
from controller.views.plan.remarks import endings, warnings_text

KEEP_S: Final = 30.0
"""A plan that somebody asks for is at most so old: it looks at every account."""
PLANNED_AT: Final = "Envctl-Planned-At"
"""Header with the moment the daemon's last plan was made."""
Scopes = Annotated[list[str] | None, Query(max_length=64, description="Only these")]
Expand = Annotated[bool, Query(description="As text: all names")]
_MOST_WAITING: Final = 4


class _Asked(NamedTuple):
    """Which plan: of all scopes where none is named."""

    scopes: tuple[str, ...] = ()
    deep: bool = False
    strict: bool = False


class _Planned(NamedTuple):
    """A plan, and what is said beside it."""

    plan: CombinedPlan
    remarks: tuple[str, ...]


def plan_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    router = APIRouter(prefix="/api/v1", tags=["questions"])
    plans = SharedReading(lambda: _plan(served, _Asked()), KEEP_S)
    # Whoever waits for a plan, which takes long, keeps no thread from other questions.
    threads = CapacityLimiter(_MOST_WAITING)

    shape: Responses = says({**plan_schema()}, text=True)
    read = served.access.may("read")
    reads = [Depends(read)]

    @router.get("/plan", responses=shape)
    async def plan(
        request: Request,
        caller: Annotated[Caller, Depends(read)],
        scope: Scopes = None,
        deep: Annotated[bool, Query(description="Look at accounts closely")] = False,
        strict: Annotated[bool, Query(description="A scope that cannot be read fails")] = False,
        expand: Expand = False,
    ) -> Response:
        """What would change: the last plan that was asked for, or a fresh one where that is older than 30 seconds, or some of it is asked for."""
        asked = _Asked(tuple(scope or ()), deep, strict)
        if asked != _Asked():
            served.limit.take(caller.name)
        get = plans.get if asked == _Asked() else partial(_plan, served, asked)
        planned, remarks = await to_thread.run_sync(get, limiter=threads)
        made = LastPlan(served.now(), planned.plan, planned.names, planned.exit_code)
        return _shown(request, made, remarks=remarks, expand=expand)

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
    request: Request,
    made: LastPlan,
    headers: Mapping[str, str] | None = None,
    *,
    remarks: tuple[str, ...] = (),
    expand: bool,
) -> Response:
    answer = changes_answer(made.plan, made.names, expand=expand)
    told = replace(answer, exit_code=made.exit_code, remarks=remarks)
    return respond(request, told, headers)


def _plan(served: Served, asked: _Asked) -> _Planned:
    """Plan. Raises as planning, and Refused where the source is being read for somebody else for long."""
    process = served.installation.master.process
    warnings: list[str] = []

    def emit(event: Event) -> None:
        if isinstance(event, DesiredLoaded | DesiredRejected) and event.warnings:
            warnings.append(warnings_text(event.warnings))
        served.emit(event)

    reconciler = Reconciler(
        planner=served.planner, live=served.accounts, clock=process.clock, emit=emit
    )
    request = ReconcileRequest(
        requester=Requester("envctl", "http"),
        claim=Claim(process.instance),
        reach=Reach.PLAN,
        scopes=asked.scopes,
        deep=asked.deep,
        strict=asked.strict,
        strict_live=asked.strict,
    )
    with served.planning_turn():
        result = reconciler.reconcile(request)
    remarks = (*warnings, *endings(result, served.now()))
    return _Planned(result.planned, remarks)
