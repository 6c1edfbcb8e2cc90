"""Desired against observed: the only place where a Change is made.

Ownership decides first, then digests: what has the wanted digest is in order and is not looked at further, so the work
is that of the changed objects.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from controller.kinds.language.kind import Kind, Leaving
from controller.model.canonical import Json, canonical_bytes, parse_canonical
from controller.model.observed import BENEATH, Mark, Observation, ObservedState, Ownership
from controller.model.plan import Cause, Change, FieldChange, Note, NoteCategory
from controller.model.ref import Origin, ResourceRef
from controller.model.resource import Projection
from controller.planning.fields import (
    EXTRA,
    PLAIN_NAMES,
    Difference,
    FieldNames,
    apply,
    differences,
    field_changes,
    keep_found,
)
from controller.planning.leaving import (
    LEAVING,
    Deletion,
    is_leaving,
    is_tombstone,
    leave,
    without_marks,
)
from controller.planning.override_edits import Overridden
from controller.planning.overrides import shown_path

NO_REFS: frozenset[ResourceRef] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """Everything that decides how two states are compared. ``now`` is aware.

    ``suspended`` objects are left as they are; ``left`` names single fields (YAML paths) that are. ``unrecorded`` carry our mark but the ledger has no create or adoption of
    ours: they are never pruned. ``edited_as`` is the cause of what differs from what was last applied: ``edited``, or
    ``restored``, ``rolledBack``, ``replicated`` where the desired state comes from there. ``leaving_because`` says why an
    object leaves although the YAML has it.
    """

    target: str
    now: datetime
    installation: str = ""
    """Our id, by which a copied item of ours is told from one of another installation; empty if not known."""
    kinds: Mapping[str, Kind[Any]] = field(default_factory=dict)
    adopt: bool = False
    suspended: AbstractSet[ResourceRef] = NO_REFS
    left: Mapping[ResourceRef, tuple[str, ...]] = field(default_factory=dict)
    overridden: Mapping[ResourceRef, Projection] = field(default_factory=dict)
    """Objects that have values from an override, and what is asked for without any."""
    unrecorded: AbstractSet[ResourceRef] = NO_REFS
    removed_outside: AbstractSet[ResourceRef] = NO_REFS
    """What is not there although the ledger's last record is a create, adoption or update of ours: drift."""
    edited_as: Cause = Cause.EDITED
    leaving_because: Mapping[ResourceRef, str] = field(default_factory=dict)
    origins: Mapping[ResourceRef, Origin] = field(default_factory=dict)
    names: FieldNames = PLAIN_NAMES


class DiffResult(NamedTuple):
    """Changes (in no particular order yet), notes on what is not changed, and desired objects kept from existing."""

    changes: tuple[Change, ...]
    notes: tuple[Note, ...]
    withheld: frozenset[ResourceRef] = NO_REFS
    retired: frozenset[ResourceRef] = NO_REFS
    """Desired objects that are retired."""


NOTHING: Final = b"null"
"""Base of a create: there must be nothing."""

_NOT_AUTHORED: Final = frozenset({"shape", "owned", "marks", BENEATH, LEAVING})
_NO_PARTS: Final[dict[str, Json]] = {"metadata": {}, "spec": {}}
_EMPTY_MARK: Final = Mark("", "", "", "", 0, "", {})


def diff(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState, options: DiffOptions
) -> DiffResult:
    """Compare one scope and return what is to change and what is noted.

    Unmanaged and foreign objects are never changed, but for an unmanaged desired one with ``adopt``. Nothing may be
    concluded from a scope that is unknown: the caller does not ask.
    """
    objects, ours = observed.objects, Ownership.OURS
    # What was found takes the place of what is desired, and what is left over comes after it: so each is beside its own
    # without being looked for, which is most of the work where nearly all is in order.
    there: dict[ResourceRef, Any] = {**desired, **objects}
    results: list[Change | Note | None] = []
    retired: set[ResourceRef] = set()
    for projection, found in zip(desired.values(), there.values(), strict=False):
        if found is projection:
            results.append(_wanted(projection.ref, projection, None, options))
        elif found.digest != projection.digest or found.ownership is not ours:
            results.append(_wanted(projection.ref, projection, found, options))
        if projection.retired:
            retired.add(projection.ref)
    left = sorted(islice(there, len(desired), None))
    results += [_unwanted(objects[ref], options) for ref in left]
    notes = sorted(result for result in results if isinstance(result, Note))
    return DiffResult(
        tuple(result for result in results if isinstance(result, Change)),
        tuple(notes),
        frozenset(note.ref for note in notes if note.ref not in objects),
        frozenset(retired),
    )


def departing(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState
) -> frozenset[ResourceRef]:
    """Return the objects of ours that are no longer desired: those whose records in the ledger are to be looked up.

    Tombstones are not among them: they have left, and stay for good.
    """
    return frozenset(
        ref
        for ref, found in observed.objects.items()
        if ref not in desired and found.ownership is Ownership.OURS and not is_tombstone(found)
    )


def _wanted(
    ref: ResourceRef, projection: Projection, found: Observation | None, options: DiffOptions
) -> Change | Note | None:
    if found is not None and found.ownership is Ownership.FOREIGN:
        return Note(
            NoteCategory.BLOCKED,
            ref,
            f"is wanted, but {_whose(found, options)}: left alone while it has that mark",
        )
    if ref in options.suspended:
        return Note(NoteCategory.SUSPENDED, ref, "left as it is by an override")
    if found is None:
        return _create(ref, projection, options)
    if found.ownership is Ownership.UNMANAGED and not options.adopt:
        return Note(NoteCategory.UNMANAGED, ref, "exists without our mark: --adopt takes it over")
    return _update(ref, projection, found, options)


def _create(ref: ResourceRef, projection: Projection, options: DiffOptions) -> Change:
    cause, because = options.edited_as, ""
    if ref in options.removed_outside:
        cause, because = Cause.DRIFTED, "deleted outside envctl"
    elif BENEATH in (extra := parse_canonical(projection.extra)):
        because = _held_text(map(shown_path, sorted(extra[BENEATH])))
    kind, after = options.kinds.get(ref.kind), projection.attributes
    if kind is not None and kind.shared:
        # The defaults of shared fields, too, that the YAML does not give.
        wanted = parse_canonical(after)
        after = canonical_bytes(keep_found({}, wanted, kind.shared, projection.owned))
    return Change(
        action="create",
        target=options.target,
        ref=ref,
        cause=cause,
        fields=(),
        before=None,
        after=after,
        extra=projection.extra,
        digest=projection.digest,
        base=NOTHING,
        origin=options.origins.get(ref),
        because=because,
        depends_on=projection.depends_on,
    )


def _update(
    ref: ResourceRef, projection: Projection, found: Observation, options: DiffOptions
) -> Change | None:
    before = parse_canonical(found.attributes)
    kind = options.kinds.get(ref.kind)
    after = parse_canonical(projection.attributes)
    if kind is not None:
        if kind.shared:
            after = keep_found(before, after, kind.shared, projection.owned)
        if kind.leaving is Leaving.MARK_THEN_DELETE and is_leaving(found):
            after = without_marks(kind, after)
    found_differences = differences(before, after)
    left = options.left.get(ref)
    if left:
        found_differences = list(_but_left(ref, found_differences, left, options.names))
        after = apply(found_differences, before)
    extra = _extra_differences(projection, found)
    if left and not found_differences and not extra and found.ownership is Ownership.OURS:
        return None
    overridden = Overridden(kind, found, options.overridden.get(ref, projection), projection)
    fields = (*found_differences, *extra)
    paths = (options.names.name_path(ref, difference.path) for difference in fields)
    cause, because = _why(overridden, paths, options)
    wanted = parse_canonical(projection.extra)
    told = field_changes(ref, fields, options.names)
    if kind is not None and kind.collapse_fields:
        found_extra = (found.mark or _EMPTY_MARK).extra
        told = collapse_fields(told, kind, (before, found_extra), (after, wanted))
    is_beneath = BENEATH in wanted and cause is not Cause.OVERRIDDEN
    return Change(
        action="update",
        target=options.target,
        ref=ref,
        cause=cause,
        fields=(
            *told,
            *(overridden.edits_beneath() if is_beneath else ()),
        ),
        before=found.attributes,
        after=canonical_bytes(after),
        extra=projection.extra,
        digest=projection.digest,
        base=found.base,
        origin=options.origins.get(ref),
        because=because,
        depends_on=tuple(dict.fromkeys((*projection.depends_on, *found.depends_on))),
    )


def _but_left(
    ref: ResourceRef, found: Iterable[Difference], left: tuple[str, ...], names: FieldNames
) -> Iterator[Difference]:
    """Yield the differences but those that an override leaves: under ``x`` it leaves ``x`` itself and what is below it."""
    places = tuple(f"{path}." for path in left)
    for difference in found:
        if not f"{names.name_path(ref, difference.path)}.".startswith(places):
            yield difference


def collapse_fields(
    fields: tuple[FieldChange, ...],
    kind: Kind[Any],
    before: tuple[Json, Mapping[str, Any]],
    after: tuple[Json, Mapping[str, Any]],
) -> tuple[FieldChange, ...]:
    """Return field changes, those within a field of the YAML that its kind tells whole as one change of the value somebody wrote.

    ``before`` and ``after`` are attributes with what is authored beside them. Where the whole reads the same on both sides its
    attributes are told one by one: somebody changed one of them alone.
    """
    told = fields
    for name, whole in kind.collapse_fields.items():
        inside = [
            field for field in told if field.path == name or field.path.startswith(f"{name}.")
        ]
        if not inside:
            continue
        old, new = (whole(items, _authored(extra)) for items, extra in (before, after))
        if old == new:
            continue
        place = told.index(inside[0])
        rest = [field for field in told[place:] if field not in inside]
        told = (*told[:place], FieldChange(name, old, new), *rest)
    return told


def _authored(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of a document that are beside its items; none where others left something else in their place."""
    fields = extra.get("spec")
    return fields if isinstance(fields, Mapping) else {}


def _extra_differences(projection: Projection, found: Observation) -> tuple[Difference, ...]:
    """What was authored differently but is no attribute: labels, protection, fields of the controller alone."""
    if found.mark is None:
        return ()
    wanted = parse_canonical(projection.extra)
    before, after = (
        {**_NO_PARTS, **{name: part for name, part in extra.items() if name not in _NOT_AUTHORED}}
        for extra in (found.mark.extra, wanted)
    )
    return tuple(d._replace(path=(EXTRA, *d.path)) for d in differences(before, after))


def _why(overridden: Overridden, paths: Iterator[str], options: DiffOptions) -> tuple[Cause, str]:
    _, found, _, projection = overridden
    if found.ownership is Ownership.UNMANAGED:
        return Cause.ADOPTED, "existed before; is taken over"
    if found.ownership is Ownership.LOST_MARK:
        return Cause.DRIFTED, "mark lost"
    mark = found.mark or _EMPTY_MARK
    if projection.digest == mark.digest:
        return Cause.DRIFTED, "changed outside envctl"
    drifted = found.digest != mark.digest
    also = "also changed outside envctl since it was last applied" if drifted else ""
    holds, held = found.ref in options.overridden, BENEATH in mark.extra
    if (holds or held) and not overridden.is_edited(paths, options.names):
        said = "as an override says" if holds else "the override of it has ended"
        return Cause.OVERRIDDEN, "; ".join(filter(None, (said, also)))
    if LEAVING in mark.extra:
        return options.edited_as, "comes back: it had been marked as leaving"
    wanted = parse_canonical(projection.extra)
    shapes = mark.extra.get("shape"), wanted.get("shape")
    if shapes[0] != shapes[1] and not _extra_differences(projection, found):
        # Attributes alone cannot tell an edit from another way of writing the same document. The cause that
        # nobody reviewed is the careful answer: the guards count it.
        text = f"shape {shapes[0]} → {shapes[1]}: written another way by this version"
        return Cause.UPGRADED, "; ".join(filter(None, (text, also)))
    if BENEATH not in wanted:
        return options.edited_as, also
    return options.edited_as, "; ".join(filter(None, (also, _held_text(overridden.held_fields))))


def _held_text(fields: Iterable[str]) -> str:
    """Return that fields have the values of an override, whatever else changes; empty for none."""
    names = ", ".join(fields)
    return f"an override holds {names}" if names else ""


def _unwanted(found: Observation, options: DiffOptions) -> Change | Note | None:
    ref = found.ref
    match found.ownership:
        case Ownership.FOREIGN:
            return Note(NoteCategory.FOREIGN, ref, _whose(found, options))
        case Ownership.UNMANAGED:
            return Note(NoteCategory.UNMANAGED, ref, "not in the YAML, not ours")
        case Ownership.LOST_MARK:
            return Note(
                NoteCategory.UNMANAGED, ref, "lost its mark and is not in the YAML: left alone"
            )
        case Ownership.OURS if ref in options.suspended:
            return Note(NoteCategory.SUSPENDED, ref, "left as it is by an override")
        case Ownership.OURS if ref in options.unrecorded:
            text = "has our mark, but no record says we made it: left alone"
            return Note(NoteCategory.UNMANAGED, ref, text)
        case _ if is_tombstone(found):
            # There may be thousands, which need no look at their items.
            return None
        case _:
            step = leave(found, options.kinds.get(ref.kind), options.now)
            return _leave(found, step, options)


def _leave(found: Observation, step: Deletion, options: DiffOptions) -> Change | Note | None:
    if step.action == "none":
        return Note(NoteCategory.LEAVING, found.ref, step.because) if step.because else None
    mark = found.mark or _EMPTY_MARK
    why = options.leaving_because.get(found.ref, "")
    fields: tuple[FieldChange, ...] = ()
    if step.action == "update":
        before, after = parse_canonical(found.attributes), parse_canonical(step.after)
        fields = field_changes(found.ref, differences(before, after), options.names)
    return Change(
        action=step.action,
        target=options.target,
        ref=found.ref,
        cause=Cause.PRUNED,
        fields=fields,
        before=found.attributes,
        after=step.after if step.action == "update" else None,
        # Of what goes, too, all that was authored is shown.
        extra=step.extra or canonical_bytes(mark.extra),
        digest=step.digest,
        base=found.base,
        origin=Origin(mark.path, mark.line) if mark.path else None,
        because="; ".join(filter(None, (why, step.because))),
        depends_on=found.depends_on,
    )


def _whose(found: Observation, options: DiffOptions) -> str:
    by = (found.mark or _EMPTY_MARK).by
    if by and by == options.installation:
        return "carries our mark of another item: it is a copy"
    return f"carries the mark of another installation ({by})"
