"""What others change, as people read it while it comes. Pure; no colour."""

from controller.engine.streams.follow import Round
from controller.ledger.summaries import summary_of
from controller.model.ledger_record import LedgerRecord
from controller.model.printable import printable
from controller.views.audit.records import TITLES, record_time_text, who_text
from controller.views.documents.audit import record_differences

_MOST_PATHS = 5


def record_line(record: LedgerRecord) -> str:
    """Return one line: when, who, what, and which fields; of a gap from when to when, and how much changed in it."""
    when = record_time_text(record.iso_timestamp).removesuffix(" UTC")
    summary = summary_of(record)
    if record.phase == "gap":
        told = record.new_value or {}
        since = record_time_text(str(told.get("Since", ""))) or "the beginning"
        counts = ", ".join(f"{told.get(kind, 0):,} {TITLES[kind]}" for kind in _COUNTED)
        return f"{when}  {record.entity_type}: not seen since {since}: {counts}"
    paths = [".".join(map(str, found.path)) or "(item)" for found in record_differences(record)]
    more = f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
    fields = f": {', '.join(map(printable, paths[:_MOST_PATHS]))}{more}"
    fields = fields if record.change_type == "Updated" and paths else ""
    who = who_text(record.actor, record.changed_by)
    return f"{when}  {who}  {TITLES[record.change_type]} {printable(str(summary.entity))}{fields}"


_COUNTED = ("Created", "Updated", "Deleted")


def round_line(found: Round) -> str:
    """Return what came of reading all streams once."""
    events = sum(read.events for read in found.reads.values())
    ours = sum(read.ours for read in found.reads.values())
    outside = sum(read.outside for read in found.reads.values())
    unread = f"; {len(found.errors)} not read: {', '.join(found.errors)}" if found.errors else ""
    look = f"; look at {', '.join(sorted(found.look_at))}" if found.look_at else ""
    return (
        f"{len(found.reads)} streams read: {events:,} events, {ours:,} ours, {outside:,} by others"
        f"{look}{unread}"
    )
