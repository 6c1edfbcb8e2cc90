"""Snapshots: listed, shown, compared and planned back at once; taken, proven and put back by the daemon."""

from typing import Annotated, Final

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.api.access import Caller
from controller.api.answers import respond, says
from controller.api.put_back.asked import MOST_WAITING, PutBacks, RestoreAsked, plan_headers
from controller.api.put_back.operations import ACCEPTED, ask_for
from controller.api.served import Served
from controller.api.threads import in_threads_of
from controller.engine.snapshots.contents import observed_in
from controller.engine.snapshots.selection import selection_of
from controller.engine.snapshots.service import Snapshots
from controller.engine.state.operations import Kind
from controller.planning.plan_file import plan_schema
from controller.views.plan.changes import changes_answer
from controller.views.snapshots import list_answer, shown_answer

_Which = Annotated[
    str, Path(min_length=1, max_length=64, description="An id, the beginning of one, or latest")
]
_Other = Annotated[
    str | None,
    Query(max_length=64, description="Another snapshot; default: the tables as they are"),
]
_PATH: Final = "/api/v1/snapshots"


class SnapshotAsked(BaseModel):
    """A snapshot, as ``envctl snapshot create`` takes it."""

    model_config = ConfigDict(extra="forbid")

    ledger: Annotated[bool, Field(description="Also the audit table")] = False
    accounts: Annotated[bool, Field(description="Also the copies in the accounts")] = False


def snapshot_routes(served: Served) -> APIRouter:
    """Return the routes that change nothing. Whoever asks needs the scope read."""
    router, limit = APIRouter(prefix=_PATH, tags=["snapshots"]), served.limit
    asked_of, threads = _Snapshots(served), CapacityLimiter(MOST_WAITING)
    read = served.access.may("read")
    reads = [Depends(read)]

    for path, answer, document in (
        ("", asked_of.all, "snapshot-list"),
        ("/{which}", asked_of.show, "snapshot-show"),
    ):
        router.add_api_route(
            path,
            in_threads_of(served.slow, answer),
            methods=["GET"],
            responses=says(document),
            dependencies=reads,
        )

    @router.get("/{which}/diff", responses=says({**plan_schema()}, text=True), dependencies=reads)
    async def snapshot_diff(
        request: Request,
        which: _Which,
        other: _Other = None,
        expand: Annotated[bool, Query(description="As text: all names")] = False,
    ) -> Response:
        """What changed since a snapshot, or from it to another, as a plan that nobody carries out."""
        return await to_thread.run_sync(
            lambda: asked_of.diff(request, which, other, expand=expand), limiter=threads
        )

    @router.get("/{which}/restore", responses=says("restore"))
    async def restore_plan(
        request: Request,
        which: _Which,
        asked: Annotated[RestoreAsked, Query()],
        caller: Annotated[Caller, Depends(read)],
    ) -> Response:
        """What a restore would change. Nothing is written."""
        limit.take(caller.name)
        return await to_thread.run_sync(
            lambda: asked_of.plan(request, which, asked, caller), limiter=threads
        )

    return router


def snapshot_change_routes(served: Served) -> APIRouter:
    """Return the routes of what the daemon does. Whoever has one taken or proven needs the scope snapshot; put back, restore."""
    router, limit = APIRouter(prefix=_PATH, tags=["snapshots"]), served.limit
    snapshot, restore = served.access.may("snapshot"), served.access.may("restore")

    @router.post("", status_code=202, responses=ACCEPTED)
    def take_snapshot(
        asked: SnapshotAsked, caller: Annotated[Caller, Depends(snapshot)]
    ) -> Response:
        """Have a snapshot taken and proven; the operation says when that is done."""
        limit.take(caller.name)
        Snapshots.of(served.installation)
        return ask_for(served, Kind.SNAPSHOT, asked.model_dump(), caller)

    @router.post("/{which}/verify", status_code=202, responses=ACCEPTED)
    def verify_snapshot(which: _Which, caller: Annotated[Caller, Depends(snapshot)]) -> Response:
        """Have a snapshot read back and compared with the ledger; the operation says when that is done."""
        limit.take(caller.name)
        found = Snapshots.of(served.installation).find(which)
        return ask_for(served, Kind.VERIFY, {"snapshot": found.id}, caller)

    @router.post("/{which}/restore", status_code=202, responses=ACCEPTED)
    def restore_snapshot(
        which: _Which, asked: RestoreAsked, caller: Annotated[Caller, Depends(restore)]
    ) -> Response:
        """Have a snapshot put back; the operation says when that is done. With ``expect`` no other plan than that one is done."""
        limit.take(caller.name)
        settled, installation = asked.settled(served.now()), served.installation
        selection_of(installation.master.kinds, asked.kind)
        found = Snapshots.of(installation).find(which)
        return ask_for(served, Kind.RESTORE, {"snapshot": found.id, **settled.model_dump()}, caller)

    return router


class _Snapshots:
    def __init__(self, served: Served) -> None:
        self._served = served

    def all(self, request: Request) -> Response:
        """The snapshots there are."""
        served = self._served
        return respond(
            request, list_answer(Snapshots.of(served.installation).listed(), served.now())
        )

    def show(self, request: Request, which: _Which) -> Response:
        """What a snapshot is of, and how much it holds."""
        snapshots = Snapshots.of(self._served.installation)
        manifest = snapshots.find(which)
        kinds = self._served.installation.master.kinds
        observed = observed_in(snapshots.store, manifest, kinds)
        verified = any(found.verified for found in snapshots.listed() if found.id == manifest.id)
        return respond(request, shown_answer(manifest, observed, verified=verified))

    def diff(self, request: Request, which: str, other: str | None, *, expand: bool) -> Response:
        served = self._served
        snapshots = Snapshots.of(served.installation)
        after = None if other is None else snapshots.find(other)
        run = snapshots.changed_since(snapshots.find(which), after, served.now(), served.accounts)
        told = changes_answer(run.plan, run.names, expand=expand, says_next=False)
        return respond(request, told)

    def plan(self, request: Request, which: str, asked: RestoreAsked, caller: Caller) -> Response:
        with self._served.planning_turn() as own:
            planned = PutBacks.of(self._served, own).restore(which, asked, caller.name)
        return respond(request, planned.answer, plan_headers(planned.prepared))
