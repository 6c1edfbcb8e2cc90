"""Changes grouped by the edit that causes them, and what is not of any edit."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final, NamedTuple

from controller.model.plan import Cause, Change, Edit, FieldChange
from controller.model.ref import Origin, ResourceRef
from controller.planning.vanished import folders_of, topmost_missing

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


class Collapsed(NamedTuple):
    """Changes that read the same but for the object's name."""

    first: Change
    refs: tuple[ResourceRef, ...]
    changes: tuple[Change, ...]


def with_file_edits(
    changes: Iterable[Change],
    source_paths: AbstractSet[str] | None,
    known_paths: AbstractSet[str],
) -> tuple[Change, ...]:
    """Give what comes and goes with files its edit: the folder or file that is new or gone, else the file it is in.

    ``source_paths`` are the source's files, ``known_paths`` those that gave what was found. None leaves all as it is.
    """
    if source_paths is None:
        return tuple(changes)
    there = {ADDED: known_paths, REMOVED: source_paths}
    folders = {what: folders_of(paths) for what, paths in there.items()}
    return tuple(
        replace(change, edit=_file_edit(change.origin, there[what], folders[what], what))
        if change.edit is None and change.origin is not None and (what := _what(change))
        else change
        for change in changes
    )


def _what(change: Change) -> str:
    if change.cause is Cause.PRUNED:
        return REMOVED
    return ADDED if change.action == "create" and change.cause not in OF_NO_EDIT else ""


def _file_edit(
    origin: Origin, files: AbstractSet[str], folders: AbstractSet[str], what: str
) -> Edit:
    missing = topmost_missing(origin.path, files, folders)
    return Edit(Origin(missing), what) if missing else Edit(Origin(origin.path), "")


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


def collapse(changes: Sequence[Change]) -> tuple[Collapsed, ...]:
    """Join changes that differ only in which object they are of, in the order of their first."""
    alike: dict[str, list[Change]] = {}
    for change in changes:
        alike.setdefault(_likeness(change), []).append(change)
    return tuple(
        Collapsed(same[0], tuple(change.ref for change in same), tuple(same))
        for same in alike.values()
    )


def _likeness(change: Change) -> str:
    fields: tuple[FieldChange, ...] = change.fields
    effects = sorted((change.effects or {}).items())
    return repr(
        (
            change.action,
            change.target,
            change.ref.kind,
            change.cause,
            change.because,
            fields,
            effects,
        )
    )
