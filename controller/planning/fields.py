"""Field-level differences of two JSON values, how to apply them, and fields that other programs legitimately write.

Those are left out of comparisons, and kept as found when written.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any, Final, NamedTuple

from controller.kinds.language.kind import SharedField
from controller.model.canonical import ABSENT, Json, canonical_bytes, parse_canonical
from controller.model.plan import FieldChange
from controller.model.ref import ResourceRef

IDENTITIES: Final[tuple[tuple[str, ...], ...]] = (
    ("ServerRoleName",),
    ("ServiceName",),
    ("Name",),
    ("DnsName", "Port"),
    ("Path",),
    ("Key",),
    ("Port",),
)
"""What recognises a member of a list, tried in this order; the first that every member has, once each, is taken."""

MASKED: Final = "(sensitive)"

EXTRA: Final = "Managed.Extra"
"""First segment of a path to what was authored but is no attribute: ``(EXTRA, "metadata", "labels", "team")``."""


_MOST_DIGITS: Final = 18


class Member(NamedTuple):
    """A path segment: the list member whose ``attributes`` have these ``values``."""

    attributes: tuple[str, ...]
    values: tuple[str | int, ...]

    def __str__(self) -> str:
        """Print as people name it: ``Web``, ``host.example:443``."""
        return ":".join(map(str, self.values))


class Order(NamedTuple):
    """The last path segment of a difference in order alone; the values are the members' identities."""

    attributes: tuple[str, ...]

    def __str__(self) -> str:
        """Say that no member differs, only their order."""
        return "(order)"


Segment = str | int | Member | Order
FieldPath = tuple[Segment, ...]
NamePath = Callable[[ResourceRef, FieldPath], str]
"""How a path is called in plans: by the YAML's names."""


class Difference(NamedTuple):
    """One place where two values differ; ABSENT where one of them has nothing."""

    path: FieldPath
    before: Json
    after: Json


def plain_path(_ref: ResourceRef, path: FieldPath) -> str:
    """Name a path by its own segments, joined by dots; what is no attribute by its path in the document."""
    return extra_path(path) if path[:1] == (EXTRA,) else ".".join(map(str, path))


def extra_path(path: FieldPath) -> str:
    """Name a path that begins with ``EXTRA``: ``metadata.labels.team``, and inside the spec just ``lifecycle``."""
    return ".".join(map(str, path[2:] if path[1] == "spec" else path[1:]))


def never_sensitive(_ref: ResourceRef, _path: FieldPath) -> bool:
    """Treat no field as sensitive."""
    return False


def never_derived(_ref: ResourceRef, _path: FieldPath) -> str:
    """Take every attribute for one that documents have."""
    return ""


def as_found(_ref: ResourceRef, _path: FieldPath, value: Json) -> Json:
    """Write a value, ABSENT too, as it was found."""
    return value


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How fields are shown: their names, which of them never show their value, and how the others are written.

    ``derived`` gives the own name of an attribute that no document has as it only follows from the field it is called by, else "".
    """

    name_path: NamePath = plain_path
    is_sensitive: Callable[[ResourceRef, FieldPath], bool] = never_sensitive
    derived: NamePath = never_derived
    written: Callable[[ResourceRef, FieldPath, Json], Json] = as_found


PLAIN_NAMES = FieldNames()


def differences(before: Json, after: Json, path: FieldPath = ()) -> list[Difference]:
    """Return what turns ``before`` into ``after``, keys sorted; empty when they are equal. Paths begin with ``path``.

    Null differs from absent, true from 1, and 1 from 1.0: what is equal has the same canonical bytes.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            difference
            for name in sorted(before.keys() | after.keys())
            for difference in differences(
                before.get(name, ABSENT), after.get(name, ABSENT), (*path, name)
            )
        ]
    if isinstance(before, list) and isinstance(after, list):
        attributes = identity(before, after)
        if attributes is None:
            return list(_by_index(path, before, after))
        return list(_by_identity(path, before, after, attributes))
    if type(before) is not type(after) or before != after:
        return [Difference(path, before, after)]
    return []


def apply(found: Iterable[Difference], value: Json) -> Json:
    """Return ``value`` with the differences applied. ``value`` itself is left alone.

    Differences must come from a comparison with ``value``; what they name must be there.
    """
    result = value if value is ABSENT else parse_canonical(canonical_bytes(value))
    for difference in found:
        if not difference.path:
            result = difference.after
        else:
            _set(result, difference.path, difference.after)
    return result


def field_changes(
    ref: ResourceRef,
    found: Iterable[Difference],
    names: FieldNames = PLAIN_NAMES,
    *,
    whole: bool = False,
) -> tuple[FieldChange, ...]:
    """Name each difference, write its values as the YAML does, and mask what is sensitive, whole or within the value.

    ``whole`` tells that they are all that an object has.
    """
    changes = []
    for path, *values in found:
        hides = any(names.is_sensitive(ref, path[: end + 1]) for end in range(len(path)))
        (before, hid_before), (after, hid_after) = (
            _masked(ref, path, names.written(ref, path, value), names, hides=hides)
            for value in values
        )
        name = names.name_path(ref, path)
        if whole and (own := names.derived(ref, path)):
            name = f"{name} ({own})"
        changes.append(FieldChange(name, before, after, sensitive=hid_before or hid_after))
    return tuple(changes)


def identity(first: Sequence[Json], second: Sequence[Json]) -> tuple[str, ...] | None:
    """Return the attributes that recognise every member of both lists, None if there are none."""
    if not (first or second):
        return None
    for attributes in IDENTITIES:
        if _identifies(attributes, first) and _identifies(attributes, second):
            return attributes
    return None


def member_key(member: Json, attributes: tuple[str, ...]) -> tuple[str | int, ...]:
    """Return the values that recognise a member. A number that was stored as text is that number: older items have such ports."""
    return tuple(_as_number(member[name]) for name in attributes)


def _as_number(value: str | int) -> str | int:
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        number = int(value) if len(value) <= _MOST_DIGITS else -1
        return number if str(number) == value else value
    return value


def _identifies(attributes: tuple[str, ...], members: Sequence[Json]) -> bool:
    seen = {_identity_of(member, attributes) for member in members}
    return len(seen) == len(members) and () not in seen


def _by_index(
    path: FieldPath, before: Sequence[Json], after: Sequence[Json]
) -> Iterator[Difference]:
    for index, (old, new) in enumerate(zip(before, after, strict=False)):
        yield from differences(old, new, (*path, index))
    # From the end, so that no index moves before its turn.
    for index in range(len(before) - 1, len(after) - 1, -1):
        yield Difference((*path, index), before[index], ABSENT)
    for index in range(len(before), len(after)):
        yield Difference((*path, index), ABSENT, after[index])


def _by_identity(
    path: FieldPath, before: Sequence[Json], after: Sequence[Json], attributes: tuple[str, ...]
) -> Iterator[Difference]:
    old = {member_key(member, attributes): member for member in before}
    new = {member_key(member, attributes): member for member in after}
    for key, member in old.items():
        yield from differences(member, new.get(key, ABSENT), (*path, Member(attributes, key)))
    added = [key for key in new if key not in old]
    for key in added:
        yield Difference((*path, Member(attributes, key)), ABSENT, new[key])
    kept = [key for key in old if key in new]
    if [*kept, *added] != list(new):
        yield Difference((*path, Order(attributes)), _shown(kept + added), _shown(new))


def _shown(keys: Iterable[tuple[str | int, ...]]) -> Json:
    return [key[0] if len(key) == 1 else list(key) for key in keys]


def _set(value: Json, path: FieldPath, after: Json) -> None:
    for segment in path[:-1]:
        value = value[_place(value, segment)]
    last = path[-1]
    if isinstance(last, Order):
        _reorder(value, last.attributes, after)
    elif after is ABSENT:
        del value[_place(value, last)]
    elif isinstance(value, list) and _place(value, last) == len(value):
        value.append(after)
    else:
        value[_place(value, last)] = after


def _place(value: Json, segment: Segment) -> Any:
    """Return where in a value a segment leads: a name, an index; behind the last member if none is meant yet."""
    if isinstance(segment, Member):
        keys = [member_key(member, segment.attributes) for member in value]
        return keys.index(segment.values) if segment.values in keys else len(keys)
    return segment


def _reorder(members: list[Json], attributes: tuple[str, ...], wanted: Sequence[Json]) -> None:
    rank = {
        tuple(shown) if isinstance(shown, list) else (shown,): index
        for index, shown in enumerate(wanted)
    }
    members.sort(key=lambda member: rank[member_key(member, attributes)])


def _masked(
    ref: ResourceRef, path: FieldPath, value: Json, names: FieldNames, *, hides: bool
) -> tuple[Json, bool]:
    """Return a value as it is shown, and whether anything of it is hidden; ``hides`` tells whether all of it is."""
    if hides:
        return value if value is ABSENT else MASKED, True
    if not isinstance(value, dict | list):
        return value, False
    shown, hid = {}, False
    for name, member in value.items() if isinstance(value, dict) else enumerate(value):
        place = (*path, name)
        sensitive = names.is_sensitive(ref, place)
        shown[name], hid_inside = _masked(ref, place, member, names, hides=sensitive)
        hid = hid or hid_inside
    return shown if isinstance(value, dict) else list(shown.values()), hid


def owned_name(field: SharedField) -> str:
    """Return how a projection's ``owned`` names the field: ``Table.Path.To.Field``."""
    return ".".join((field.table, *field.path))


def comparable(attributes: Json, shared: Sequence[SharedField], owned: Collection[str]) -> Json:
    """Return the attributes without those shared fields that Git does not own.

    ``attributes`` is ``{table: item}`` and is left alone.
    """
    result = attributes
    for field in shared:
        if not owned or owned_name(field) not in owned:
            result = _without(result, (field.table, *field.path))
    return result


def keep_found(
    found: Json, desired: Json, shared: Sequence[SharedField], owned: Collection[str]
) -> Json:
    """Return what to write: ``desired`` with the found values of the shared fields that Git does not own.

    List members are matched by the field's identity; a member that is new gets the field's default. A field that
    an existing member or item lacks stays absent. Neither argument is changed.
    """
    left = [field for field in shared if owned_name(field) not in owned]
    if not left:
        return desired
    result = parse_canonical(canonical_bytes(desired))
    for field in left:
        if field.table in result:
            _keep(found.get(field.table, ABSENT), result[field.table], field.path, field)
    return result


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
        members = found if isinstance(found, list) else []
        known = {_identity_of(member, field.identity): member for member in members}
        for member in desired if isinstance(desired, list) else ():
            key = _identity_of(member, field.identity)
            _keep(known[key] if key and key in known else ABSENT, member, tuple(rest), field)
    elif not isinstance(desired, dict):
        return
    elif rest:
        inner = found.get(head, ABSENT) if isinstance(found, dict) else ABSENT
        if head not in desired and "*" not in rest and inner is not ABSENT:
            desired[head] = {}
        _keep(inner, desired.get(head), tuple(rest), field)
    else:
        value = found.get(head, ABSENT) if isinstance(found, dict) else field.default
        if value is ABSENT or (value is None and not isinstance(found, dict)):
            desired.pop(head, None)
        else:
            desired[head] = value


def _identity_of(member: Json, attributes: tuple[str, ...]) -> tuple[str | int, ...]:
    """Return what recognises a member; empty when it lacks one of the attributes."""
    if isinstance(member, dict) and all(type(member.get(n)) in (str, int) for n in attributes):
        return member_key(member, attributes)
    return ()
