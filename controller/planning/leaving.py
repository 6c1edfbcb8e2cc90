"""What becomes of an object that the YAML no longer has: deleted, tombstoned, or marked and deleted later."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from controller.kinds.language.kind import Kind, Leaving
from controller.model.canonical import Json, canonical_bytes, parse_canonical, projection_digest
from controller.model.observed import Observation, ObservedState, spec_value
from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.fields import comparable

MARKED_FOR_MS: Final = 20 * 60 * 1000
"""Domain rule: an upstream stays marked for twenty minutes, so that the load balancers forget it first."""

_END_OF_TIME_MS: Final = 253_402_300_800_000
"""Year 10000: a later timestamp is no time at all, and the object is marked anew."""

NOW_MS: Final = "$nowMs"
"""Key of a symbolic time: ``{"$nowMs": 1200000}`` is "epoch milliseconds when applied, plus so many"."""

LEAVING: Final = "leaving"
"""Key in ``Managed.Extra`` of an object that we tombstoned or marked, so that it can come back as it was."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One step of leaving. ``after``, ``extra`` and ``digest`` are those of an update, empty otherwise."""

    action: Literal["delete", "update", "none"]
    because: str
    after: bytes = b""
    extra: bytes = b""
    digest: str = ""


def leave(found: Observation, kind: Kind[Any] | None, now: datetime) -> Deletion:
    """Say what the next step is for a found object of ours that is no longer desired.

    ``kind`` is None for objects that are no kind of document (groups, schedules of groups): they are deleted.
    """
    leaving = Leaving.DELETE if kind is None else kind.leaving
    if kind is None or leaving in (Leaving.DELETE, Leaving.RETIRE_FIRST):
        return Deletion("delete", "")
    items = parse_canonical(found.attributes)
    if leaving is not Leaving.TOMBSTONE:
        return _mark_then_delete(found, kind, items, now)
    table = kind.tables[0].name
    if items[table].get("Deleted") == "true":
        return Deletion("none", "")
    after = {**items, table: {**items[table], "Deleted": "true"}}
    return _update(found, kind, after, "the item stays, marked as deleted")


def is_leaving(found: Observation) -> bool:
    """Tell whether we tombstoned or marked the object: its leaving has been counted and approved once."""
    return found.mark is not None and LEAVING in found.mark.extra


def is_tombstone(found: Observation) -> bool:
    """Tell whether the object is a tombstone as we left it: nothing more is done to it."""
    mark = found.mark
    return (
        mark is not None
        and mark.extra.get(LEAVING) == Leaving.TOMBSTONE
        and found.digest == mark.digest
    )


def leaves(change: Change) -> bool:
    """Tell whether a change is a step of an object's leaving: a delete, or the mark that comes before."""
    return change.action == "delete" or change.cause is Cause.PRUNED


def is_retired(extra: Mapping[str, Any]) -> bool:
    """Tell whether the object was last applied with ``lifecycle: retired``."""
    return bool(spec_value(extra, "lifecycle") == "retired")


def without_marks(kind: Kind[Any], items: Json) -> Json:
    """Return the items of a kind that is marked first with its marks of leaving taken off; for an object that comes back."""
    table = kind.tables[0].name
    return {**items, table: {**items[table], "MarkForDelete": False, "MarkForDeleteTimestamp": 0}}


def left_with_retired(
    desired: Mapping[ResourceRef, Projection], retired: Collection[ResourceRef]
) -> Mapping[ResourceRef, ResourceRef]:
    """Return what leaves although the YAML still has it, each with the one of the ``retired`` objects it belongs to.

    An object belongs to what it depends on and names in an attribute of its own: the upstreams and virtual hosts
    of an environment, not those that merely use one of its upstreams.
    """
    if not retired:
        return {}
    return {
        ref: owner
        for ref, projection in desired.items()
        for owner in projection.depends_on
        if owner in retired and _belongs(projection, owner)
    }


def is_applied_retired(owner: ResourceRef, observed: ObservedState) -> bool:
    """Tell whether an object is retired as applied last: what belongs to it leaves in the run after the one that retires it."""
    found = observed.objects.get(owner)
    return found is not None and found.mark is not None and is_retired(found.mark.extra)


def _belongs(projection: Projection, owner: ResourceRef) -> bool:
    names = (owner.kind, f"{owner.kind}Name")
    items = parse_canonical(projection.attributes).values()
    return any(item.get(name) == owner.key for item in items for name in names)


def _mark_then_delete(found: Observation, kind: Kind[Any], items: Json, now: datetime) -> Deletion:
    table = kind.tables[0].name
    item = items[table]
    due = item.get("MarkForDeleteTimestamp")
    if item.get("MarkForDelete") is True and type(due) is int and 0 < due < _END_OF_TIME_MS:
        if due < now.timestamp() * 1000:
            return Deletion("delete", "its twenty minutes of being marked are over")
        at = datetime.fromtimestamp(due / 1000, UTC)
        return Deletion("none", f"marked for delete, deleted after {at:%Y-%m-%d %H:%M:%S} UTC")
    marks = {"MarkForDelete": True, "MarkForDeleteTimestamp": {NOW_MS: MARKED_FOR_MS}}
    because = "marked now, deleted twenty minutes later"
    return _update(found, kind, {**items, table: {**item, **marks}}, because)


def _update(found: Observation, kind: Kind[Any], after: Json, because: str) -> Deletion:
    known = {} if found.mark is None else found.mark.extra
    extra = canonical_bytes({**known, LEAVING: kind.leaving.value})
    compared = comparable(after, kind.shared, known.get("owned", ()))
    return Deletion(
        "update",
        because,
        canonical_bytes(after),
        extra,
        projection_digest(canonical_bytes(compared), extra),
    )
