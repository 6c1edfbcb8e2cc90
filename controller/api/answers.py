"""Answers of the interface: the document a command prints as JSON, or the text it prints, whichever is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import orjson
from fastapi import Request, Response

from controller.api.problems import MEDIA_TYPE, PROBLEM_SCHEMA
from controller.errors import ExitCode
from controller.model.printable import printable_json, printable_lines
from controller.redactor import REDACTOR
from controller.views.documents.envelope import document_text
from controller.views.documents.schemas import output_schemas

EXIT_CODE: Final = "Envctl-Exit-Code"
"""Header with what the command would end with, where that is not 0."""
_TEXT: Final = "text/plain"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has for its caller: a document, and the same as text."""

    name: str
    fields: Mapping[str, object]
    text: Callable[[], str]
    exit_code: ExitCode = ExitCode.DONE
    headers: Mapping[str, str] = field(default_factory=dict)

    def respond(self, request: Request) -> Response:
        """Return it in the form that the request's Accept names: text where that is just ``text/plain``, else JSON."""
        headers = dict(self.headers)
        if self.exit_code:
            headers[EXIT_CODE] = str(self.exit_code.value)
        if request.headers.get("accept") == _TEXT:
            shown = printable_lines(REDACTOR.redact(self.text()))
            content = shown if shown.endswith("\n") else f"{shown}\n"
            return Response(content, headers=headers, media_type=_TEXT)
        document = REDACTOR.redact_bytes(document_text(self.name, self.fields))
        return Response(document, headers=headers, media_type="application/json")


def plain_answer(content: object, status: int = 200) -> Response:
    """Return plain JSON: what is no document of a command."""
    text = printable_json(REDACTOR.redact_bytes(orjson.dumps(content)))
    return Response(text, status, media_type="application/json")


@cache
def _schemas() -> Mapping[str, Mapping[str, Any]]:
    return output_schemas()


def says(document: str | Mapping[str, Any], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of a route's answers: a document by its name or a schema, and problem details for all that fails."""
    schema = _schemas()[document] if isinstance(document, str) else document
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if isinstance(document, str):
        content[_TEXT] = {"schema": {"type": "string"}}
    failed = {"description": "Not done", "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}}
    return {
        status: {"description": "Done", "content": content},
        "default": failed,
    }
