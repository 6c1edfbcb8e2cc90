"""Scopes as a look found them, for questions that are answered from looks."""

from collections.abc import Iterable

from controller.engine.live.observe import Part, ScopeSetup, ScopeView, Unobserved
from controller.engine.live.planner import LiveScopePlan
from controller.errors import Unreachable
from controller.model.canonical import ABSENT
from controller.model.live import FoundGroup, FoundInstance
from controller.model.observed import ObservedState, ScopeState
from controller.model.plan import Action, Cause, Change, FieldChange, ScopePlan
from controller.model.ref import ResourceRef
from controller.ports import Projected
from controller.targets.groups import TARGET as GROUPS
from tests.support.live_account import SCOPE
from tests.unit.decisions.looks import look

SETUP = ScopeSetup(SCOPE, None, None, "enforce")


def looked_at(
    *found: FoundInstance | FoundGroup, changes: Iterable[Change] = (), compared: bool = True
) -> LiveScopePlan:
    """Return a scope in which these were found; ``compared`` tells whether groups were compared with what they are to be."""
    state = ObservedState(SCOPE.name, ScopeState.OK, {})
    parts = (Part(GROUPS, "enforce", state, Projected(projections={})),) if compared else ()
    plan = ScopePlan(SCOPE.name, ScopeState.OK, tuple(changes))
    return LiveScopePlan(SETUP, (plan,), ScopeView(SETUP, parts, {}, look(*found)))


def not_seen() -> LiveScopePlan:
    """Return a scope that could not be looked at."""
    why = Unobserved(ScopeState.UNKNOWN, Unreachable("no answer", fix="try again"))
    plan = ScopePlan(SCOPE.name, ScopeState.UNKNOWN, reason=why.reason)
    return LiveScopePlan(SETUP, (plan,), ScopeView(SETUP, unknown={"": why}))


def drift_of(group: str, action: Action = "update", cause: Cause = Cause.DRIFTED) -> Change:
    """Return what puts a group back whose desired size others changed."""
    field = FieldChange("desiredCapacity", 9, ABSENT)
    ref = ResourceRef("Group", f"{SCOPE.name}/{group}")
    return Change(action, "groups", ref, cause, (field,), None, None, b"", "", b"")
