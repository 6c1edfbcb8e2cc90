"""Changes asked for by HTTP: overrides made and released, a scope reconciled. Each is recorded under the token's name."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.api.access import Caller
from controller.api.answers import plain_answer, respond, says
from controller.api.served import Served
from controller.engine.overrides.service import (
    OverrideAsked,
    Overrides,
    authored_digest,
    release_unread,
    unread_override,
)
from controller.engine.state.looks import just_now
from controller.model.ledger_record import Requester
from controller.model.observed import CONFIG_SCOPE
from controller.model.ref import ResourceRef
from controller.model.work import Job, Work, dedup_id
from controller.views.override_report import override_answer

_TRIGGER: Final = "override"
_ACCEPTED: Final = {
    "type": "object",
    "properties": {"scope": {"type": "string"}, "job": {"type": "string"}},
    "required": ["scope", "job"],
}
_Text = Annotated[str, Field(min_length=1, max_length=1024)]


class OverrideBody(BaseModel):
    """An override, as ``envctl override`` takes it: exactly one of ``until`` and ``untilGit``."""

    model_config = ConfigDict(extra="forbid")

    what: Annotated[_Text, Field(description="Kind/name, an environment, a group, an instance")]
    values: Annotated[list[_Text], Field(max_length=32, description="PATH=VALUE, or PATH")] = []
    reason: _Text
    until: Annotated[str | None, Field(max_length=64, description="10:00, +2h, fri 18:00")] = None
    until_git: Annotated[bool, Field(alias="untilGit")] = False


def change_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope override, or reconcile."""
    router, limit = APIRouter(prefix="/api/v1", tags=["changes"]), served.limit
    changes = _Changes(served)
    override = served.access.may("override")
    reconcile = served.access.may("reconcile")

    @router.post("/overrides", responses=says("override"))
    def make_override(
        request: Request, body: OverrideBody, caller: Annotated[Caller, Depends(override)]
    ) -> Response:
        """Have something otherwise for a while: written, recorded, and followed at once. It is not asked again."""
        limit.take(caller.name)
        return changes.make(request, body, caller)

    @router.delete("/overrides/{what:path}", responses=says("override"))
    def release_override(
        request: Request, what: str, caller: Annotated[Caller, Depends(override)]
    ) -> Response:
        """End an override, by its id, or all of an object: it is as documents and schedules say again."""
        limit.take(caller.name)
        return changes.release(request, what, caller)

    @router.post("/scopes/{scope:path}/reconcile", status_code=202, responses=says(_ACCEPTED, 202))
    def reconcile_scope(
        request: Request,
        scope: str,
        caller: Annotated[Caller, Depends(reconcile)],
        deep: Annotated[bool, Query(description="A close look")] = False,
    ) -> Response:
        """Put a scope (``config``, or ACCOUNT/REGION) on the daemon's queue; status says what became of it."""
        limit.take(caller.name)
        return changes.reconcile(request, scope, caller, deep=deep)

    return router


class _Changes:
    def __init__(self, served: Served) -> None:
        self._served = served

    def make(self, request: Request, body: OverrideBody, caller: Caller) -> Response:
        asked = OverrideAsked(
            what=body.what,
            assignments=body.values,
            until=body.until,
            until_git=body.until_git,
            reason=body.reason,
        )
        with self._served.changing_turn():
            overrides = self._overrides(caller)
            prepared = overrides.prepare(asked, self._digest)
            done = overrides.carry_out(prepared, self._served.emit)
        return respond(request, override_answer(prepared, done, self._served.now()))

    def release(self, request: Request, what: str, caller: Caller) -> Response:
        served = self._served
        with self._served.changing_turn():
            prepared = unread_override(served.installation, what)
            if prepared is not None:
                asks = Requester(caller.name, _TRIGGER)
                done = release_unread(served.installation, asks, prepared, served.emit)
            else:
                overrides = self._overrides(caller)
                prepared = overrides.to_release(what)
                done = overrides.carry_out(prepared, served.emit)
        return respond(request, override_answer(prepared, done, served.now()))

    def reconcile(self, request: Request, scope: str, caller: Caller, *, deep: bool) -> Response:
        if scope == CONFIG_SCOPE:
            job = Job.RECONCILE
        else:
            state = self._served.state.get()
            state.accounts.scopes(state.accepted, (scope,))
            job = Job.DEEP_LOOK if deep else Job.LOOK
        master = self._served.installation.master
        work = Work(
            scope=scope,
            job=job,
            dedup=dedup_id(scope, job, f"asked-{request.scope['envctl.request']}"),
            asked_at=self._served.now(),
            trigger=caller.name,
            details=just_now(master.store, master.state_table, scope),
        )
        self._served.queue.put(work)
        return plain_answer({"scope": scope, "job": job}, HTTPStatus.ACCEPTED)

    def _overrides(self, caller: Caller) -> Overrides:
        served = self._served
        return Overrides(served.state_now(), served.now(), Requester(caller.name, _TRIGGER))

    def _digest(self, ref: ResourceRef) -> str:
        with self._served.planning:
            return authored_digest(self._served.planner, ref)
