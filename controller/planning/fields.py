"""Field-level differences of two JSON values, and how to apply them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

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


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How fields are shown: their names, and which of them never show their value."""

    name_path: NamePath = plain_path
    is_sensitive: Callable[[ResourceRef, FieldPath], bool] = never_sensitive


PLAIN_NAMES = FieldNames()


def differences(before: Json, after: Json) -> list[Difference]:
    """Return what turns ``before`` into ``after``, keys sorted; empty when they are equal.

    Null differs from absent, true from 1, and 1 from 1.0: what is equal has the same canonical bytes.
    """
    return list(_differences((), before, after))


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
    ref: ResourceRef, found: Iterable[Difference], names: FieldNames = PLAIN_NAMES
) -> tuple[FieldChange, ...]:
    """Name each difference and mask what is sensitive, whole or within the value."""
    return tuple(_field_change(ref, difference, names) for difference in found)


def identity(first: Sequence[Json], second: Sequence[Json]) -> tuple[str, ...] | None:
    """Return the attributes that recognise every member of both lists, None if there are none."""
    if not (first or second):
        return None
    for attributes in IDENTITIES:
        if _identifies(attributes, first) and _identifies(attributes, second):
            return attributes
    return None


def member_key(member: Json, attributes: tuple[str, ...]) -> tuple[str | int, ...]:
    """Return the values that recognise a member."""
    return tuple(member[name] for name in attributes)


def _identifies(attributes: tuple[str, ...], members: Sequence[Json]) -> bool:
    seen: set[tuple[str | int, ...]] = set()
    for member in members:
        if not isinstance(member, dict):
            return False
        for name in attributes:
            if type(member.get(name)) not in (str, int):
                return False
        seen.add(member_key(member, attributes))
    return len(seen) == len(members)


def _differences(path: FieldPath, before: Json, after: Json) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from _differences(
                (*path, name), before.get(name, ABSENT), after.get(name, ABSENT)
            )
    elif isinstance(before, list) and isinstance(after, list):
        attributes = identity(before, after)
        if attributes is None:
            yield from _by_index(path, before, after)
        else:
            yield from _by_identity(path, before, after, attributes)
    elif type(before) is not type(after) or before != after:
        yield Difference(path, before, after)


def _by_index(
    path: FieldPath, before: Sequence[Json], after: Sequence[Json]
) -> Iterator[Difference]:
    for index, (old, new) in enumerate(zip(before, after, strict=False)):
        yield from _differences((*path, index), old, new)
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
        yield from _differences((*path, Member(attributes, key)), member, new.get(key, ABSENT))
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
    elif isinstance(value, list) and _is_new(value, last):
        value.append(after)
    else:
        value[_place(value, last)] = after


def _is_new(members: list[Json], segment: Segment) -> bool:
    if isinstance(segment, Member):
        return all(member_key(member, segment.attributes) != segment.values for member in members)
    return segment == len(members)


def _place(value: Json, segment: Segment) -> Any:
    if isinstance(segment, Member):
        keys = [member_key(member, segment.attributes) for member in value]
        return keys.index(segment.values)
    return segment


def _reorder(members: list[Json], attributes: tuple[str, ...], wanted: Sequence[Json]) -> None:
    rank = {
        tuple(shown) if isinstance(shown, list) else (shown,): index
        for index, shown in enumerate(wanted)
    }
    members.sort(key=lambda member: rank[member_key(member, attributes)])


def _field_change(ref: ResourceRef, difference: Difference, names: FieldNames) -> FieldChange:
    path = difference.path
    name = names.name_path(ref, path)
    if any(names.is_sensitive(ref, path[: end + 1]) for end in range(len(path))):
        before, after = (
            value if value is ABSENT else MASKED for value in (difference.before, difference.after)
        )
        return FieldChange(name, before, after, sensitive=True)
    before, hid_before = _masked(ref, path, difference.before, names)
    after, hid_after = _masked(ref, path, difference.after, names)
    return FieldChange(name, before, after, sensitive=hid_before or hid_after)


def _masked(ref: ResourceRef, path: FieldPath, value: Json, names: FieldNames) -> tuple[Json, bool]:
    if isinstance(value, dict):
        members = {
            name: _shown_member(ref, (*path, name), member, names) for name, member in value.items()
        }
        return {name: shown for name, (shown, _) in members.items()}, any(
            hid for _, hid in members.values()
        )
    if isinstance(value, list):
        listed = [
            _shown_member(ref, (*path, index), member, names) for index, member in enumerate(value)
        ]
        return [shown for shown, _ in listed], any(hid for _, hid in listed)
    return value, False


def _shown_member(
    ref: ResourceRef, path: FieldPath, value: Json, names: FieldNames
) -> tuple[Json, bool]:
    if names.is_sensitive(ref, path):
        return MASKED, True
    return _masked(ref, path, value, names)
