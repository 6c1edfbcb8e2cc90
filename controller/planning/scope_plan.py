"""One scope from desired and observed to a plan; many scopes to one plan."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import Plan, ScopePlan
from controller.model.ref import ResourceRef
from controller.model.resource import Projection
from controller.planning.diff import DiffOptions, DiffResult, diff
from controller.planning.edits import known_paths, with_file_edits
from controller.planning.guards import (
    GuardFacts,
    GuardSettings,
    approve,
    count_ours,
    find_violations,
    plan_digest,
)
from controller.planning.leaving import left_with_retired
from controller.planning.order import Barrier, block_changes, in_order

_KNOWN = (ScopeState.OK, ScopeState.OBSERVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOptions:
    """How one scope is planned.

    ``tokens`` approve violations and lift barriers.
    """

    diff: DiffOptions
    limits: GuardSettings = field(default_factory=GuardSettings)
    tokens: Sequence[str] = ()
    barriers: Sequence[Barrier] = ()
    source_paths: AbstractSet[str] | None = None


def plan_scope(
    desired: Mapping[ResourceRef, Projection], observed: ObservedState, options: ScopeOptions
) -> ScopePlan:
    """Plan one scope of one target. In a scope that is not known nothing is planned, and its reason is kept.

    A desired state of nothing against objects of ours is a mistake, not a wish.
    """
    if observed.state not in _KNOWN:
        return ScopePlan(observed.scope, observed.state, reason=observed.reason)
    leaving = left_with_retired(desired, options.diff.kinds)
    staying, how = desired, options.diff
    if leaving:
        because = {ref: f"{owner} is retired" for ref, owner in leaving.items()}
        how = replace(how, leaving_because=because)
        staying = {ref: projection for ref, projection in desired.items() if ref not in leaving}
    return finish(observed, (diff(staying, observed, how),), options, desired_count=len(desired))


def finish(
    observed: ObservedState,
    results: Iterable[DiffResult],
    options: ScopeOptions,
    *,
    desired_count: int | None = None,
) -> ScopePlan:
    """Make a plan of what the targets of one known scope differ in: held back, in order, guarded.

    ``desired_count`` of 0 is taken for an empty source; None where that is nothing unusual.
    """
    results = tuple(results)
    # Ordered first, so that what is said of a change held back does not depend on the order they came in.
    ordered = in_order(change for result in results for change in result.changes)
    withheld = frozenset().union(*(result.withheld for result in results))
    unblocked = block_changes(observed.scope, ordered, options.barriers, withheld, options.tokens)
    known = known_paths(observed) if options.source_paths else frozenset()
    changes = with_file_edits(unblocked.changes, options.source_paths, known)
    facts = GuardFacts(
        observed=observed,
        counts=count_ours(observed),
        limits=options.limits,
        kinds=options.diff.kinds,
        desired_count=desired_count,
        source_paths=options.source_paths,
    )
    found = approve(find_violations(changes, facts), options.tokens)
    violations = (*unblocked.lifted, *found)
    refused = any(not violation.overridden for violation in violations)
    notes = (*unblocked.notes, *(note for result in results for note in result.notes))
    return ScopePlan(
        scope=observed.scope,
        state=ScopeState.REFUSED if refused else observed.state,
        changes=changes,
        violations=violations,
        notes=tuple(sorted(notes)),
        reason=observed.reason,
        observed_count=facts.counts,
    )


def plan(scopes: Iterable[ScopePlan], *, revision: str, label: str) -> Plan:
    """Put scopes together, ``config`` first, the others by name."""
    ordered = tuple(sorted(scopes, key=lambda scope: (scope.scope != CONFIG_SCOPE, scope.scope)))
    return Plan(revision=revision, label=label, scopes=ordered, digest=plan_digest(ordered))
