"""Which record set each field of an item, from what the item is now and its records. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from controller.ledger.records import split_image
from controller.ledger.redaction import is_digest
from controller.model.canonical import ABSENT
from controller.model.ledger_record import LedgerRecord
from controller.planning.fields import EXTRA, FieldPath, Member, identity, member_key


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """One field as it is now. ``record`` set it; None where no record did: it was so before the first, or others changed it since the last."""

    path: FieldPath
    value: Any
    record: LedgerRecord | None
    is_outside: bool = False
    """Whether others changed it in a way that no record tells of; ``record`` is then the last that left it otherwise."""


def field_origins(
    item: Mapping[str, Any], newest_first: Iterable[LedgerRecord]
) -> tuple[FieldOrigin, ...]:
    """Return every field of an item (sensitive values as their digests), sorted by path, with the record that gave it its value.

    Records are read until all fields are known. Of ``Audit`` and ``Managed`` only what was authored in ``Extra`` is told.
    """
    open_fields = dict(_leaves(_authored(*split_image(item)), ()))
    known: dict[FieldPath, FieldOrigin] = {}
    for record in newest_first:
        old = _authored(record.old_value, record.old_meta)
        new = _authored(record.new_value, record.new_meta)
        for path, value in list(open_fields.items()):
            after, before = value_at(new, path), value_at(old, path)
            if _differ(after, value):
                known[path] = FieldOrigin(path, value, record, is_outside=True)
            elif _differ(before, value) and record.change_type != "Baseline":
                known[path] = FieldOrigin(path, value, record)
            else:
                continue
            del open_fields[path]
        if not open_fields:
            break
    known |= {path: FieldOrigin(path, value, None) for path, value in open_fields.items()}
    return tuple(known[path] for path in sorted(known, key=lambda path: tuple(map(str, path))))


def _authored(value: Mapping[str, Any] | None, meta: Mapping[str, Any]) -> Any:
    managed = meta.get("Managed")
    extra = managed.get("Extra") if isinstance(managed, Mapping) else None
    return value if value is None else {**value, **({EXTRA: extra} if extra else {})}


def value_at(image: Any, path: FieldPath) -> Any:
    """Return what an image holds at a path; ABSENT for nothing."""
    value: Any = ABSENT if image is None else image
    for step in path:
        if isinstance(step, Member):
            members = value if isinstance(value, list) else []
            value = next((m for m in members if _is_member(m, step)), ABSENT)
        elif isinstance(step, int):
            fits = isinstance(value, list) and step < len(value)
            value = value[step] if fits else ABSENT
        else:
            value = value.get(step, ABSENT) if isinstance(value, Mapping) else ABSENT
    return value


def _is_member(found: Any, step: Member) -> bool:
    if not isinstance(found, Mapping):
        return False
    return all(
        name in found and not _differ(found[name], value)
        for name, value in zip(step.attributes, step.values, strict=True)
    )


def _leaves(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    """Yield each single value; members of lists by what recognises them, where something does."""
    if isinstance(value, Mapping) and value and not is_digest(value):
        for name, member in value.items():
            yield from _leaves(member, (*path, name))
    elif isinstance(value, list) and value:
        attributes = identity(value, value)
        for index, member in enumerate(value):
            step = Member(attributes, member_key(member, attributes)) if attributes else index
            yield from _leaves(member, (*path, step))
    else:
        yield path, value


def _differ(first: Any, second: Any) -> bool:
    return type(first) is not type(second) or bool(first != second)
