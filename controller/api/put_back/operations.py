"""What takes long: asked for, put on the daemon's queue, answered with where to ask what became of it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from controller.api.access import Caller
from controller.api.answers import TEXT, Responses, plain_answer, respond, says
from controller.api.problems import Refused, problem_answer
from controller.api.served import Served
from controller.engine.commit.storage import new_run_id
from controller.engine.state.operations import Kind, Operation, Operations, State
from controller.errors import ExitCode
from controller.ledger.records import iso_ms
from controller.model.observed import CONFIG_SCOPE
from controller.model.work import SNAPSHOTS, Job, Work, dedup_id
from controller.views.answer import Answer

_SCOPES: Final[Mapping[Kind, str]] = {
    Kind.SNAPSHOT: SNAPSHOTS,
    Kind.VERIFY: SNAPSHOTS,
    Kind.RESTORE: CONFIG_SCOPE,
    Kind.ROLLBACK: CONFIG_SCOPE,
}
"""What is worked on meanwhile by nobody else."""
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_OPERATION: Final = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "kind": {"type": "string"},
        "state": {
            "type": "string",
            "description": "waiting, running, done, or expired: never begun.",
        },
        "actor": {"type": "string"},
        "askedAt": {"type": "string"},
        "begunAt": _TEXT_OR_NULL,
        "endedAt": _TEXT_OR_NULL,
        "exitCode": {
            "type": ["integer", "null"],
            "description": "What the command would have ended with; null: it is not done.",
        },
    },
    "required": ["id", "kind", "state", "actor", "askedAt", "begunAt", "endedAt", "exitCode"],
}
ACCEPTED: Final[Responses] = says(_OPERATION, 202)
"""What a route says that puts something on the queue."""
_ANSWERED: Final = {"type": "object", "description": "The document of what was asked for."}
_Id = Annotated[str, Path(min_length=1, max_length=64)]


class Kept(BaseModel):
    """What is kept of an answer: of an error alone ``problem``, and no document where there was no room for it."""

    model_config = ConfigDict(extra="forbid")

    exit_code: int
    text: str = ""
    document: str = ""
    fields: dict[str, Any] | None = None
    remarks: list[str] = Field(default_factory=list)
    problem: dict[str, Any] | None = None


def ask_for(served: Served, kind: Kind, asked: Mapping[str, Any], caller: Caller) -> Response:
    """Put something on the queue, and answer where to ask for it. Raises as writing it down, and as the queue."""
    now, scope = served.now(), _SCOPES[kind]
    operation = Operation(
        id=new_run_id(now), kind=kind, asked=asked, actor=caller.name, asked_at=now
    )
    operations_of(served).ask(operation)
    served.queue.put(
        Work(
            scope=scope,
            job=Job.OPERATION,
            dedup=dedup_id(scope, Job.OPERATION, operation.id),
            asked_at=now,
            trigger=caller.name,
            details={"operation": operation.id},
        )
    )
    where = {"Location": f"/api/v1/operations/{operation.id}"}
    return plain_answer(_shown(operation, served), HTTPStatus.ACCEPTED, where)


def operations_of(served: Served) -> Operations:
    """Return the rows of operations."""
    master = served.installation.master
    return Operations(master.store, master.state_table)


def operation_routes(served: Served) -> APIRouter:
    """Return the routes. Whoever asks needs the scope read."""
    router = APIRouter(
        prefix="/api/v1/operations",
        tags=["operations"],
        dependencies=[Depends(served.access.may("read"))],
    )

    @router.get("/{name}", responses=says(_OPERATION))
    def operation(name: _Id) -> Response:
        """How far something has come that was put on the daemon's queue. It is told for seven days."""
        return plain_answer(_shown(_found(served, name), served))

    @router.get("/{name}/result", responses=says(_ANSWERED, text=True))
    def operation_result(request: Request, name: _Id) -> Response:
        """What came of it: the document, or the text, that the command would print. 409 until it is done."""
        found = _found(served, name)
        if found.answer is None:
            raise Refused(
                HTTPStatus.CONFLICT,
                "NotDone",
                f"operation {name} is {found.state(served.now())}",
                f"GET /api/v1/operations/{name} says when it is done",
            )
        return _answered(request, found, Kept.model_validate(found.answer))

    return router


def _answered(request: Request, found: Operation, kept: Kept) -> Response:
    if kept.problem is not None:
        return problem_answer(request, kept.problem)
    fields = kept.fields
    if fields is None and request.headers.get("accept") != TEXT:
        raise Refused(
            HTTPStatus.CONFLICT,
            "AnswerTooLong",
            f"what came of operation {found.id} is too long to be kept",
            f"ask for text/plain; GET /api/v1/audit?actor={found.actor} has its records",
        )
    answer = Answer(
        document=kept.document,
        fields=lambda: fields or {},
        text=lambda: kept.text,
        remarks=tuple(kept.remarks),
        exit_code=ExitCode(kept.exit_code),
    )
    return respond(request, answer)


def _found(served: Served, name: str) -> Operation:
    found = operations_of(served).find(name)
    if found is None:
        raise Refused(
            HTTPStatus.NOT_FOUND,
            "NotThere",
            "there is no such operation, or it was more than seven days ago",
        )
    return found


def _shown(operation: Operation, served: Served) -> dict[str, object]:
    moments = {"begunAt": operation.begun_at, "endedAt": operation.ended_at}
    state = operation.state(served.now())
    answer = operation.answer if state is State.DONE else None
    return {
        "id": operation.id,
        "kind": operation.kind,
        "state": state,
        "actor": operation.actor,
        "askedAt": iso_ms(operation.asked_at),
        **{name: None if at is None else iso_ms(at) for name, at in moments.items()},
        "exitCode": None if answer is None else answer.get("exit_code"),
    }
