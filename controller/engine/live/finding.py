"""How a live scope stands after a run: as the worst of its parts, with what was counted there. Pure."""

from collections.abc import Sequence
from typing import Final

from controller.engine.live.counts import scope_counts_of
from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.state.status import Finding
from controller.model.observed import ScopeState
from controller.model.outcome import DONE, Outcome
from controller.model.plan import Change
from controller.model.ref import ResourceRef

_WORST: Final = (
    ScopeState.REFUSED,
    ScopeState.UNKNOWN,
    ScopeState.WAITING,
    ScopeState.OK,
    ScopeState.OBSERVE,
)


def finding_of(
    plan: LiveScopePlan,
    asked: LivePlanOptions,
    outcomes: Sequence[Outcome] = (),
    revision: str = "",
) -> Finding:
    """Say how a scope stands once ``outcomes`` have come of its plan; ``revision`` is the one they were to bring."""
    plans = plan.plans
    state = worst(plan)
    failed = [outcome for outcome in outcomes if outcome.status not in DONE]
    done = [outcome.change for outcome in outcomes if outcome.status in DONE]
    partial = bool(asked.targets) or asked.only is not None
    present = {one.state for one in plans}
    known = present <= {ScopeState.OK, ScopeState.OBSERVE} and present != {ScopeState.OBSERVE}
    left = {_place(change) for one in plans for change in one.changes} - set(map(_place, done))
    return Finding(
        scope=plan.setup.scope.name,
        state=state,
        reason="\n".join(dict.fromkeys([*reasons(plan, state), *(f.message for f in failed[:3])])),
        changes=len(left),
        blocked=sum(note.category == "blocked" for one in plans for note in one.notes),
        applied=revision if known and not failed and not partial else "",
        partial=partial,
        seen=scope_counts_of(plan, asked.now, deep=asked.deep, done=done),
    )


def worst(plan: LiveScopePlan) -> ScopeState:
    """Return the state that somebody has to know of first."""
    present = {one.state for one in plan.plans}
    return next((one for one in _WORST if one in present), ScopeState.OK)


def reasons(plan: LiveScopePlan, state: ScopeState) -> list[str]:
    """Return why a scope is in a state, and what guards refuse there, each once."""
    plans = plan.plans
    found = [one.reason for one in plans if one.reason and one.state is state]
    found += [each.message for one in plans for each in one.violations if not each.overridden]
    return list(dict.fromkeys(found))


def _place(change: Change) -> tuple[str, ResourceRef]:
    return change.target, change.ref
