"""Fields that other programs legitimately write: left out of comparisons, kept as found when written."""

from collections.abc import Iterable, Sequence
from operator import is_

from controller.kinds.language.kind import SharedField
from controller.model.canonical import ABSENT, Json, canonical_bytes, parse_canonical
from controller.planning.fields import member_key


def owned_name(field: SharedField) -> str:
    """Return how a projection's ``owned`` names the field: ``Table.Path.To.Field``."""
    return ".".join((field.table, *field.path))


def comparable(attributes: Json, shared: Sequence[SharedField], owned: Iterable[str]) -> Json:
    """Return the attributes without those shared fields that Git does not own.

    ``attributes`` is ``{table: item}`` and is left alone.
    """
    result = attributes
    for field in _left_to_others(shared, owned):
        result = _without(result, (field.table, *field.path))
    return result


def keep_found(
    found: Json, desired: Json, shared: Sequence[SharedField], owned: Iterable[str]
) -> Json:
    """Return what to write: ``desired`` with the found values of the shared fields that Git does not own.

    List members are matched by the field's identity; a member that is new gets the field's default. A field that
    an existing member or item lacks stays absent. Neither argument is changed.
    """
    left = _left_to_others(shared, owned)
    if not left:
        return desired
    result = parse_canonical(canonical_bytes(desired))
    for field in left:
        if field.table in result:
            _keep(found.get(field.table, ABSENT), result[field.table], field.path, field)
    return result


def _left_to_others(shared: Sequence[SharedField], owned: Iterable[str]) -> tuple[SharedField, ...]:
    names = frozenset(owned)
    if not names:
        return tuple(shared)
    return tuple(field for field in shared if owned_name(field) not in names)


def _without(value: Json, path: tuple[str, ...]) -> Json:
    """Return the value without what ``path`` leads to: itself if nothing is there, else a copy of the way to it."""
    head, rest = path[0], path[1:]
    if head == "*":
        if not isinstance(value, list):
            return value
        members = [_without(member, rest) for member in value]
        return value if all(map(is_, members, value)) else members
    if not isinstance(value, dict) or head not in value:
        return value
    if not rest:
        return {name: member for name, member in value.items() if name != head}
    inner = _without(value[head], rest)
    return value if inner is value[head] else {**value, head: inner}


def _keep(found: Json, desired: Json, path: tuple[str, ...], field: SharedField) -> None:
    head, *rest = path
    if head == "*":
        known = _by_identity(found, field.identity)
        for member in desired if isinstance(desired, list) else ():
            _keep(known.get(_key(member, field.identity), ABSENT), member, tuple(rest), field)
    elif not isinstance(desired, dict):
        return
    elif rest:
        inner = found.get(head, ABSENT) if isinstance(found, dict) else ABSENT
        if head not in desired and "*" not in rest and inner is not ABSENT:
            desired[head] = {}
        _keep(inner, desired.get(head), tuple(rest), field)
    else:
        _keep_value(found, desired, head, field.default)


def _keep_value(found: Json, desired: dict[str, Json], name: str, default: Json) -> None:
    value = found.get(name, ABSENT) if isinstance(found, dict) else default
    if value is ABSENT or (value is None and not isinstance(found, dict)):
        desired.pop(name, None)
    else:
        desired[name] = value


def _by_identity(members: Json, attributes: tuple[str, ...]) -> dict[tuple[str | int, ...], Json]:
    if not isinstance(members, list):
        return {}
    keyed = ((_key(member, attributes), member) for member in members)
    return {key: member for key, member in keyed if key}


def _key(member: Json, attributes: tuple[str, ...]) -> tuple[str | int, ...]:
    """Return what recognises a member; empty when it lacks one of the attributes."""
    if isinstance(member, dict) and all(type(member.get(n)) in (str, int) for n in attributes):
        return member_key(member, attributes)
    return ()
