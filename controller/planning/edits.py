"""Changes grouped by the edit that causes them, and files that gave objects and are gone: renamed, or a source read in part."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

from controller.model.observed import ObservedState
from controller.model.plan import Cause, Change, Edit
from controller.model.printable import printable
from controller.model.ref import Origin
from controller.planning.wording import plural

SIMILAR: Final = 0.5
"""A folder that appears looks like one that went if it has at least half, and at most twice, as many objects."""

_WORTH_SAYING: Final = 3


def known_paths(observed: ObservedState) -> frozenset[str]:
    """Return the files that, by their marks, gave the objects found."""
    marks = (found.mark for found in observed.objects.values())
    return frozenset(mark.path for mark in marks if mark is not None and mark.path)


def topmost_missing(path: str, files: AbstractSet[str], folders: AbstractSet[str]) -> str:
    """Return the highest part of ``path`` that is not there: a folder (ending in ``/``) or the file; else empty."""
    for folder in ancestors(path):
        if folder not in folders:
            return folder
    return "" if path in files else path


def ancestors(path: str) -> Iterator[str]:
    """Yield the folders above a file, top first, each ending in ``/``."""
    end = path.find("/")
    while end >= 0:
        yield path[: end + 1]
        end = path.find("/", end + 1)


def folders_of(paths: Iterable[str]) -> frozenset[str]:
    """Return every folder that holds one of the files, at any depth."""
    return frozenset(folder for path in paths for folder in ancestors(path))


def folder_hint(
    deletes: Sequence[Change],
    changes: Sequence[Change],
    observed: ObservedState,
    source_paths: AbstractSet[str] | None,
) -> str:
    """Say which folder went with most of the deletes, and which new one has as many similar creates; else empty."""
    if source_paths is None:
        return ""
    gone = _most(deletes, source_paths)
    if gone is None:
        return ""
    place, counts = printable(gone[0]), gone[1]
    creates = [change for change in changes if change.action == "create"]
    new = _most(creates, known_paths(observed))
    kind, ended = counts.most_common(1)[0]
    begun = new[1][kind] if new else 0
    if new is None or not SIMILAR <= begun / ended <= 1 / SIMILAR:
        return f"{sum(counts.values())} of them came from {place}, which is gone: was it moved, or read only in part?"
    return (
        f"{place} is gone; {printable(new[0])} is new with {begun} {plural(kind)}, none with the same name\n"
        f"Was it a rename with new names? Then this is what you get: {ended} end, {begun} begin."
    )


def _most(changes: Sequence[Change], there: AbstractSet[str]) -> tuple[str, Counter[str]] | None:
    """Return the missing place that at least half of the changes come from, with its changes per kind."""
    folders = folders_of(there)
    places: dict[str, Counter[str]] = {}
    for change in changes:
        path = change.origin.path if change.origin else ""
        place = topmost_missing(path, there, folders)
        if place:
            places.setdefault(place, Counter())[change.ref.kind] += 1
    if not places:
        return None
    place = min(places, key=lambda folder: (-places[folder].total(), folder))
    total = places[place].total()
    return (place, places[place]) if total >= max(_WORTH_SAYING, len(changes) / 2) else None


OF_NO_EDIT: Final = frozenset(
    {Cause.DRIFTED, Cause.OVERRIDDEN, Cause.UPGRADED, Cause.IMAGE, Cause.SCHEDULED}
)
"""Causes that come from elsewhere than the change under review."""

REMOVED: Final = "removed"
ADDED: Final = "added"


class EditGroup(NamedTuple):
    """Everything one edit causes."""

    edit: Edit
    changes: tuple[Change, ...]
    places: int = 1
    """In how many places the same was edited; ``edit`` is the first of them."""


def with_file_edits(
    changes: Iterable[Change],
    source_paths: AbstractSet[str],
    known_paths: Callable[[], AbstractSet[str]],
) -> tuple[Change, ...]:
    """Give what comes and goes with files its edit: the folder or file that is new or gone, else the file it is in.

    ``source_paths`` are the source's files, ``known_paths`` gives those that gave what was found.
    """
    placed = list(changes)
    came_or_went = {
        index: (change.origin.path, REMOVED if change.cause is Cause.PRUNED else ADDED)
        for index, change in enumerate(placed)
        if change.edit is None
        and change.origin is not None
        and (change.cause is Cause.PRUNED or change.action == "create")
        and change.cause not in OF_NO_EDIT
    }
    if not came_or_went:
        return tuple(placed)
    there = {ADDED: known_paths(), REMOVED: source_paths}
    folders = {what: folders_of(paths) for what, paths in there.items()}
    for index, (path, what) in came_or_went.items():
        missing = topmost_missing(path, there[what], folders[what])
        edit = Edit(Origin(missing), what) if missing else Edit(Origin(path), "")
        placed[index] = replace(placed[index], edit=edit)
    return tuple(placed)


def group_by_edit(changes: Iterable[Change]) -> tuple[tuple[EditGroup, ...], tuple[Change, ...]]:
    """Return the groups (removals first, then by place) and the changes that no edit causes, in their order.

    A change whose edit is not known goes with its file.
    """
    groups: dict[Edit, list[Change]] = {}
    aside: list[Change] = []
    for change in changes:
        if change.edit is not None:
            groups.setdefault(change.edit, []).append(change)
        elif change.cause in OF_NO_EDIT:
            aside.append(change)
        else:
            origin = Origin(change.origin.path) if change.origin else Origin("")
            groups.setdefault(Edit(origin, ""), []).append(change)
    ordered = sorted(groups, key=lambda edit: (edit.what != REMOVED, edit.origin, edit.what))
    return tuple(EditGroup(edit, tuple(groups[edit])) for edit in ordered), tuple(aside)


def join_alike(groups: Iterable[EditGroup]) -> tuple[EditGroup, ...]:
    """Return the groups, those that change other objects in the very same way as one, in the order of their first.

    What came or went with a file, and what is not shown as it is, stays with its own place.
    """
    groups = tuple(groups)
    changes = [change for group in groups for change in group.changes]
    alike = {id(one): number for number, same in enumerate(collapse(changes)) for one in same}
    joined: dict[object, list[EditGroup]] = {}
    for group in groups:
        is_told = all(
            change.action == "update"
            and change.fields
            and not any(field.sensitive for field in change.fields)
            for change in group.changes
        )
        key: object = frozenset(alike[id(change)] for change in group.changes)
        joined.setdefault(key if is_told else group.edit, []).append(group)
    return tuple(
        EditGroup(same[0].edit, tuple(chain.from_iterable(one.changes for one in same)), len(same))
        for same in joined.values()
    )


def collapse(
    changes: Iterable[Change],
    fields: Callable[[Change], Sequence[object]] = attrgetter("fields"),
) -> tuple[tuple[Change, ...], ...]:
    """Join changes that differ only in which object they are of, in the order of their first; ``fields`` gives what tells them apart."""
    alike: dict[str, list[Change]] = {}
    for change in changes:
        effects = sorted((change.effects or {}).items())
        what = (change.action, change.target, change.ref.kind, change.cause, change.because)
        alike.setdefault(repr((*what, *fields(change), effects)), []).append(change)
    return tuple(map(tuple, alike.values()))
