"""What only the tables can tell to be wrong: a value that may not change, or that something outside the YAML has taken."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from controller.kinds.language.fields import yaml_path
from controller.kinds.language.kind import Immutable, Kind, Leaving, Path
from controller.model.canonical import ABSENT, Json, parse_canonical
from controller.model.observed import Observation, ObservedState, Ownership
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import DiffOptions

Value = str | int


_NEVER_APPLIED = (Ownership.FOREIGN, Ownership.UNMANAGED)
"""What is taken over has the values it is taken over with: that these stay is another guard's."""


class KeptValue(NamedTuple):
    """A value of an object that cannot be as its document says. ``path`` leads into the document."""

    ref: ResourceRef
    path: Path
    message: str
    fix: str


def find_kept_values(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState, options: DiffOptions
) -> tuple[KeptValue, ...]:
    """Return each immutable value that would change and each unique value taken by something else.

    Only objects that would change are looked at: what is in order has proved itself.
    """
    strict = {name for name, kind in options.kinds.items() if kind.immutable or kind.unique}
    changed = {
        ref: projection
        for ref, projection in desired.items()
        if ref.kind in strict
        and ((found := observed.objects.get(ref)) is None or found.digest != projection.digest)
    }
    if not changed:
        return ()
    kept = [*_changed_values(changed, observed, options)]
    left = observed.objects.keys() - desired.keys()
    if left:
        kept += _changed_names(changed, left, observed, options)
        for name in sorted({ref.kind for ref in changed}):
            kept += _taken_values(options.kinds[name], changed, left, observed)
    return tuple(kept)


def _changed_values(
    changed: Mapping[ResourceRef, Projection], observed: ObservedState, options: DiffOptions
) -> Iterator[KeptValue]:
    for ref, projection in changed.items():
        found = observed.objects.get(ref)
        kind = options.kinds[ref.kind]
        if found is None or found.ownership in _NEVER_APPLIED or not kind.immutable:
            continue
        before, after = parse_canonical(found.attributes), parse_canonical(projection.attributes)
        for field in kind.immutable:
            old, new = _at(before, field), _at(after, field)
            if old == new or old is ABSENT or old in field.unset:
                continue
            if _key(old) != _key(new):
                wanted = "be taken away" if new is ABSENT else f"become {new!r}"
                yield KeptValue(
                    ref,
                    yaml_path(kind, field.path),
                    f"{ref} has {old!r}, which stays for good ({field.because}): it cannot {wanted}",
                    f"write {old!r} again, or make a new {ref.kind} and move what uses {ref.key} over to it",
                )


def _changed_names(
    changed: Mapping[ResourceRef, Projection],
    left: AbstractSet[ResourceRef],
    observed: ObservedState,
    options: DiffOptions,
) -> Iterator[KeptValue]:
    """Find new names for items that are there: an item's key is not its object's name (an Account's is its number)."""
    new = [ref for ref in changed if ref not in observed.objects]
    kinds = {ref.kind for ref in new}
    held = {
        _item_keys(options.kinds[ref.kind], observed.objects[ref].attributes): ref
        for ref in left
        if ref.kind in kinds and observed.objects[ref].ownership is Ownership.OURS
    }
    for ref in new if held else ():
        before = held.get(_item_keys(options.kinds[ref.kind], changed[ref].attributes))
        if before is not None:
            yield KeptValue(
                ref,
                ("metadata", "name"),
                f"{ref} is {before} under another name, which stays for good (scopes, marks and records carry it)",
                f"name it {before.key} again",
            )


def _item_keys(kind: Kind[Any], attributes: bytes) -> tuple[tuple[str, str], ...]:
    items = parse_canonical(attributes)
    return tuple(
        (table.name, str(table.key_of(items[table.name])))
        for table in kind.tables
        if table.name in items
    )


def _taken_values(
    kind: Kind[Any],
    changed: Mapping[ResourceRef, Projection],
    left: AbstractSet[ResourceRef],
    observed: ObservedState,
) -> Iterator[KeptValue]:
    if not kind.unique:
        return
    taken: dict[tuple[str, Value], Observation] = {}
    for ref in sorted(left):
        found = observed.objects[ref]
        # What is not desired goes on using its values: all but those of ours that are deleted.
        keeps = found.ownership is not Ownership.OURS or kind.leaving is Leaving.TOMBSTONE
        if ref.kind == kind.name and keeps:
            for what, _path, value in _unique_values(kind, found.attributes):
                taken.setdefault((what, _key(value)), found)
    for ref, projection in changed.items() if taken else ():
        if ref.kind != kind.name:
            continue
        for what, path, value in _unique_values(kind, projection.attributes):
            owner = taken.get((what, _key(value)))
            if owner is not None:
                yield KeptValue(
                    ref,
                    path,
                    f"{what} {value!r} of {ref} is taken by {owner.ref}, {_standing(owner)}",
                    f"give {ref} another {what}",
                )


def _standing(owner: Observation) -> str:
    items = parse_canonical(owner.attributes).values()
    if any(item.get("Deleted") == "true" for item in items):
        return "which is deleted but keeps it"
    if owner.ownership is Ownership.OURS:
        return "which is leaving but keeps it"
    return f"which is in the tables but not in the YAML ({owner.ownership.value})"


def _unique_values(kind: Kind[Any], attributes: bytes) -> list[tuple[str, Path, Value]]:
    try:
        name, dumped = kind.recover(parse_canonical(attributes))
        facts = kind.facts(name, _as_found(kind, dumped))
        return [(unique.what, *claim) for unique in kind.unique for claim in unique.values(facts)]
    except (AttributeError, KeyError, TypeError, ValueError):
        # Others write these tables too. An item that is no object of its kind takes nothing from anybody,
        # and must not stop the plan of all the others.
        return []


def _as_found(kind: Kind[Any], dumped: Mapping[str, Any]) -> Any:
    """Build the spec without checking it: what the old product stored (ports as text) counts as taken too."""
    given = {
        str(field.validation_alias): dumped.get(str(field.serialization_alias))
        for field in kind.spec.model_fields.values()
        if field.serialization_alias in dumped or field.is_required()
    }
    return kind.spec.model_construct(**given)


def _at(items: Json, field: Immutable) -> Json:
    value = items.get(field.table, ABSENT)
    for name in field.path:
        value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def _key(value: Json) -> Json:
    """Compare a number stored as text as the number it says."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value
