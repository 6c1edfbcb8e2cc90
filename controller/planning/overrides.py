"""Desired is accepted with overrides laid over it: which hold, which have ended and why, and what they change.

Tags with which people keep things on from the console are overrides on record, too. The tag itself decides; its record says what
held, until when, and when it was seen to be gone.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final

from controller.errors import WrongUsage
from controller.model.canonical import ABSENT, Json, canonical_bytes, parse_canonical
from controller.model.observed import put_back_base_fields
from controller.model.override import PART, Override
from controller.model.ref import ResourceRef

MEMBER_NAMES: Final = ("serverRoleName", "serviceName", "name", "dnsName", "path", "key")
"""Fields that name a member of a list in a document, tried in this order."""


BY_AGE: Final = attrgetter("since", "id")


def active(
    overrides: Iterable[Override], now: datetime, documents: Mapping[ResourceRef, str]
) -> tuple[Override, ...]:
    """Return the overrides that hold at ``now`` (aware), oldest first.

    ``documents`` gives the digest of each authored document; what has none is not in Git.
    """
    holding = (override for override in overrides if not why_ended(override, now, documents))
    return tuple(sorted(holding, key=BY_AGE))


def ended(
    overrides: Iterable[Override], now: datetime, documents: Mapping[ResourceRef, str]
) -> tuple[tuple[Override, str], ...]:
    """Return those that have ended, each with the reason, oldest first; they are to be announced and audited."""
    whys = (
        (override, why_ended(override, now, documents))
        for override in sorted(overrides, key=BY_AGE)
    )
    return tuple((override, why) for override, why in whys if why)


def why_ended(override: Override, now: datetime, documents: Mapping[ResourceRef, str]) -> str:
    """Return why an override no longer holds; empty while it does."""
    if override.until is not None and override.until <= now:
        return f"its time was up at {override.until:%Y-%m-%d %H:%M %Z}"
    if override.until_git and documents.get(override.ref, "") != override.base_digest:
        if override.ref not in documents:
            return f"Git no longer has {override.ref}"
        return f"Git changed {override.ref}"
    return ""


def next_end(overrides: Iterable[Override], now: datetime) -> datetime | None:
    """Return when the first of them ends by the clock; None if none will."""
    return min((made.until for made in overrides if made.until and made.until > now), default=None)


def ending_soon(
    overrides: Iterable[Override], now: datetime, within: timedelta
) -> tuple[Override, ...]:
    """Return those that hold and end within a length of time, the first to end first: they are announced."""
    soon = (
        override
        for override in overrides
        if override.until is not None and now < override.until <= now + within
    )
    return tuple(sorted(soon, key=lambda override: (override.until or now, override.id)))


def named(overrides: Iterable[Override], text: str) -> tuple[Override, ...]:
    """Return those a person means: by id, by reference, or by any name of what they are of (``c50``, ``i-…``, ``Group/c50-ta-Web``).

    The id of an override with many parts, or of one of its rows, means all of them.
    """
    overrides, inside = tuple(overrides), text + PART
    found = [
        override
        for override in overrides
        if text in (override.id, str(override.ref)) or override.id.startswith(inside)
    ]
    if not found:
        found = [override for override in overrides if override.ref.is_called(text)]
    return tuple(sorted(found, key=BY_AGE))


def wholes(overrides: Iterable[Override]) -> tuple[tuple[Override, ...], ...]:
    """Return overrides as they were made: the parts of one together, where its first one stands."""
    together: dict[str, list[Override]] = {}
    for override in overrides:
        together.setdefault(override.whole_id, []).append(override)
    return tuple(map(tuple, together.values()))


def by_object(overrides: Iterable[Override]) -> Mapping[ResourceRef, Sequence[Override]]:
    """Return overrides by what they are of, in their order."""
    found: dict[ResourceRef, list[Override]] = {}
    for override in overrides:
        found.setdefault(override.ref, []).append(override)
    return found


def suspended(overrides: Iterable[Override]) -> frozenset[ResourceRef]:
    """Return the objects to be left as they are: those of an override without a path."""
    return frozenset(override.ref for override in overrides if not override.path)


def suspended_in_accounts(overrides: Iterable[Override]) -> frozenset[ResourceRef]:
    """Return the objects whose groups, too, are to be left as they are: those of which a person said so.

    What a rollback or a restore holds is a document, against what Git says of it; accounts follow the tables it was put back into.
    """
    return suspended(override for override in overrides if not is_held(override))


def left_fields(overrides: Iterable[Override]) -> Mapping[ResourceRef, tuple[str, ...]]:
    """Return the single fields to be left as they are, by object: those with a path and no value."""
    left: dict[ResourceRef, tuple[str, ...]] = {}
    for override in overrides:
        if override.path and override.value is ABSENT:
            left[override.ref] = (*left.get(override.ref, ()), shown_path(override.path))
    return left


def patch(
    document: bytes, overrides: Iterable[Override], expand: Callable[[Any], Any] = lambda spec: spec
) -> bytes:
    """Return a document (``{"metadata", "spec"}`` as canonical JSON) with the overrides' values in their places.

    Later ones win. A path begins at the document's top (``spec.roles.Web.ami``, ``metadata.labels.team``) or inside the
    spec (``schedule``); members of lists are found by index or by their name. ``expand`` writes short forms of a spec out:
    a path may lead into one (``schedule.mode`` of ``schedule: nights``). Raises WrongUsage for a place that cannot be.
    """
    value = parse_canonical(document)
    for override in overrides:
        if not override.puts_value:
            continue
        path = segments(override.path)
        try:
            _put(value, path, override)
        except WrongUsage:
            value["spec"] = expand(value["spec"])
            _put(value, path, override)
    return canonical_bytes(value)


def base_fields(document: bytes, patched: bytes) -> dict[str, Json]:
    """Return what a document has in the fields of spec and metadata that are otherwise in the patched one; None for one it lacks.

    With it the document can be had back from the patched one (``without_override``), by whoever does not see the source.
    """
    before, after = parse_canonical(document), parse_canonical(patched)
    return {
        f"{part}.{name}": before[part].get(name)
        for part in ("metadata", "spec")
        for name in sorted(before[part].keys() | after[part].keys())
        if before[part].get(name) != after[part].get(name)
    }


def without_override(document: bytes, fields: Mapping[str, Json]) -> bytes:
    """Return a document without what overrides put in it: ``fields`` as ``base_fields`` gave them."""
    value = parse_canonical(document)
    put_back_base_fields(value, fields)
    return canonical_bytes(value)


def segments(path: str) -> tuple[str, ...]:
    """Split a dotted path and let it begin at the document's top."""
    parts = tuple(path.split("."))
    return parts if parts[0] in ("metadata", "spec") and len(parts) > 1 else ("spec", *parts)


def shown_path(path: str) -> str:
    """Return a path as plans name fields: without the leading ``spec``."""
    parts = segments(path)
    return ".".join(parts[1:] if parts[0] == "spec" else parts)


def _put(document: Json, path: Sequence[str], override: Override) -> None:
    holder = document
    for name in path[:-1]:
        place = _place(holder, name, override)
        if isinstance(holder, dict) and holder.get(name) is None:
            holder[name] = {}
        holder = holder[place]
    holder[_place(holder, path[-1], override)] = override.value


def _place(holder: Json, name: str, override: Override) -> str | int:
    """Return by what a part of a document holds what is called so: a field's name, a member's index."""
    if isinstance(holder, dict):
        return name
    if not isinstance(holder, list):
        raise WrongUsage(
            f"override {override.id} of {override.ref}: {override.path} leads into a single value at {name!r}",
            fix=f"name a field the document can have, as envctl render {override.ref} prints it",
        )
    index = int(name) if name.isdecimal() else len(holder)
    found = index if index < len(holder) else member_index(holder, name)
    if found is None:
        raise WrongUsage(
            f"override {override.id} of {override.ref}: {override.path} names no member {name!r}",
            fix=f"use an index below {len(holder)} or the name of a member, as envctl render {override.ref} prints them",
        )
    return found


def member_index(members: Sequence[Json], name: str) -> int | None:
    """Return where the member of a list stands that is called so; None if none is."""
    for field in MEMBER_NAMES:
        for index, member in enumerate(members):
            if isinstance(member, dict) and member.get(field) == name:
                return index
    return None


HELD: Final = "HELD"
"""What ids of overrides begin with that a restore or a rollback left."""


def is_held(override: Override) -> bool:
    """Tell whether an override is what a restore or a rollback left: the next one does not leave alone what it holds."""
    return override.id.startswith(HELD)


ACTOR: Final = "a tag"
_ID: Final = "TAG"
_DIGITS: Final = 8


def override_of_tag(ref: ResourceRef, key: str, until: datetime, now: datetime) -> Override:
    """Return the record of a tag on a group or an instance; of one reference it always has the same id."""
    digest = hashlib.sha256(str(ref).encode()).hexdigest()[:_DIGITS].upper()
    reason = f"tag {key} on the {ref.kind.lower()}"
    return Override(_ID + digest, ref, reason, ACTOR, now, "schedule", "on", until)


def is_of_tag(override: Override) -> bool:
    """Tell whether an override is the record of a tag: it decides nothing, and only taking the tag off ends it early."""
    return override.actor == ACTOR and override.id.startswith(_ID)


def tags_to_record(
    found: Mapping[ResourceRef, Override], known: Iterable[Override], scope: str
) -> tuple[tuple[Override, ...], tuple[Override, ...]]:
    """Return the records to be made and those to be ended, in one scope: of tags that are gone, or say something else now."""
    mine = {
        override.ref: override
        for override in known
        if is_of_tag(override) and override.ref.key.startswith(f"{scope}/")
    }
    ended = {
        ref
        for ref, override in mine.items()
        if ref not in found or found[ref].until != override.until
    }
    new = tuple(found[ref] for ref in sorted(found) if ref not in mine or ref in ended)
    return new, tuple(mine[ref] for ref in sorted(ended))
