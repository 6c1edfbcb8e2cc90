"""Histories of several items, a page of each, merged into a page of all. Pure."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from controller.aws.items import WireItem
from controller.ledger.page_tokens import Told
from controller.ledger.summaries import RecordSummary, newest_first


class ItemHistory(NamedTuple):
    """A page of one item's records, as the index has them, newest first."""

    entity: str
    start: WireItem | Told | None
    records: list[RecordSummary]
    next_key: WireItem | None


def merge_histories(
    histories: Sequence[ItemHistory], limit: int
) -> tuple[list[RecordSummary], Any]:
    """Return the newest records of all, as far down as nothing is unseen, and where each history goes on.

    The sort is stable, so that what is taken of a history is its beginning, also where moments are equal.
    """
    # Below this moment some history may hold records that were not read yet.
    seen_until = max(
        (history.next_key["ISOTimestamp"]["S"] for history in histories if history.next_key),
        default="",
    )
    taken = sorted(
        (
            record
            for history in histories
            for record in history.records
            if record.iso_timestamp >= seen_until
        ),
        key=attrgetter("iso_timestamp"),
        reverse=True,
    )[:limit]
    ids = {record.audit_id for record in taken}
    position: dict[str, WireItem | Told | None] = {}
    for history in histories:
        mine = [record for record in history.records if record.audit_id in ids]
        if len(mine) < len(history.records):
            position[history.entity] = history.start
            if mine:
                position[history.entity] = {
                    "AuditID": {"S": mine[-1].audit_id},
                    "EntityId": {"S": history.entity},
                    "ISOTimestamp": {"S": mine[-1].iso_timestamp},
                }
        elif history.next_key is not None:
            position[history.entity] = history.next_key
    return newest_first(taken), position or None
