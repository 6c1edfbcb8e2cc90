"""Limits on what one plan may do in one scope.

Each violation says what it counts; its digest, and that of a whole plan, say what exactly was reviewed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import Field

from controller.kinds.language.documented import Names, SettingsPart
from controller.kinds.language.kind import Kind, Leaving
from controller.model.canonical import canonical_bytes, digest_of, parse_canonical
from controller.model.observed import ObservedState, Ownership, is_protected
from controller.model.plan import (
    FORMAT_VERSION,
    UNREVIEWED_CAUSES,
    Cause,
    Change,
    ScopePlan,
    Violation,
)
from controller.model.ref import ResourceRef
from controller.planning.edits import OF_NO_EDIT, folder_hint, known_paths
from controller.planning.fields import differences
from controller.planning.leaving import LEAVING, is_leaving, is_retired, leaves
from controller.planning.wording import plural


class GuardSettings(SettingsPart):
    """How much may change in one plan before somebody has to approve it."""

    max_delete_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of the objects of one kind that may be deleted, from ``fromObjects`` objects on."""
    from_objects: Annotated[int, Field(ge=0)] = 10
    """From how many objects of a kind the shares are counted."""
    small_max_deletes: Annotated[int, Field(ge=0)] = 3
    """How many objects may be deleted of a kind that has fewer."""
    max_deletes: Annotated[int, Field(ge=0)] = 50
    """How many objects may be deleted in all."""
    max_update_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of the objects of one kind that may be updated for a cause nobody reviewed."""
    max_instances_launched: Annotated[int, Field(ge=0)] = 20
    """How many instances may be launched in one scope."""
    max_instances_ended: Annotated[int, Field(ge=0)] = 20
    """How many instances may be ended in one scope."""
    max_instances_replaced: Annotated[int, Field(ge=0)] = 300
    """How many instances may be replaced in one scope."""
    max_stops_by_edit: Annotated[int, Field(ge=0)] = 50
    """How many instances may be stopped by an edit (the clock may stop any number)."""
    approval_for: Names = ()
    """Scopes (``config``, ``111111111111/eu-west-1``) whose edits somebody approves each time, however few; ``*`` stands for anything, ``/`` too."""


@dataclass(frozen=True, kw_only=True)
class GuardFacts:
    """One scope as the guards see it.

    ``desired_count`` is how many objects the source has for this scope; None where having none is nothing unusual
    (a live scope). ``source_paths`` are the files of the source; None where the desired state comes from no files.
    """

    observed: ObservedState
    limits: GuardSettings
    kinds: Mapping[str, Kind[Any]]
    desired_count: int | None = None
    source_paths: AbstractSet[str] | None = None
    protected: AbstractSet[ResourceRef] = frozenset()
    """Objects that are protected as they are to be."""
    leaves: str = ""
    """The revision accepted last, where the history of the planned one does not have it."""

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Objects per kind that are ours and staying, those that only lost their mark included: what shares are shares of.

        Tombstones stay for good: counting them would let a few live services be a small share of many dead ones. Counted only
        where something has to be shared out.
        """
        mine = (Ownership.OURS, Ownership.LOST_MARK)
        return Counter(
            ref.kind
            for ref, found in self.observed.objects.items()
            # As ``is_leaving`` says, without a call for every object there is.
            if found.ownership in mine and (found.mark is None or LEAVING not in found.mark.extra)
        )


def plan_digest(scopes: Iterable[ScopePlan]) -> str:
    """Digest of changes in their order, the states they were planned from, violations, and the format's version.

    Revision, origins, authorship and wording are shown, not hashed; neither is whether a violation has been
    approved, nor the state that follows from it. Scopes count in the order of their names. 64 hexadecimal digits.
    """
    whole = hashlib.sha256(f"envctl plan {FORMAT_VERSION}\n".encode())
    for scope in sorted(scopes, key=lambda scope: scope.scope):
        violations = sorted((v.guard, v.digest) for v in scope.violations)
        head = (scope.scope, violations, len(scope.changes))
        whole.update(canonical_bytes(head))
        for change in scope.changes:
            parts = (
                canonical_bytes((change.action, change.target, *change.ref, change.cause.value)),
                change.before,
                change.after,
                change.extra,
                change.digest.encode(),
                change.base,
                canonical_bytes(dict(change.effects or {})),
            )
            for part in parts:
                # A length before each part, so that no two sequences of parts give the same bytes.
                whole.update(b"-" if part is None else b"%d:" % len(part))
                whole.update(part or b"")
    return whole.hexdigest()


def violation_digest(guard: str, scope: str, counted: Iterable[Change]) -> str:
    """Digest over exactly the changes a violation counts: what they are, what they do, from which state.

    It does not depend on the revision, so an approval holds after a squash-merge.
    """
    counted_now: Sequence[list[str]] = sorted(
        [*change.ref, change.target, change.action, change.base.decode()] for change in counted
    )
    return digest_of([FORMAT_VERSION, guard, scope, counted_now])


_TOLD: Final = 10
"""Objects whose changes a message spells out; the plan has all of them."""
EFFECTS: Final = (
    ("launched", "maxInstancesLaunched", "max_instances_launched", "launched"),
    ("ended", "maxInstancesEnded", "max_instances_ended", "ended"),
    ("replaced", "maxInstancesReplaced", "max_instances_replaced", "replaced"),
    ("stopped", "maxStopsByEdit", "max_stops_by_edit", "stopped by an edit, not by the clock"),
)
"""An effect, its guard, the limit among the settings, and how the guard's message calls it."""


def find_violations(changes: Sequence[Change], facts: GuardFacts) -> tuple[Violation, ...]:
    """Return every violation of one scope's changes, in a fixed order."""
    # The delete of what has been marked before was counted and approved when it was marked.
    objects = facts.observed.objects
    deletes = [
        change
        for change in changes
        if leaves(change)
        and not ((found := objects.get(change.ref)) is not None and is_leaving(found))
    ]
    adopted = [c for c in changes if c.cause is Cause.ADOPTED and c.action == "update"]
    unreviewed = [c for c in changes if c.action == "update" and c.cause in UNREVIEWED_CAUSES]
    by_edit = [
        change
        for change in changes
        if change.cause is not Cause.SCHEDULED and (change.effects or change.action == "stop")
    ]
    asks = facts.leaves or facts.limits.approval_for
    return (
        *(_unapproved_edits(changes, facts) if asks else ()),
        *(_forbidden(deletes, facts) if deletes else ()),
        *(_deletes(deletes, changes, facts) if deletes or facts.desired_count == 0 else ()),
        *(_adopted_otherwise(adopted, facts) if adopted else ()),
        *(_unreviewed_updates(unreviewed, facts) if unreviewed else ()),
        *(_effects(by_edit, facts) if by_edit else ()),
    )


def _unapproved_edits(changes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    """Yield that edits need somebody's word, be they few: all of a scope, or those of a source that went back."""
    edits = [change for change in changes if change.cause not in OF_NO_EDIT]
    if not edits:
        return
    scope, count = facts.observed.scope, len(edits)
    if facts.leaves:
        yield _violation(
            "sourceRewound",
            facts,
            f"the history of the source does not have {facts.leaves[:7]}, which is applied",
            edits,
            hint="was an older or another branch pushed over it? Push what is applied with what is meant on top, or approve it",
        )
    if any(fnmatchcase(scope, one) for one in facts.limits.approval_for):
        yield _violation(
            "approvalRequired",
            facts,
            f"{count} edit{'' if count == 1 else 's'} of {scope} wait{'s' if count == 1 else ''} for an approval (approvalFor)",
            edits,
            hint="somebody else than their author approves exactly these",
        )


def _forbidden(deletes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    """Yield what keeps single objects from being deleted, be it as applied last or as they are to be.

    So lifting a protection and deleting the object take two revisions.
    """
    protected, not_retired = list[Change](), list[Change]()
    for change in deletes:
        found, kind = facts.observed.objects.get(change.ref), facts.kinds.get(change.ref.kind)
        applied = {} if found is None or found.mark is None else found.mark.extra
        if is_protected(applied) or change.ref in facts.protected:
            protected.append(change)
        if kind is not None and kind.leaving is Leaving.RETIRE_FIRST and not is_retired(applied):
            not_retired.append(change)
    if protected:
        yield _violation(
            "protected",
            facts,
            f"{_named(protected)} would be deleted but {'is' if len(protected) == 1 else 'are'} protected",
            protected,
            hint="put it back, apply it without metadata.protect, then delete it in a later revision",
            overridable=False,
        )
    if not_retired:
        yield _violation(
            "retireFirst",
            facts,
            f"{_named(not_retired)} would be deleted without having been retired",
            not_retired,
            hint="put it back with `lifecycle: retired`, apply that, then delete the file",
        )


def _deletes(
    deletes: Sequence[Change], changes: Sequence[Change], facts: GuardFacts
) -> Iterator[Violation]:
    if facts.desired_count == 0 and (ours := sum(facts.counts.values())):
        yield _violation(
            "emptySource",
            facts,
            f"the source is empty, but {ours} objects here are ours",
            deletes,
            hint="an empty source is taken for a mistake: check its location, ref and path",
            overridable=False,
        )
        return
    if not deletes:
        return
    limits = facts.limits
    too_many = dict(_by_kind(deletes, facts))
    hint = folder_hint(deletes, changes, facts.observed, facts.source_paths)
    if len(deletes) > limits.max_deletes:
        kinds = "; ".join(too_many.values())
        total = f"{len(deletes)} objects would be deleted (maxDeletes {limits.max_deletes})"
        only = kinds if len({change.ref.kind for change in deletes}) == 1 else ""
        message = only or "; ".join(filter(None, (total, kinds)))
        yield _violation("maxDeletes", facts, message, deletes, hint=hint)
        return
    for kind, text in too_many.items():
        counted = [change for change in deletes if change.ref.kind == kind]
        yield _violation("maxDeletes", facts, text, counted, hint=hint)
    if not too_many:
        yield from _truncated(deletes, facts)


def _by_kind(deletes: Sequence[Change], facts: GuardFacts) -> Iterator[tuple[str, str]]:
    limits = facts.limits
    over_all = len(deletes) > limits.max_deletes
    total = f", maxDeletes {limits.max_deletes}" if over_all else ""
    for kind, gone in sorted(Counter(change.ref.kind for change in deletes).items()):
        there = max(facts.counts.get(kind, 0), gone)
        if there < limits.from_objects:
            over = gone > limits.small_max_deletes
            why = f"limit {limits.small_max_deletes} of fewer than {limits.from_objects}"
        else:
            over = gone / there > limits.max_delete_share
            why = f"{gone / there * 100:.0f} %; limit {limits.max_delete_share * 100:.0f} %"
        if over:
            yield kind, f"{gone} of {there} {plural(kind)} would be deleted ({why}{total})"


def _truncated(deletes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    known, limits = known_paths(facts.observed), facts.limits
    gone = known - (known if facts.source_paths is None else facts.source_paths)
    if len(known) < limits.from_objects or len(gone) / len(known) <= limits.max_delete_share:
        return
    counted = [change for change in deletes if change.origin and change.origin.path in gone]
    if counted:
        yield _violation(
            "truncatedSource",
            facts,
            f"{len(gone)} of {len(known)} files that gave objects here are gone from the source",
            counted,
            hint="was only a part of the source read, or the path in the settings changed?",
        )


def _adopted_otherwise(adopted: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    """Yield that taking objects over would change what other programs act on: hosts, routes, rights, schedules.

    A takeover changes none of them by itself; what is to change is approved, or edited in a later revision.
    """
    counted, texts = list[Change](), list[str]()
    for change in adopted:
        kind = facts.kinds.get(change.ref.kind)
        if kind is None or kind.read_by_others is None:
            continue
        before, after = (
            kind.read_by_others(parse_canonical(image or b"{}"))
            for image in (change.before, change.after)
        )
        # Values are in the plan, which shows none that is sensitive.
        places = sorted({".".join(map(str, found.path)) for found in differences(before, after)})
        if places:
            counted.append(change)
            texts.append(f"{change.ref} ({', '.join(places)})")
    if counted:
        more = [f"and {len(texts) - _TOLD} more"] if len(texts) > _TOLD else []
        yield _violation(
            "adoptAsItIs",
            facts,
            f"taking over would change what other programs act on: {'; '.join((*texts[:_TOLD], *more))}",
            counted,
            hint="write what the tables hold and change it in a later revision, or approve it",
        )


def _unreviewed_updates(updates: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    limits = facts.limits
    for kind, count in sorted(Counter(change.ref.kind for change in updates).items()):
        there = max(facts.counts.get(kind, 0), count)
        if there < limits.from_objects or count / there <= limits.max_update_share:
            continue
        counted = [change for change in updates if change.ref.kind == kind]
        causes = ", ".join(sorted({change.cause.value for change in counted}))
        yield _violation(
            "maxUpdateShare",
            facts,
            f"{count} of {there} {plural(kind)} would be updated for a cause nobody reviewed: {causes} "
            f"({count / there * 100:.0f} %; limit {limits.max_update_share * 100:.0f} %)",
            counted,
        )


def _effects(by_edit: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    """Instances touched by anything but the clock, which switches what the schedules say, however many that is."""
    for effect, guard, limit_name, what in EFFECTS:
        limit: int = getattr(facts.limits, limit_name)
        counted = [change for change in by_edit if instances_of(change, effect)]
        total = sum(instances_of(change, effect) for change in counted)
        if total > limit:
            text = f"{total} instances would be {what} (limit {limit})"
            yield _violation(guard, facts, text, counted)


def instances_of(change: Change, effect: str) -> int:
    """Return how many instances a change has an effect on: as its effects say, else one for a stop."""
    return (change.effects or {}).get(effect, int((effect, change.action) == ("stopped", "stop")))


def _violation(
    guard: str,
    facts: GuardFacts,
    message: str,
    counted: Sequence[Change],
    *,
    hint: str = "",
    overridable: bool = True,
) -> Violation:
    scope = facts.observed.scope
    refs = tuple(sorted(change.ref for change in counted))
    digest = violation_digest(guard, scope, counted)
    return Violation(guard, scope, message, digest, refs, hint, overridable)


def _named(changes: Sequence[Change]) -> str:
    first = [str(ref) for ref in sorted(change.ref for change in changes)[:3]]
    more = len(changes) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")
