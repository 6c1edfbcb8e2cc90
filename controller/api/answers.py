"""Answers of the interface: the document a command prints as JSON, or the text it prints, whichever is asked for."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson
from fastapi import Request, Response

from controller.api.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from controller.model.printable import printable_json, printable_lines
from controller.redactor import REDACTOR
from controller.views.answer import Answer
from controller.views.documents.envelope import document_text
from controller.views.documents.schemas import output_schemas

EXIT_CODE: Final = "Envctl-Exit-Code"
"""Header with what the command would end with, where that is not 0."""
REMARKS: Final = "Envctl-Remarks"
"""Header with what the command would note besides: a JSON list of texts, in ASCII."""
PLAN_DIGEST: Final = "Envctl-Plan-Digest"
"""Header with the digest of a plan that can be carried out: what ``expect`` takes."""
ACTS: Final = "Envctl-Acts"
"""Header that is 1 where carrying a plan out would write anything."""
JSON: Final = "application/json"
TEXT: Final = "text/plain"
_LONGEST_REMARKS: Final = 4096

Responses = dict[int | str, dict[str, Any]]
"""What OpenAPI says of a route's answers, as FastAPI takes it."""


def respond(request: Request, answer: Answer, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in the form that the request's Accept names: text where that is just ``text/plain``, else JSON."""
    return written_answer(answer, headers, is_text=wants_text(request))


def wants_text(request: Request) -> bool:
    """Tell whether the request's Accept is just ``text/plain``."""
    return request.headers.get("accept") == TEXT


def written_answer(
    answer: Answer, headers: Mapping[str, str] | None = None, *, is_text: bool
) -> Response:
    """Return an answer as the text a command prints, or as its document."""
    told = dict(headers or {})
    if answer.exit_code:
        told[EXIT_CODE] = str(answer.exit_code.value)
    if answer.remarks:
        shown = json.dumps([REDACTOR.redact(remark) for remark in answer.remarks])
        # What is too long for a header is in the document.
        told |= {REMARKS: shown} if len(shown) <= _LONGEST_REMARKS else {}
    if is_text:
        text = printable_lines(REDACTOR.redact(answer.text()))
        return Response(text if not text or text.endswith("\n") else f"{text}\n", 200, told, TEXT)
    document = document_text(answer.document, answer.fields())
    return Response(REDACTOR.redact_bytes(document), 200, told, JSON)


def plain_answer(
    content: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return plain JSON: what is no document of a command."""
    text = printable_json(REDACTOR.redact_bytes(orjson.dumps(content)))
    return Response(text, status, dict(headers or {}), JSON)


@cache
def _schemas() -> Mapping[str, Mapping[str, Any]]:
    return output_schemas()


def says(
    document: str | Mapping[str, Any],
    status: int = 200,
    media_type: str = JSON,
    *,
    text: bool = False,
) -> Responses:
    """Return what OpenAPI says of a route's answers: a document by its name or a schema, and problem details for all that fails."""
    schema = _schemas()[document] if isinstance(document, str) else document
    content: dict[str, Any] = {media_type: {"schema": schema}}
    if text or isinstance(document, str):
        content[TEXT] = {"schema": {"type": "string"}}
    failed = {"description": "Not done", "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}}
    return {status: {"description": "Done", "content": content}, "default": failed}
