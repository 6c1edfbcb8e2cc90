"""What a change writes: full images before and after, and the condition each write depends on. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.aws.items import Item, WireItem, to_wire, to_wire_value
from controller.aws.transactions import DeleteWrite, PutWrite
from controller.errors import RefusedByAws
from controller.ledger.records import iso_ms
from controller.model.canonical import canonical_bytes, parse_canonical, without_empty_texts
from controller.model.ledger_record import ItemWrite
from controller.model.observed import NOBODY_KNOWN
from controller.model.plan import Change
from controller.model.ref import UNKNOWN_AUTHORSHIP, Origin
from controller.model.table import TableDefinition
from controller.planning.authors import made_by
from controller.targets.table_items.item_form import (
    AUDIT,
    MANAGED,
    author_item,
    load_plain,
    mark_id,
    mark_of,
)

MOST_COMPARED: Final = 120
"""Attributes of an item that a write compares: with each an operator and an AND, or a function of some thirty letters."""
_CREATE_NAMES: dict[str, Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every item of one transaction is signed with. ``at`` is aware; ``prefix`` stands before each table's name."""

    installation: str
    prefix: str
    revision: str
    user: str
    transaction_id: str
    at: datetime


def item_writes(
    change: Change, stamp: Stamp, tables: Mapping[str, TableDefinition]
) -> tuple[ItemWrite, ...]:
    """Return the writes of one change, which only make sense together; ``tables`` are by logical name.

    A change of an attribute that is part of the key is a delete and a create. A marker ``{"$nowMs": n}`` becomes the
    stamp's time plus n, in epoch milliseconds. None and empty texts are left out, as all writers of these tables do.
    Raises KeyError if the change names a table that is not there or leaves out a key attribute.
    """
    before, after, base = (
        (load_plain(image) if image else None) or {}
        for image in (change.before, change.after, change.base)
    )
    if change.after is not None and b'"$nowMs"' in change.after:
        at_time = _at_time(parse_canonical(change.after), int(stamp.at.timestamp() * 1000))
        after = load_plain(canonical_bytes(at_time))
    extra = load_plain(change.extra) if change.extra else {}
    writes: list[ItemWrite] = []
    for table in sorted(before.keys() | after.keys()):
        definition = tables[table]
        old = {**before[table], **base.get(table, {})} if table in before else None
        wanted = without_empty_texts(after[table]) if table in after else None
        if old is None or wanted is None or definition.key_of(old) == definition.key_of(wanted):
            pairs = [(old, wanted)]
        else:
            pairs = [(old, None), (None, wanted)]
        writes += [_write(change, stamp, definition, found, new, extra) for found, new in pairs]
    return tuple(writes)


def guarded(write: ItemWrite, table: str) -> PutWrite | DeleteWrite:
    """Return the conditional write of one item to a (physical) table.

    A create asks that there is no such item. Anything else asks that it is the item planned from: that every attribute is as
    it was found, and that what the write brings is not there yet. So nothing that others wrote meanwhile is lost unseen.
    Raises RefusedByAws for an item of more attributes than a condition compares.
    Raises TypeError or ValueError for a value that DynamoDB cannot hold.
    """
    if write.before is None:
        assert write.after is not None
        (name, *_) = write.key
        names = _CREATE_NAMES.setdefault(name, {"#key": name})
        return PutWrite(
            table, to_wire(write.after), "attribute_not_exists(#key)", names, show_found=True
        )
    condition, names, values = as_found(str(write.ref), write.before, write.after or ())
    if write.after is None:
        return DeleteWrite(table, to_wire(write.key), condition, names, values, show_found=True)
    return PutWrite(table, to_wire(write.after), condition, names, values, show_found=True)


def version_of(audit: object) -> int:
    """Return ``Audit.Version`` as a number; 0 for whatever is none (old programs wrote texts, or nothing)."""
    version = audit.get("Version") if isinstance(audit, dict) else None
    if isinstance(version, int):
        return int(version)
    return int(version) if isinstance(version, str) and version.isdecimal() else 0


def _write(
    change: Change,
    stamp: Stamp,
    definition: TableDefinition,
    old: Item | None,
    wanted: Item | None,
    extra: Mapping[str, Any],
) -> ItemWrite:
    key = definition.key_of(wanted if wanted is not None else old or {})
    origin = change.origin
    new = None
    if wanted is not None:
        found = old or {}
        audit, last = found.get(AUDIT), mark_of(found.get(MANAGED))
        # An object that left the source keeps the place it was last written at.
        place = origin or (Origin(last.path, last.line) if last else Origin(""))
        signed = {
            **(audit if isinstance(audit, dict) else {}),
            "LastChanged": iso_ms(stamp.at),
            "TransactionID": stamp.transaction_id,
            "User": stamp.user,
            "Version": version_of(audit) + 1,
        }
        managed = {
            "By": stamp.installation,
            "Id": mark_id(stamp.installation, stamp.prefix + definition.name, key),
            "Revision": stamp.revision,
            "Path": place.path,
            "Line": place.line,
            "Digest": change.digest,
            "Extra": dict(extra),
        }
        author = author_item(made_by(change, last.made_by if last else NOBODY_KNOWN))
        if author:
            managed["Author"] = author
        new = {**wanted, AUDIT: signed, MANAGED: managed}
    return ItemWrite(
        table=definition.name,
        key=key,
        before=old,
        after=new,
        ref=change.ref,
        cause=str(change.cause),
        origin=f"{origin.path}:{origin.line}" if origin else "",
        authorship=change.authorship or UNKNOWN_AUTHORSHIP,
    )


def as_found(
    name: str, item: Mapping[str, Any], written: Iterable[str] = ()
) -> tuple[str, dict[str, str], WireItem]:
    """Return condition, names and values that ask for every attribute the item of ``name`` was found with, key included, and for no
    other among those that are ``written``.

    Raises RefusedByAws where these are too many: DynamoDB's conditions have at most 300 operators and 4 KB.
    """
    found = dict(enumerate(sorted(item)))
    new = dict(enumerate(sorted(set(written) - item.keys()), len(found)))
    if len(found) + len(new) > MOST_COMPARED:
        raise RefusedByAws(
            f"{name}: its item has {len(found):,} attributes; a write compares {MOST_COMPARED} with what was found",
            fix="take out those that belong to nobody, then plan again",
        )
    return (
        " AND ".join(
            [f"#a{n} = :a{n}" for n in found] + [f"attribute_not_exists(#a{n})" for n in new]
        ),
        {f"#a{n}": attribute for n, attribute in (found | new).items()},
        {f":a{n}": to_wire_value(item[attribute]) for n, attribute in found.items()},
    )


def _at_time(value: Any, now_ms: int) -> Any:
    match value:
        case {"$nowMs": int() as later_ms, **rest} if not rest:
            return now_ms + later_ms
        case {"$map": _, **rest} if not rest:
            return value
        case dict():
            return {name: _at_time(member, now_ms) for name, member in value.items()}
        case list():
            return [_at_time(member, now_ms) for member in value]
        case _:
            return value
