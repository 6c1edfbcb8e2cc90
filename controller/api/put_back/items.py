"""Tables in the form of the old product, given out and taken in under its routes, the latter by a plan and for a time."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Annotated, Any, Final, NamedTuple

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from controller.api.access import Caller
from controller.api.answers import JSON, respond, says
from controller.api.put_back.asked import MOST_WAITING, ReviewAsked, plan_headers
from controller.api.served import Served
from controller.api.threads import in_threads_of
from controller.engine.overrides.put_back import PreparedPutBack, PutBack
from controller.engine.queries.rollback_asked import end_of
from controller.engine.reconcile.combined_plan import ReconcileRequest
from controller.engine.snapshots.old_items import (
    RESOURCES,
    ItemsImport,
    export_items,
    resources_in,
)
from controller.engine.snapshots.selection import Mode
from controller.redactor import REDACTOR
from controller.views.snapshots import import_done, import_planned

_PIECE: Final = 256 << 10
"""Bytes of an export that are sent at once, or a little more."""
_ITEM: Final = {"type": "object", "description": "An item as its table has it, with its Audit."}
_ITEMS: Final[Mapping[str, Any]] = {"type": "array", "items": _ITEM}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": {"anyOf": [_ITEMS, {"type": "object"}]}}},
    }
}
_Resource = Annotated[
    str, Path(min_length=1, max_length=64, description=f"One of {', '.join(RESOURCES)}")
]
_OrAll = Annotated[
    str,
    Path(min_length=1, max_length=64, description="As of an export; or all: an object of arrays"),
]


class ImportAsked(ReviewAsked):
    """An import, as ``envctl items import`` takes it. What keeps the tables as the source says is told why not, and until when."""

    reason: Annotated[
        str, Field(min_length=1, max_length=1024, description="Why; everybody sees it")
    ]
    until: Annotated[
        str, Field(min_length=1, max_length=64, description="It holds until then (UTC; +2h)")
    ]
    mode: Annotated[Mode, Field(description="Whether what it lacks stays or goes")] = Mode.MERGE


class _Import(NamedTuple):
    run: PutBack
    prepared: PreparedPutBack
    request: ReconcileRequest


def item_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope restore: items are given with all that is in them."""
    router, limit = APIRouter(prefix="/api/v1/config", tags=["as the old product"]), served.limit
    imports, threads = _Imports(served), CapacityLimiter(MOST_WAITING)
    restore = served.access.may("restore")

    def export_resource(resource: _Resource) -> Response:
        """Every item of a resource, with its Audit, as the old product gave them. Secrets are given as ***."""
        items = export_items(served.installation, resource)
        # What cannot be read is told before anything is sent.
        first = [*islice(items, 1)]
        return StreamingResponse(_array(chain(first, items)), media_type=JSON)

    router.add_api_route(
        "/export/{resource}",
        in_threads_of(served.slow, export_resource),
        methods=["GET"],
        responses=says(_ITEMS),
        dependencies=[Depends(restore)],
    )

    @router.post("/import/{resource}/plan", responses=says("items-import"), openapi_extra=_BODY)
    async def import_plan(
        request: Request,
        resource: _OrAll,
        asked: Annotated[ImportAsked, Query()],
        caller: Annotated[Caller, Depends(restore)],
    ) -> Response:
        """What taking items in would change. Nothing is written."""
        limit.take(caller.name)
        content = await request.body()
        return await to_thread.run_sync(
            lambda: imports.plan(request, resource, content, asked, caller), limiter=threads
        )

    @router.put("/import/{resource}", responses=says("items-import"), openapi_extra=_BODY)
    async def import_resource(
        request: Request,
        resource: _OrAll,
        asked: Annotated[ImportAsked, Query()],
        caller: Annotated[Caller, Depends(restore)],
    ) -> Response:
        """Take items in: checked, guarded and recorded as any change, and held until then. With ``expect`` no other plan than that one is done."""
        limit.take(caller.name)
        content = await request.body()
        return await to_thread.run_sync(
            lambda: imports.take_in(request, resource, content, asked, caller), limiter=threads
        )

    return router


def _array(items: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a JSON array in pieces, each of whole items, as whoever asked takes them."""
    piece, before = b"[\n", b""
    for item in items:
        piece += before + REDACTOR.redact_bytes(item)
        before = b",\n"
        if len(piece) >= _PIECE:
            yield piece
            piece = b""
    yield piece + b"\n]\n"


class _Imports:
    def __init__(self, served: Served) -> None:
        self._served = served

    def plan(
        self, request: Request, resource: str, content: bytes, asked: ImportAsked, caller: Caller
    ) -> Response:
        found = self._planned(resource, content, asked, caller)
        answer = import_planned(resource, found.prepared)
        return respond(request, answer, plan_headers(found.prepared))

    def take_in(
        self, request: Request, resource: str, content: bytes, asked: ImportAsked, caller: Caller
    ) -> Response:
        served = self._served
        with served.changing_turn():
            found = self._planned(resource, content, asked, caller)
            result = found.run.carry_out(found.prepared, found.request)
        return respond(request, import_done(resource, found.prepared, result))

    def _planned(
        self, resource: str, content: bytes, asked: ImportAsked, caller: Caller
    ) -> _Import:
        served, master = self._served, self._served.installation.master
        items = resources_in(resource, content, master.kinds)
        request = asked.request(caller.name, "import", master.process.instance)
        with served.planning_turn() as own:
            importing = ItemsImport(
                accounts=served.accounts,
                mode=asked.mode,
                own=own,
                reason=asked.reason,
                until=end_of(asked.until, served.now()),
                emit=served.emit,
            )
            run, prepared = importing.prepare(items, request)
        return _Import(run, prepared, request)
