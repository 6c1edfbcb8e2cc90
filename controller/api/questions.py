"""Questions of every day, answered with the documents that commands print: status, explain, schedules, overrides."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from controller.api.answers import Responses, respond, says, wants_text, written_answer
from controller.api.served import Served
from controller.api.status_answers import StatusAnswers
from controller.api.threads import in_threads_of
from controller.engine.config.observe import observe_config
from controller.engine.queries.explain.answer import explained
from controller.engine.queries.schedules.exceptions import filter_of, find_exceptions
from controller.engine.queries.schedules.hours import report_now
from controller.engine.queries.schedules.preview import MOST_DAYS, previewed, view_of
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


def question_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    questions = _Questions(served)
    router = APIRouter(
        prefix="/api/v1",
        tags=[_READS],
        dependencies=[Depends(served.access.may("read"))],
    )
    router.add_api_route("/status", questions.status, methods=["GET"], responses=says("status"))
    for path, answer, document in (
        ("/explain", questions.explain, "explain"),
        ("/schedules/preview", questions.preview, "schedule-preview"),
        ("/schedules/exceptions", questions.exceptions, "schedule-exceptions"),
        ("/schedules/report", questions.report, "schedule-report"),
        ("/overrides", questions.overrides, "override-list"),
    ):
        responses: Responses = says(document)
        endpoint = in_threads_of(served.slow, answer)
        router.add_api_route(path, endpoint, methods=["GET"], responses=responses)
    return router


class _Questions:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._status = StatusAnswers(self._write_status)

    async def status(self, request: Request) -> Response:
        """Where everything stood at the moment ``at``: at most two seconds ago, or ten while it is being read anew."""
        return await self._status.answer(is_text=wants_text(request))

    def _write_status(self, is_text: bool) -> Response:
        view = self._served.status.get(within_s=0.0).view
        return written_answer(status_answer(view), is_text=is_text)

    def explain(self, request: Request, what: Text, at: Optional = None) -> Response:
        """Why something is as it is: what is meant, as for ``envctl explain``, and at which moment."""
        served = self._served
        state, now = served.state.get(), served.now()
        with served.planning_turn() as own:
            found = explained(what, at, state, now, None if own is None else lambda: own)
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
