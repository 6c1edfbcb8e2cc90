"""Records for auditors: CSV for tables, and lines of JSON whose hashes anybody can work out. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from controller.aws.items import canonical_wire
from controller.errors import DamagedState
from controller.ledger.records import record_of_wire
from controller.ledger.summaries import summary_of
from controller.model.ledger_record import LedgerRecord
from controller.model.printable import printable, printable_json
from controller.views.audit.records import TITLES, approval_text, value_text, who_text
from controller.views.documents.audit import message_of, record_differences

_COLUMNS: Final = (
    *("when", "who", "done", "object", "fields", "cause", "why", "origin", "commit", "approved"),
    *("mergedBy", "request", "appliedBy", "trigger", "host", "caller", "role", "account", "phase"),
    *("message", "transaction", "scope", "sequence", "auditId", "hash"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What programs for tables take for the beginning of a formula: such a cell gets an apostrophe before it."""


def csv_lines(records: Iterable[Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Yield a line of headings and a line a record, each with its line feed. Raises DamagedState for what is no record of ours."""
    yield _csv_line(_COLUMNS)
    for wire in records:
        try:
            record = record_of_wire(wire)
        except (KeyError, TypeError, AttributeError) as error:
            raise DamagedState(
                f"ledger: record {wire.get('AuditID', {}).get('S', '?')} is damaged ({type(error).__name__})",
                fix="envctl audit verify tells what is wrong; --format proof exports it as it is",
            ) from error
        yield _csv_line(map(_safe, _cells(record)))


def proof_lines(records: Iterable[Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Yield each record as a line of JSON: what its hash is made of, in canonical form, and ``Hash``."""
    for wire in records:
        yield printable_json(canonical_wire(wire)).decode() + "\n"


def _cells(record: LedgerRecord) -> tuple[str, ...]:
    actor = record.actor
    fields = "; ".join(
        f"{'.'.join(map(str, found.path)) or '(item)'}: {value_text(found.before)} → {value_text(found.after)}"
        for found in record_differences(record)
    )
    return (
        *(record.iso_timestamp, who_text(actor, record.changed_by), TITLES[record.change_type]),
        *(str(summary_of(record).entity), fields, record.cause, actor.subject, record.origin),
        *(actor.commit, ", ".join(map(approval_text, actor.approvals))),
        *(actor.merged_by, actor.pull_request, actor.applied_by, actor.trigger, actor.host),
        *(actor.principal, actor.role, record.account, record.phase, message_of(record)),
        *(record.transaction_id, record.scope, str(record.sequence), record.audit_id, record.hash),
    )


def _safe(cell: str) -> str:
    shown = printable(cell)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _csv_line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
