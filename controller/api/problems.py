"""What failed as problem details (RFC 9457): the code, the facts and the fix of our errors, and a status that fits."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from controller.errors import EnvctlError, ExitCode
from controller.model.printable import in_short, printable_json
from controller.redactor import REDACTOR
from controller.views.documents.problem import error_json

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
"""What is out of reach for now may be asked for again after so long."""
MOST_PROBLEMS: Final = 20
"""So many of what is wrong with a request are told."""
_LONGEST_FIELD: Final = 200
STATUS_OF: Final[Mapping[ExitCode, HTTPStatus]] = MappingProxyType(
    {
        ExitCode.DESIRED_STATE_WRONG: HTTPStatus.UNPROCESSABLE_ENTITY,
        ExitCode.CHANGES: HTTPStatus.CONFLICT,
        ExitCode.REFUSED: HTTPStatus.CONFLICT,
        ExitCode.STALE: HTTPStatus.CONFLICT,
        ExitCode.TRY_AGAIN: HTTPStatus.SERVICE_UNAVAILABLE,
        ExitCode.DENIED: HTTPStatus.BAD_GATEWAY,
        ExitCode.FAILED: HTTPStatus.CONFLICT,
        ExitCode.USAGE: HTTPStatus.BAD_REQUEST,
        ExitCode.BUG: HTTPStatus.INTERNAL_SERVER_ERROR,
        ExitCode.INTERRUPTED: HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
"""The status of an error by the exit code its command would end with. ``DENIED``: it is our role that lacks a permission."""


class Refused(Exception):
    """A request that is not served. ``code`` is the stable word for why, ``fix`` what the caller can do."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        fix: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what is answered."""
        super().__init__(detail)
        self.status, self.code, self.detail, self.fix = status, code, detail, fix
        self.headers = dict(headers or {})


def answer_with_problems(app: FastAPI) -> None:
    """Have every failure of an application answered with problem details."""
    app.add_exception_handler(EnvctlError, _error)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EnvctlError), "registered for it"
    return problem_answer(request, error_json(error)["error"])


def problem_answer(request: Request, shown: Mapping[str, Any]) -> Response:
    """Return what an error is answered with; it is given as ``error_json`` has it."""
    status = STATUS_OF[ExitCode(shown["exitCode"])]
    again = status is HTTPStatus.SERVICE_UNAVAILABLE
    return _problem(
        request,
        status,
        {**shown, "detail": "\n".join(filter(None, (shown["message"], shown["detail"])))},
        {"Retry-After": str(RETRY_AFTER_S)} if again else {},
    )


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused), "registered for it"
    fields = {"code": error.code, "detail": error.detail, "fix": error.fix}
    return _problem(request, error.status, fields, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for it"
    # What was sent is not quoted: a token may be in it. Names of fields are the caller's, too.
    found, told = error.errors(), [*map(_problem_of, error.errors()[:MOST_PROBLEMS])]
    if len(found) > MOST_PROBLEMS:
        told.append({"field": "", "message": f"and {len(found) - MOST_PROBLEMS} more"})
    fields = {
        "code": "InvalidRequest",
        "detail": "the request is not as /api/v1/openapi.json says",
        "problems": told,
    }
    return _problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, fields)


def _problem_of(found: Mapping[str, Any]) -> dict[str, str]:
    field = in_short(".".join(map(str, found["loc"])), _LONGEST_FIELD)
    return {"field": field, "message": found["msg"]}


_CODES: Final = {
    413: "REQUEST_ENTITY_TOO_LARGE",
    414: "REQUEST_URI_TOO_LONG",
    416: "REQUESTED_RANGE_NOT_SATISFIABLE",
    422: "UNPROCESSABLE_ENTITY",
}
"""Names that Python 3.13 changed: programs decide by codes, which are the same on every Python."""


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for it"
    status = HTTPStatus(error.status_code)
    fields = {"code": _CODES.get(status.value, status.name), "detail": error.detail}
    return _problem(request, status, fields, error.headers)


def bug_answer(request: Request, error: Exception) -> Response:
    """Return what is answered where we have a bug: nothing of what it says."""
    detail = f"this is a bug of envctl: {type(error).__name__}; its log says where the traceback is"
    return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, {"code": "Bug", "detail": detail})


def two_lengths_answer(request: Request) -> Response:
    """Return what is answered where a request says twice how long it is; its connection ends."""
    fields = {
        "code": "BAD_REQUEST",
        "detail": "Content-Length and Transfer-Encoding are both there: one of them is not true",
    }
    return _problem(request, HTTPStatus.BAD_REQUEST, fields, {"Connection": "close"})


def _problem(
    request: Request,
    status: HTTPStatus,
    fields: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer; ``instance`` is the request's id, which the log has too."""
    shown = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "instance": f"urn:envctl:request:{request.scope.get('envctl.request', '')}",
        **fields,
    }
    content = printable_json(REDACTOR.redact_bytes(orjson.dumps(shown)))
    return Response(content, status.value, dict(headers or {}), MEDIA_TYPE)


PROBLEM_SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "description": "Problem details of RFC 9457. Decide by code and facts, never by the words.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What failed and where."},
        "instance": {"type": "string", "description": "The request's id, as in the log."},
        "code": {"type": "string", "description": "The stable word of docs/reference/errors.md."},
        "exitCode": {"type": "integer", "description": "What the command would end with."},
        "fix": {"type": "string", "description": "What to do."},
        "facts": {"type": "object"},
        "problems": {"type": "array", "items": {"type": "object"}},
    },
}
"""Schema of what every failure is answered with."""
