"""The record of a change that others made: what the item says of its author, or that nobody is named. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.aws.items import from_wire
from controller.ledger.records import (
    CHANGE_TYPES,
    Redact,
    action_of,
    iso_ms,
    split_image,
)
from controller.ledger.stream_changes import StreamChange
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.printable import LONGEST_NAME, in_short

OUTSIDE: Final = "outside"
"""Cause and trigger of what others changed."""
GAP: Final = "gap"
"""Cause of what was found changed after a time of which no event is left, and phase of the record that tells of such a time."""
NOBODY_NAMED: Final = "outside envctl"
"""Who is said to have changed what names nobody."""
_MARK: Final = "Managed"
TOMBSTONE: Final = "__Deleted"
"""Other programs mark an item with this, and with who deletes it, just before they delete it."""


@dataclass(frozen=True, slots=True)
class StreamSource:
    """Which table a stream is of: its logical name, ARN, the scope of its chain; and what hides sensitive values."""

    table: str
    arn: str
    scope: str
    redact: Redact


def outside_record(change: StreamChange, source: StreamSource) -> LedgerRecord:
    """Return the record of a change by others, not yet chained; its id is the event's, as is its transaction's.

    What an item says of its author is a claim; what it says of its transaction is left in its image alone.
    """
    event = change.event
    old = None if event.old is None else from_wire(event.old)
    new = None if event.new is None else from_wire(event.new)
    old_value, old_meta = split_image(old and source.redact(source.table, old))
    new_value, new_meta = split_image(new and source.redact(source.table, new))
    who = event.service or author_named(old, new) or NOBODY_NAMED
    return LedgerRecord(
        audit_id=event.event_id,
        source=source.arn,
        scope=source.scope,
        sequence=0,
        previous_hash="",
        hash="",
        phase="done",
        cause=OUTSIDE,
        change_type=CHANGE_TYPES[action_of(old, new)],
        entity_type=change.item.table,
        entity_key=change.item.hash_key,
        entity_range=change.item.range_key,
        entity_version=_version(new),
        iso_timestamp=iso_ms(event.at),
        transaction_id=event.event_id,
        changed_by=who,
        actor=Actor("", "", who, OUTSIDE),
        plan_digest="",
        origin="",
        before=change.before,
        after=change.after,
        old_value=old_value,
        new_value=new_value,
        old_meta=old_meta,
        new_meta=new_meta,
    )


def author_named(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    """Return who an item says made a change of it, in short; empty where it names nobody for this change.

    ``Audit`` is believed where it is of a later version than before, beneath the same mark or none: an edit that leaves it alone,
    or puts an image back that was there once, says nothing of its author. A deleted item names who deletes it if it was marked for that.
    """
    if new is None:
        return _user(old) if old is not None and old.get(TOMBSTONE) else ""
    if new.get(_MARK) not in (None, (old or {}).get(_MARK)):
        # An image that we once signed, put there by somebody else: what it says is of that time.
        return ""
    before, after = _version(old), _version(new)
    is_later = old is None or (after is not None and after > (before or 0))
    return _user(new) if is_later else ""


def _audit(item: Mapping[str, Any] | None) -> Mapping[str, Any]:
    audit = (item or {}).get("Audit")
    return audit if isinstance(audit, dict) else {}


def _user(item: Mapping[str, Any] | None) -> str:
    user = _audit(item).get("User")
    return in_short(user, LONGEST_NAME) if isinstance(user, str) else ""


def _version(item: Mapping[str, Any] | None) -> int | None:
    version = _audit(item).get("Version")
    return version if isinstance(version, int) and not isinstance(version, bool) else None
