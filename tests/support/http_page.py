"""The page about the HTTP interface, made from its OpenAPI document."""

from collections.abc import Iterator
from typing import Any, cast

from controller.api.access import Access
from controller.api.application import create_app
from controller.api.metrics import Metrics
from controller.api.served import Served
from controller.cli.process import utc_now
from controller.daemon.memory_queue import MemoryQueue
from controller.engine.config.planner import Planner
from controller.engine.live.accounts import LiveAccounts
from controller.events import discard_event

INTRO = (
    "What `envctl run` answers where `http.port` is set; `/api/v1/openapi.json` says the same for programs.\n"
    "[How to use it](../how-to/use-the-http-interface.md) says who may ask. Failures are problem details (RFC 9457) with the codes of [errors](errors.md).\n"
    "A document is what the command prints with `--format json` ([documents](json.md)); `Accept: text/plain` asks for its text."
)


def http_lines() -> Iterator[str]:
    """Yield the page, route by route."""
    document = _document()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"## {method.upper()} {path}"
            yield ""
            yield from operation["description"].replace("``", "`").splitlines()
            yield ""
            yield from _answer(operation)
            yield from _parameters(operation, document)


def _answer(operation: dict[str, Any]) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        shape = answer["content"].get("application/json", {}).get("schema", {})
        title = str(shape.get("title", "")).removeprefix("envctl ")
        if status != "default" and title:
            yield f"Answers {status} with the document `{title}`."
            yield ""


def _parameters(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    rows = [
        (found["name"], found["in"], found.get("required", False), found)
        for found in operation.get("parameters", ())
        if found["in"] != "header"
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if "$ref" in content.get("schema", {}):
        body = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        needed = body.get("required", ())
        rows += [(name, "body", name in needed, part) for name, part in body["properties"].items()]
    if not rows:
        return
    yield "| parameter | in | what it says |"
    yield "|---|---|---|"
    for name, place, required, found in rows:
        told = found.get("description") or found.get("schema", {}).get("description", "")
        yield f"| `{name}` | {place}{', required' if required else ''} | {told} |"
    yield ""


def _document() -> dict[str, Any]:
    nothing = cast("LiveAccounts", None)
    served = Served(
        accounts=nothing,
        planner=cast("Planner", None),
        source=lambda: None,
        last_plan=lambda: None,
        queue=MemoryQueue(utc_now),
        is_alive=lambda: True,
        access=Access(None, "127.0.0.1"),
        metrics=Metrics(),
        emit=discard_event,
        keep_traceback=str,
    )
    return create_app(served).openapi()
