"""The tables as they were: a line an object, documents as YAML, and both for programs. Pure; no colour."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, TypedDict

from controller.engine.queries.effective import API_VERSION
from controller.engine.queries.past_state import PastObject, doubtful
from controller.ledger.past_state import Doubt
from controller.ledger.records import iso_ms
from controller.loading.yaml_text import yaml_lines
from controller.model.printable import printable
from controller.views.answer import Answer
from controller.views.documents.audit import plain_json, shown_value
from controller.views.style import aligned
from controller.views.time_text import dated_second_text

_HEADINGS = ("OBJECT", "SINCE THEN", "ORIGIN", "DOUBT")


class PastObjectObject(TypedDict):
    """One object as it was; sensitive values are shown by their digests."""

    ref: Annotated[str, "Kind/name."]
    document: Annotated[
        dict[str, object] | None, "As YAML would ask for it; null where no document can."
    ]
    items: Annotated[dict[str, object], "Logical name of a table -> the item as it was."]
    origin: Annotated[str, "path:line of its document; empty where nobody knows."]
    isGone: bool
    isAsNow: bool
    doubts: Annotated[list[str], ("Why it may have been otherwise.", Doubt)]


class AuditStateDocument(TypedDict):
    """The config tables at a moment of the past."""

    at: datetime
    objects: list[PastObjectObject]


def state_answer(at: datetime, objects: Sequence[PastObject], *, as_yaml: bool) -> Answer:
    """Return the state as an answer, whose text is a line an object, or documents; it is remarked how much of it is in doubt."""
    count = doubtful(objects)
    noun = "object" if count == 1 else "objects"
    lines = state_yaml if as_yaml else state_lines
    return Answer(
        document="audit-state",
        fields=lambda: state_json(at, objects),
        text=lambda: "\n".join(lines(at, objects)),
        remarks=(f"{count:,} {noun} may have been otherwise: see what is said of each",)
        * bool(count),
    )


def state_json(at: datetime, objects: Sequence[PastObject]) -> AuditStateDocument:
    """Return the state for programs."""
    return {
        "at": at,
        "objects": [
            PastObjectObject(
                ref=str(found.ref),
                document=_document(found),
                items={table: plain_json(shown_value(item)) for table, item in found.items.items()},
                origin=_origin(found),
                isGone=found.is_gone,
                isAsNow=found.is_as_now,
                doubts=[doubt.value for doubt in found.doubts],
            )
            for found in objects
        ],
    }


def state_lines(at: datetime, objects: Sequence[PastObject]) -> list[str]:
    """Return a line an object, below the moment and headings."""
    rows = [
        (
            printable(str(found.ref)),
            _since_then(found),
            _origin(found) or "-",
            ", ".join(doubt.value for doubt in found.doubts) or "-",
        )
        for found in objects
    ]
    head = f"the tables at {dated_second_text(at)}"
    return [head, *aligned([_HEADINGS, *rows])] if rows else [f"{head}: empty"]


def state_yaml(at: datetime, objects: Sequence[PastObject]) -> Iterator[str]:
    """Yield the lines of all documents, divided as YAML divides them; what no document can say is told in a comment."""
    yield f"# The tables at {iso_ms(at)}."
    for found in objects:
        yield "---"
        for doubt in found.doubts:
            yield f"# doubt: {doubt}"
        document = _document(found)
        if document is None:
            yield f"# {printable(str(found.ref))}: its items are in no shape of its kind; --format json shows them"
        else:
            yield from yaml_lines(document)


def _document(found: PastObject) -> dict[str, object] | None:
    if found.document is None:
        return None
    shown = plain_json(shown_value(found.document))
    return {"apiVersion": API_VERSION, "kind": found.ref.kind, **shown}


def _origin(found: PastObject) -> str:
    return printable(str(found.origin)) if found.origin.path else ""


def _since_then(found: PastObject) -> str:
    if found.is_gone:
        return "deleted"
    return "as now" if found.is_as_now else "changed"
