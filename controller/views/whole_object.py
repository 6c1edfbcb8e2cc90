"""Every field of an object that comes or goes: what a create gives it, what a delete takes."""

from collections.abc import Iterator

from controller.model.canonical import ABSENT, Json, parse_canonical
from controller.model.plan import Change, FieldChange
from controller.planning.fields import (
    Difference,
    FieldNames,
    FieldPath,
    Member,
    field_changes,
    identity,
    member_key,
)


def fields_of(change: Change, names: FieldNames) -> tuple[FieldChange, ...]:
    """Return a change's fields; those of a create or delete are worked out only here, when somebody wants to see them."""
    if change.action == "create" and change.after is not None:
        leaves = _leaves((), parse_canonical(change.after))
        return field_changes(
            change.ref, (Difference(path, ABSENT, value) for path, value in leaves), names
        )
    if change.action == "delete" and change.before is not None:
        leaves = _leaves((), parse_canonical(change.before))
        return field_changes(
            change.ref, (Difference(path, value, ABSENT) for path, value in leaves), names
        )
    return change.fields


def _leaves(path: FieldPath, value: Json) -> Iterator[tuple[FieldPath, Json]]:
    if isinstance(value, dict) and value:
        for name in sorted(value):
            yield from _leaves((*path, name), value[name])
    elif isinstance(value, list) and (attributes := identity(value, value)):
        for member in value:
            key = member_key(member, attributes)
            yield from _leaves((*path, Member(attributes, key)), member)
    else:
        yield path, value
