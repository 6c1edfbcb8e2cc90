"""What a record of the ledger says of a change, in a few words of one line."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from controller.model.ledger_record import LedgerRecord
from controller.model.ref import UNKNOWN_AUTHORSHIP, ResourceRef
from controller.planning.wording import TIMES
from controller.views.time_text import date_text, second_text

_SHORT: Final = 7


def when_text(record: LedgerRecord, zone: tzinfo) -> str:
    """Return when it was written: ``Tue 24 Nov 19:00:41 GMT``."""
    return second_text(datetime.fromisoformat(record.iso_timestamp), zone)


def switch_text(record: LedgerRecord, ref: ResourceRef) -> str:
    """Return what a live change did to an object: ``InService, running → Standby, stopped``."""
    before, after = (_state(image, ref) for image in (record.old_value, record.new_value))
    return f"{before} → {after}{_failure(record)}"


def _state(images: Mapping[str, Any] | None, ref: ResourceRef) -> str:
    image = images.get(str(ref), images) if images else None
    if not image:
        return "nothing"
    told = ", ".join(str(image[name]) for name in ("lifecycle", "state") if image.get(name))
    return told or ", ".join(f"{name} {value}" for name, value in sorted(image.items()))


def action_text(record: LedgerRecord) -> str:
    """Return what was done to how many objects."""
    count = len(record.new_value or {})
    action = record.new_meta.get("Action", record.change_type.lower())
    return f"{action}{f' {TIMES} {count}' if count > 1 else ''}{_failure(record)}"


def _failure(record: LedgerRecord) -> str:
    return f"  FAILED: {record.new_meta.get('Message', '')}" if record.phase == "failed" else ""


def applied_text(record: LedgerRecord) -> str:
    """Return ``by envctl (scheduled), audit 01JDF…``."""
    actor = record.actor
    commit = f"  commit {actor.commit[:_SHORT]} {actor.author}" if actor.commit else ""
    who = record.changed_by or actor.applied_by
    return f"by {who} ({record.cause}), audit {record.transaction_id}{commit}"


def author_text(record: LedgerRecord, zone: tzinfo) -> str:
    """Return by whom: ``tango-dev, 4e0c2d1, 3 Nov``."""
    actor, at = record.actor, datetime.fromisoformat(record.iso_timestamp)
    author = "" if actor.author == UNKNOWN_AUTHORSHIP.author else actor.author
    who = author or record.changed_by or "somebody"
    return ", ".join(filter(None, (who, actor.commit[:_SHORT], date_text(at.astimezone(zone)))))
