"""What changed in a table while nobody read its stream: the table held against the ledger, and what differs written down."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from controller.engine.commit.storage import new_run_id
from controller.engine.streams.table_reader import TableReader
from controller.ledger.outside_record import GAP, NOBODY_NAMED, StreamSource
from controller.ledger.records import (
    CHANGE_TYPES,
    EntityKey,
    action_of,
    audit_id,
    entity_of_item,
    image_digest,
    iso_ms,
    split_image,
)
from controller.ledger.replay import Difference, Replay
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.observed import CONFIG_SCOPE

_TOGETHER: Final = 40
"""Records of one transaction: of a few, both images may be large."""


class _Gap(NamedTuple):
    """A time of which no event is left, and the record that stands for it."""

    id: str
    until: datetime
    source: StreamSource


def write_gap(reader: TableReader, since: datetime | None) -> int:
    """Write a record of each item that is not as the ledger leads to, then one of the gap; return how many items there are.

    ``since`` is up to when all was read; where that is not known a gap in which nothing changed is not written down. Raises as
    any read or write; what was written then is not found a second time.
    """
    storage = reader.writer.storage
    until = storage.clock()
    gap = _Gap(new_run_id(until), until, reader.source)
    heads = {scope: storage.leases.read(scope) for scope in (reader.source.scope, CONFIG_SCOPE)}
    replay = Replay({scope: head.sequence for scope, head in heads.items() if head})
    items = {
        entity_of_item(reader.physical, item): item
        for item in storage.store.scan(reader.physical.name)
    }
    # Events of what was changed while the table was read are records before the ledger is.
    reader.read_on()
    for scope in (reader.source.scope, CONFIG_SCOPE):
        for page in reader.access.ledger.pages(scope, table=reader.physical.name):
            replay.add_page(page)
    digests = ((item, image_digest(found)) for item, found in items.items())
    differences = replay.differences(digests)
    for first in range(0, len(differences), _TOGETHER):
        part = differences[first : first + _TOGETHER]
        reader.write([_record(found, items, gap, reader) for found in part], ())
    if differences or since is not None:
        reader.write([_gap_record(gap, since, differences, reader)], ())
    return len(differences)


def _record(
    found: Difference, items: Mapping[EntityKey, Mapping[str, Any]], gap: _Gap, reader: TableReader
) -> LedgerRecord:
    """Return the record of an item found otherwise; its images are those that the table and the ledger hold."""
    item, source = found.item, gap.source
    old, new = _images(found, items, gap, reader)
    action = action_of(found.before or None, found.after or None)
    key = dict(zip((name for name, _ in reader.table.key_attributes()), item[1:], strict=False))
    version = new[1].get("Audit")
    version = version.get("Version") if isinstance(version, dict) else None
    return LedgerRecord(
        audit_id=audit_id(item.table, key, f"{GAP} {gap.id} {action}", found.before, found.after),
        source=source.arn,
        scope=source.scope,
        sequence=0,
        previous_hash="",
        hash="",
        phase="done",
        cause=GAP,
        change_type=CHANGE_TYPES[action],
        entity_type=item.table,
        entity_key=item.hash_key,
        entity_range=item.range_key,
        entity_version=version if isinstance(version, int) else None,
        iso_timestamp=iso_ms(gap.until),
        transaction_id=f"{GAP}-{gap.id}",
        changed_by=NOBODY_NAMED,
        actor=Actor("", "", NOBODY_NAMED, GAP),
        plan_digest="",
        origin="",
        before=found.before,
        after=found.after,
        old_value=old[0],
        new_value=new[0],
        old_meta=old[1],
        new_meta=new[1],
    )


Image = tuple[Mapping[str, Any] | None, Mapping[str, Any]]


def _images(
    found: Difference, items: Mapping[EntityKey, Mapping[str, Any]], gap: _Gap, reader: TableReader
) -> tuple[Image, Image]:
    """Return old and new image as records have them: of the records around the difference, and of the table."""
    old: Image = ({"Digest": found.before}, {}) if found.before else (None, {})
    new: Image = ({"Digest": found.after}, {}) if found.after else (None, {})
    held = items.get(found.item)
    if held is not None and found.after and image_digest(held) == found.after:
        new = split_image(gap.source.redact(gap.source.table, dict(held)))
    for record in _history(found, reader):
        if found.before and record.after == found.before:
            old = record.new_value, record.new_meta
        if found.after and record.before == found.after and "Digest" in (new[0] or {}):
            new = record.old_value, record.old_meta
    return old, new


def _history(found: Difference, reader: TableReader) -> Iterator[LedgerRecord]:
    for record in reader.access.ledger.of_item(*found.item):
        yield record
        if record.scope == CONFIG_SCOPE and record.sequence <= found.sequence:
            return


def _gap_record(
    gap: _Gap, since: datetime | None, differences: list[Difference], reader: TableReader
) -> LedgerRecord:
    counts: dict[str, Any] = {"Created": 0, "Updated": 0, "Deleted": 0}
    for found in differences:
        counts[CHANGE_TYPES[action_of(found.before or None, found.after or None)]] += 1
    period = {"Since": iso_ms(since)} if since else {}
    actor = reader.writer.request.actor
    return LedgerRecord(
        audit_id=f"{GAP}-{gap.id}",
        source=gap.source.arn,
        scope=gap.source.scope,
        sequence=0,
        previous_hash="",
        hash="",
        phase="gap",
        cause=GAP,
        change_type="Gap",
        entity_type=reader.physical.name,
        entity_key="*",
        entity_range=None,
        entity_version=None,
        iso_timestamp=iso_ms(gap.until),
        transaction_id=f"{GAP}-{gap.id}",
        changed_by=actor.applied_by,
        actor=actor,
        plan_digest="",
        origin="",
        before="",
        after="",
        old_value=None,
        new_value={**period, "Until": iso_ms(gap.until), **counts},
    )
