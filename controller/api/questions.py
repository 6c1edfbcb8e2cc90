"""Questions of every day, answered with the documents that commands print: status, explain, schedules, overrides."""

from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from controller.api.answers import TEXT, Responses, respond, says
from controller.api.served import Served
from controller.engine.config.observe import observe_config
from controller.engine.queries.explain.answer import explained
from controller.engine.queries.schedules.exceptions import filter_of, find_exceptions
from controller.engine.queries.schedules.hours import report_now
from controller.engine.queries.schedules.preview import MOST_DAYS, previewed, view_of
from controller.engine.queries.status.view import StatusView
from controller.views.calendar_text import preview_answer
from controller.views.documents.explanation import explain_answer
from controller.views.override_text import overrides_answer
from controller.views.schedule_tables import exceptions_answer, report_answer
from controller.views.status_text import status_answer

Text = Annotated[str, Query(min_length=1, max_length=1024)]
Optional = Annotated[str | None, Query(max_length=255)]
Kind = Annotated[str | None, Query(alias="type", max_length=255)]
Labels = Annotated[list[str] | None, Query(max_length=16, description="KEY=VALUE")]
_READS: Final = "questions"
_MOST_WAITING: Final = 4


def question_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    questions = _Questions(served)
    router = APIRouter(
        prefix="/api/v1",
        tags=[_READS],
        dependencies=[Depends(served.access.may("read"))],
    )
    for path, endpoint, document in (
        ("/status", questions.status, "status"),
        ("/explain", questions.explain, "explain"),
        ("/schedules/preview", questions.preview, "schedule-preview"),
        ("/schedules/exceptions", questions.exceptions, "schedule-exceptions"),
        ("/schedules/report", questions.report, "schedule-report"),
        ("/overrides", questions.overrides, "override-list"),
    ):
        responses: Responses = says(document)
        router.add_api_route(path, endpoint, methods=["GET"], responses=responses)
    return router


class _Questions:
    def __init__(self, served: Served) -> None:
        self._served = served
        # Status is told however long other questions take.
        self._threads = CapacityLimiter(_MOST_WAITING)
        self._written: dict[bool, tuple[StatusView, Response]] = {}
        """Status as it was written last, as text and as a document: written once for all who ask."""

    async def status(self, request: Request) -> Response:
        """Where everything stands, at most two seconds old."""
        shared = self._served.status
        view = shared.kept
        if view is None:
            view = await to_thread.run_sync(shared.get, limiter=self._threads)
        form = request.headers.get("accept") == TEXT
        kept = self._written.get(form)
        if kept is None or kept[0] is not view:
            self._written[form] = kept = view, respond(request, status_answer(view))
        written = kept[1]
        return Response(written.body, 200, media_type=written.media_type)

    def explain(self, request: Request, what: Text, at: Optional = None) -> Response:
        """Why something is as it is: what is meant, as for ``envctl explain``, and at which moment."""
        served = self._served
        state, now = served.state.get(), served.now()
        with served.planning:
            make_planner = None if served.source() is None else lambda: served.planner
            found = explained(what, at, state, now, make_planner)
        return respond(request, explain_answer(found))

    def preview(
        self,
        request: Request,
        what: Text,
        first: Annotated[str | None, Query(alias="from", max_length=32)] = None,
        days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7,
    ) -> Response:
        """Some days of a schedule: its name, an environment, or a schedule written out."""
        shown = previewed(what, lambda: self._served.state.get().accepted)
        view = view_of(shown, first, days, self._served.now())
        return respond(request, preview_answer(shown, view))

    def exceptions(
        self, request: Request, team: Optional = None, kind: Kind = None, label: Labels = None
    ) -> Response:
        """What is on outside of its schedule, kept by old tags, or always on."""
        now, wanted = self._served.now(), filter_of(team, kind, label)
        found = find_exceptions(self._served.state.get(), now, wanted)
        return respond(request, exceptions_answer(found, now))

    def report(
        self,
        request: Request,
        days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 7,
        team: Optional = None,
        kind: Kind = None,
        label: Labels = None,
    ) -> Response:
        """Hours on and off of the last days, from the ledger."""
        wanted = filter_of(team, kind, label)
        made = report_now(self._served.state.get(), days, self._served.now(), wanted)
        return respond(request, report_answer(made))

    def overrides(
        self,
        request: Request,
        what: Annotated[
            str | None,
            Query(max_length=1024, description="An id or an object: each part is listed then"),
        ] = None,
    ) -> Response:
        """What is otherwise now, what ends first on top; what a restore or a rollback holds is one."""
        seen = observe_config(self._served.installation)
        return respond(request, overrides_answer(seen, self._served.now(), what))
