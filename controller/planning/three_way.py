"""A change taken back out of what became of it since: what it made stays away, what others made since stays."""

from collections.abc import Sequence
from typing import NamedTuple

from controller.model.canonical import ABSENT, Json, canonical_bytes, parse_canonical
from controller.planning.fields import Difference, FieldPath, apply, differences, extra_path

_TOP = 2
"""So many segments name a field of a document: ``spec``, ``roles``."""


class Contested(NamedTuple):
    """A place that was changed again since: what it was before the change, what the change made of it, what it is now.

    ``path`` is as plans name fields; empty for the object as a whole. ABSENT where there is nothing.
    """

    path: str
    before: Json
    after: Json
    now: Json


class TakenBack(NamedTuple):
    """A document with a change taken back as far as nothing was changed again since."""

    document: Json
    contested: tuple[Contested, ...]


def take_back(before: Json, after: Json, now: Json, *, also_contested: bool = False) -> TakenBack:
    """Return what is there now without what turned ``before`` into ``after``. Each is a document, or ABSENT.

    What was changed again stays as it is and is contested; with ``also_contested`` those fields become what they were before.
    """
    undoing, since = differences(after, before), differences(after, now)
    if not differences(now, before):
        return TakenBack(now, ())
    if not since:
        return TakenBack(before, ())
    if ABSENT in (before, after, now):
        contested = (Contested("", before, after, now),)
        return TakenBack(before if also_contested else now, contested)
    clean, disputed = [], []
    for difference in undoing:
        again = [later for later in since if _meet(later.path, difference.path)]
        if not again:
            clean.append(difference)
        elif not any(_same(later, difference) for later in again):
            disputed.append(difference)
    document = apply(clean, now)
    if also_contested:
        document = _with_fields_of(before, document, [found.path[:_TOP] for found in disputed])
    fields = dict.fromkeys(_listed(found.path) for found in disputed)
    return TakenBack(
        document,
        tuple(
            Contested(
                extra_path(("", *path)), *(_at(document, path) for document in (before, after, now))
            )
            for path in fields
        ),
    )


def _meet(first: FieldPath, second: FieldPath) -> bool:
    """Tell whether one path leads to or into what the other leads to; members of a list that only their place tells apart do."""
    first, second = _listed(first), _listed(second)
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]


def _listed(path: FieldPath) -> FieldPath:
    """Return a path up to the first list of its document: members move when others come and go."""
    names = [place for place, segment in enumerate(path) if not isinstance(segment, str)]
    return path[: names[0]] if names else path


def _same(first: Difference, second: Difference) -> bool:
    return first.path == second.path and not differences(first.after, second.after)


def _with_fields_of(source: Json, document: Json, fields: Sequence[FieldPath]) -> Json:
    result = parse_canonical(canonical_bytes(document))
    for part, name in fields:
        if name in source[part]:
            result[part][name] = source[part][name]
        else:
            result[part].pop(name, None)
    return result


def _at(document: Json, path: FieldPath) -> Json:
    for segment in path:
        if not isinstance(document, dict):
            return ABSENT
        document = document.get(segment, ABSENT)
    return document
