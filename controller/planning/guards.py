"""Limits on what one plan may do in one scope: each violation says what it counts and how to approve exactly that."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from controller.kinds.language.kind import Leaving
from controller.model.observed import is_protected
from controller.model.plan import UNREVIEWED_CAUSES, Cause, Change, Violation
from controller.planning.approval import violation_digest
from controller.planning.guard_facts import GuardFacts
from controller.planning.leaving import is_leaving, is_retired
from controller.planning.order import leaves
from controller.planning.vanished import folder_hint, vanished_files
from controller.planning.wording import plural

EFFECTS: Final = (
    ("launched", "maxInstancesLaunched", "max_instances_launched"),
    ("ended", "maxInstancesEnded", "max_instances_ended"),
    ("replaced", "maxInstancesReplaced", "max_instances_replaced"),
)


def find_violations(changes: Sequence[Change], facts: GuardFacts) -> tuple[Violation, ...]:
    """Return every violation of one scope's changes, in a fixed order."""
    deletes = [change for change in changes if _is_first_step_out(change, facts)]
    return (
        *_protected(deletes, facts),
        *_not_retired(deletes, facts),
        *_deletes(deletes, changes, facts),
        *_unreviewed_updates(changes, facts),
        *_effects(changes, facts),
    )


def _is_first_step_out(change: Change, facts: GuardFacts) -> bool:
    """The delete of what has been marked before was counted and approved when it was marked."""
    if not leaves(change):
        return False
    found = facts.observed.objects.get(change.ref)
    return found is None or not is_leaving(found)


def _applied(change: Change, facts: GuardFacts) -> Mapping[str, object]:
    """What was last applied decides: lifting a protection and deleting the object take two revisions."""
    found = facts.observed.objects.get(change.ref)
    return {} if found is None or found.mark is None else found.mark.extra


def _protected(deletes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    counted = [change for change in deletes if is_protected(_applied(change, facts))]
    if counted:
        yield _violation(
            "protected",
            facts,
            f"{_named(counted)} would be deleted but {'is' if len(counted) == 1 else 'are'} protected",
            counted,
            hint="put it back, apply it without metadata.protect, then delete it in a later revision",
            overridable=False,
        )


def _not_retired(deletes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    counted = [
        change
        for change in deletes
        if (kind := facts.kinds.get(change.ref.kind)) is not None
        and kind.leaving is Leaving.RETIRE_FIRST
        and not is_retired(_applied(change, facts))
    ]
    if counted:
        yield _violation(
            "retireFirst",
            facts,
            f"{_named(counted)} would be deleted without having been retired",
            counted,
            hint="put it back with `lifecycle: retired`, apply that, then delete the file",
        )


def _deletes(
    deletes: Sequence[Change], changes: Sequence[Change], facts: GuardFacts
) -> Iterator[Violation]:
    ours: int = sum(facts.counts.values())
    if facts.desired_count == 0 and ours:
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
    hint = folder_hint(deletes, changes, facts)
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
        text = f"{gone} of {there} {plural(kind)} would be deleted"
        if there < limits.from_objects:
            if gone > limits.small_max_deletes:
                yield (
                    kind,
                    f"{text} (limit {limits.small_max_deletes} of fewer than {limits.from_objects}{total})",
                )
        elif gone / there > limits.max_delete_share:
            share, limit = gone / there, limits.max_delete_share
            yield kind, f"{text} ({share * 100:.0f} %; limit {limit * 100:.0f} %{total})"


def _truncated(deletes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    gone, known = vanished_files(facts)
    limits = facts.limits
    if known < limits.from_objects or len(gone) / known <= limits.max_delete_share:
        return
    counted = [change for change in deletes if change.origin and change.origin.path in gone]
    if counted:
        yield _violation(
            "truncatedSource",
            facts,
            f"{len(gone)} of {known} files that gave objects here are gone from the source",
            counted,
            hint="was only a part of the source read, or the path in the settings changed?",
        )


def _unreviewed_updates(changes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    limits = facts.limits
    updates = [c for c in changes if c.action == "update" and c.cause in UNREVIEWED_CAUSES]
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


def _effects(changes: Sequence[Change], facts: GuardFacts) -> Iterator[Violation]:
    """Instances touched by anything but the clock, which switches what the schedules say, however many that is."""
    by_edit = [change for change in changes if change.cause is not Cause.SCHEDULED]
    for effect, guard, limit_name in EFFECTS:
        limit: int = getattr(facts.limits, limit_name)
        counted = [change for change in by_edit if (change.effects or {}).get(effect)]
        total = sum((change.effects or {})[effect] for change in counted)
        if total > limit:
            yield _violation(
                guard, facts, f"{total} instances would be {effect} (limit {limit})", counted
            )
    stops = [change for change in by_edit if stops_of(change)]
    total, limit = sum(map(stops_of, stops)), facts.limits.max_stops_by_edit
    if total > limit:
        text = f"{total} instances would be stopped by an edit, not by the clock (limit {limit})"
        yield _violation("maxStopsByEdit", facts, text, stops)


def stops_of(change: Change) -> int:
    """Return how many instances a change stops: as its effects say, else one for a stop."""
    return (change.effects or {}).get("stopped", int(change.action == "stop"))


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
