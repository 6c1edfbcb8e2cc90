"""Who set each field, for people and for programs. Pure; no colour."""

from typing import Annotated, TypedDict

from controller.engine.queries.blame import Blame
from controller.ledger.blame import FieldOrigin
from controller.ledger.summaries import summary_of
from controller.model.printable import in_short, printable, revision_text
from controller.views.answer import Answer
from controller.views.audit.records import record_time_text, value_text, who_text
from controller.views.documents.audit import (
    SummaryObject,
    plain_json,
    shown_value,
    summary_json,
)
from controller.views.style import aligned

_HEADINGS = ("FIELD", "VALUE", "WHEN (UTC)", "WHO", "COMMIT", "ORIGIN", "RECORD")
_LONGEST = 40
_BEFORE, _OUTSIDE = "before the first record", "not by envctl, since the record"


class BlamedFieldObject(TypedDict):
    """One field as it is now."""

    table: Annotated[str, "Its logical name."]
    path: str
    value: object
    isOutside: Annotated[
        bool, "Whether others changed it since the record, in a way that no record tells of."
    ]
    record: Annotated[
        SummaryObject | None, "What set it; null: it was so before the ledger knew it."
    ]


class AuditBlameDocument(TypedDict):
    """Who gave each field of an object its value."""

    ref: Annotated[str, "Kind/name."]
    fields: list[BlamedFieldObject]


def blame_answer(found: Blame) -> Answer:
    """Return who set what, as an answer."""
    return Answer(
        document="audit-blame",
        fields=lambda: blame_json(found),
        text=lambda: "\n".join(blame_lines(found)),
    )


def blame_json(found: Blame) -> AuditBlameDocument:
    """Return who set what, for programs."""
    fields = [
        BlamedFieldObject(
            table=table,
            path=_path(field),
            value=plain_json(shown_value(field.value)),
            isOutside=field.is_outside,
            record=None if field.record is None else summary_json(summary_of(field.record)),
        )
        for table, origins in found.tables.items()
        for field in origins
    ]
    return {"ref": str(found.ref), "fields": fields}


def blame_lines(found: Blame) -> list[str]:
    """Return a line a field, below a line of headings; a table's name above where there are several."""
    lines = [str(found.ref)]
    for table, origins in found.tables.items():
        lines += [table] if len(found.tables) > 1 else []
        lines += aligned([_HEADINGS, *map(_cells, origins)])
    return lines


def _cells(field: FieldOrigin) -> tuple[str, ...]:
    shown, record = in_short(value_text(shown_value(field.value)), _LONGEST), field.record
    if record is None:
        return _path(field), shown, _BEFORE, "-", "-", "-", "-"
    where = f"#{record.sequence:,} {record.scope}"
    if field.is_outside:
        return _path(field), shown, _OUTSIDE, "-", "-", "-", where
    return (
        _path(field),
        shown,
        record_time_text(record.iso_timestamp).removesuffix(" UTC"),
        who_text(record.actor, record.changed_by),
        revision_text(record.actor.commit) or "-",
        printable(record.origin) or "-",
        where,
    )


def _path(field: FieldOrigin) -> str:
    return printable(".".join(map(str, field.path)))
