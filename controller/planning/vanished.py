"""Files and folders that gave objects and are gone: a folder renamed, or a source read in part."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from controller.model.observed import ObservedState
from controller.model.plan import Change
from controller.planning.guard_facts import GuardFacts
from controller.planning.wording import plural

SIMILAR: Final = 0.5
"""A folder that appears looks like one that went if it has at least half, and at most twice, as many objects."""

_WORTH_SAYING: Final = 3


def known_paths(observed: ObservedState) -> frozenset[str]:
    """Return the files that, by their marks, gave the objects found."""
    marks = (found.mark for found in observed.objects.values())
    return frozenset(mark.path for mark in marks if mark is not None and mark.path)


def vanished_files(facts: GuardFacts) -> tuple[frozenset[str], int]:
    """Return the files that gave objects and are no longer in the source, and how many files gave objects."""
    known = known_paths(facts.observed)
    if facts.source_paths is None:
        return frozenset(), len(known)
    return known - facts.source_paths, len(known)


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


def folder_hint(deletes: Sequence[Change], changes: Sequence[Change], facts: GuardFacts) -> str:
    """Say which folder went with most of the deletes, and which new one has as many similar creates; else empty."""
    if facts.source_paths is None:
        return ""
    gone = _most(deletes, facts.source_paths)
    if gone is None:
        return ""
    place, counts = gone
    creates = [change for change in changes if change.action == "create"]
    new = _most(creates, known_paths(facts.observed))
    kind, ended = counts.most_common(1)[0]
    begun = new[1][kind] if new else 0
    if new is None or not SIMILAR <= begun / ended <= 1 / SIMILAR:
        return f"{sum(counts.values())} of them came from {place}, which is gone: was it moved, or read only in part?"
    return (
        f"{place} is gone; {new[0]} is new with {begun} {plural(kind)}, none with the same name\n"
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
