"""The page of docs/reference on JSON documents, made from their schemas."""

from collections.abc import Iterator, Mapping
from typing import Any

from controller.planning.plan_file import plan_schema
from controller.views.documents.schemas import EVENT_LINE, output_schemas
from tests.support.documents import ENVELOPE
from tests.support.event_pages import NOTE

INTRO = """With `--format json` a command prints one document on standard output, whatever becomes of it: one that does not come to its end
prints `error`. Every document is an object and begins with

- `formatVersion`: 1. Within a format fields and values may be added; none is taken away or changes its meaning.
- `controllerVersion`: the version of envctl that wrote it.
- `document`: its name, as below.

Moments are UTC, ISO 8601 with milliseconds (`2026-11-24T19:00:00.000Z`). Where the zone matters the local time with its offset stands beside,
in a field of its own. Decide by codes and data, not by sentences: those are for people and may change. Of values that a schema has as
`examples`, others may come.

Each document has a schema in `schemas/output/`, the plan in `schemas/plan.schema.json`; `envctl schema` prints them all. What `envctl schema`
prints are the schemas themselves, without an envelope; `--jsonl` and `--events` write a line for each answer and [event](events.md).
"""


def document_page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield f"{NOTE}\n# JSON\n"
    yield INTRO
    schemas = output_schemas()
    line = schemas.pop(EVENT_LINE)
    known = {**schemas, "plan": plan_schema()}
    yield "| document | what it is | fields |\n|---|---|---|"
    for name in sorted(known):
        yield _row(f"`{name}`", known[name])
    yield _row("a line of `--events`", line)
    yield ""


def _row(title: str, schema: Mapping[str, Any]) -> str:
    own = [name for name in schema["properties"] if name not in ENVELOPE]
    fields = ", ".join(f"`{name}`" for name in own)
    return f"| {title} | {schema['description']} | {fields} |"
