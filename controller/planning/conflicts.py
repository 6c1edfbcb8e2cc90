"""Where two changes that wait to be merged do not go together: the same field otherwise, or one takes what the other needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from controller.model.plan import Change, FieldChange
from controller.model.ref import ResourceRef
from controller.model.review import Conflict, OpenRequest
from controller.planning.leaving import leaves
from controller.planning.wording import number, value_text

LINES_SHOWN: Final = 50
"""So many conflicts with one request are named; all are counted."""
_DONE: Final = {"create": "created", "update": "updated"}
_DELETED: Final = "deleted"


def conflicts(here: Iterable[Change], there: Iterable[Change]) -> Iterator[Conflict]:
    """Yield each place where two sets of changes, of the same tables, differ in what they want; what both want alike is none."""
    ours, theirs = ({change.ref: change for change in changes} for changes in (here, there))
    for ref in sorted(ours.keys() & theirs.keys()):
        yield from _of_object(ours[ref], theirs[ref])
    for ref, needed in _lost(ours, theirs):
        yield Conflict(ref, "", f"needs {needed}", f"{needed} {_DELETED}")
    for ref, needed in _lost(theirs, ours):
        yield Conflict(ref, "", f"{needed} {_DELETED}", f"needs {needed}")


def _lost(
    needing: Mapping[ResourceRef, Change], taking: Mapping[ResourceRef, Change]
) -> Iterator[tuple[ResourceRef, ResourceRef]]:
    """Yield what one side changes or makes, and what that needs and the other side deletes."""
    gone = {ref for ref, change in taking.items() if leaves(change)}
    for ref in sorted(needing):
        if not leaves(needing[ref]):
            yield from ((ref, needed) for needed in needing[ref].depends_on if needed in gone)


def _of_object(ours: Change, theirs: Change) -> Iterator[Conflict]:
    if leaves(ours) or leaves(theirs):
        if leaves(ours) != leaves(theirs):
            yield Conflict(ours.ref, "", _done(ours), _done(theirs))
    elif (ours.action, theirs.action) == ("update", "update"):
        for own in ours.fields:
            for other in theirs.fields:
                if _overlap(own.path, other.path) and not _alike(own, other):
                    path = max(own.path, other.path, key=len)
                    yield Conflict(ours.ref, path, value_text(own.after), value_text(other.after))
    elif (ours.after, ours.extra) != (theirs.after, theirs.extra):
        yield Conflict(ours.ref, "", _done(ours), _done(theirs))


def _done(change: Change) -> str:
    return _DELETED if leaves(change) else _DONE.get(change.action, change.action)


def _overlap(one: str, other: str) -> bool:
    """Tell whether two fields are the same, or one is in the other."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _alike(own: FieldChange, other: FieldChange) -> bool:
    """Tell whether both want the same for certain: of what is sensitive nothing can be told."""
    hidden = own.sensitive or other.sensitive
    return not hidden and (own.path, own.after) == (other.path, other.after)


def conflict_lines(beside: Sequence[OpenRequest]) -> Iterator[str]:
    """Yield a line for each conflict: ``refs/pull/12/head: Service/a bluePort: 41000 here, 42000 there``; one for all that go together."""
    for request in beside:
        for found in request.conflicts[:LINES_SHOWN]:
            field = f" {found.field}" if found.field else ""
            yield f"{request.name}: {found.ref}{field}: {found.here} here, {found.there} there"
        if len(request.conflicts) > LINES_SHOWN:
            yield f"{request.name}: and {number(len(request.conflicts) - LINES_SHOWN)} more"
        if request.unknown:
            yield f"{request.name}: not compared: {request.unknown}"
    fitting = sum(not request.conflicts and not request.unknown for request in beside)
    if fitting:
        yield f"no conflict with {number(fitting)} of {number(len(beside))} open pull requests"
