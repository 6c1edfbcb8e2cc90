"""The live scopes of a run whose config tables did not become what was planned: planned again from what the tables hold.

What the tables hold is accepted, so it is healed and switched all the same; what relies on the rest waits for it.
"""

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from controller.engine.config.observe import ACCEPTED_REVISION, ObservedConfig, observe_config
from controller.engine.live.accounts import LiveAccounts, LivePlanRun
from controller.engine.live.planner import LiveScopePlan
from controller.engine.live.still_due import what_of
from controller.errors import Unreachable
from controller.model.observed import CONFIG_SCOPE, ObservedState, ScopeState
from controller.model.plan import Outcome, Status
from controller.model.ref import Reason

NOT_ACCEPTED: Final = Reason(
    "the config tables did not become what it was planned from", fix="apply again"
)


class PlannedAgain(NamedTuple):
    """What is due still of the live scopes of a run, and what became of the changes that are not."""

    run: LivePlanRun
    dropped: tuple[Outcome, ...]


def planned_again(
    accounts: LiveAccounts, before: ObservedConfig, shown: LivePlanRun, now: datetime
) -> PlannedAgain:
    """Plan live scopes from the tables as they are now, and keep of it what was shown.

    Ways in and barriers are read from the tables as they were ``before`` the run, too. Raises Interrupted, Unreachable where
    the tables cannot be read, and as any read.
    """
    accounts.installation.master.process.interruption.check()
    observed = observe_config(accounts.installation)
    tables, applied = _tables(observed), _tables(before)
    if tables.state not in (ScopeState.OK, ScopeState.OBSERVE):
        raise Unreachable(f"scope {CONFIG_SCOPE}: it could not be read again: {tables.reason}")
    revision = str(tables.facts.get(ACCEPTED_REVISION, ""))
    accepted = accounts.accepted(applied, now, observed.overrides, revision, tables)
    names = {scope.setup.scope.name for scope in shown.scopes}
    setups = [setup for setup in accounts.scopes(accepted) if setup.scope.name in names]
    run = accounts.plan(accepted, setups, replace(shown.asked, now=now))
    known = {what_of(change) for scope in shown.scopes for change in scope.to_do}
    scopes = tuple(_only(scope, known) for scope in run.scopes)
    left = {what_of(change) for scope in scopes for change in scope.to_do}
    dropped = tuple(
        Outcome(change, Status.SKIPPED, NOT_ACCEPTED)
        for scope in shown.scopes
        for change in scope.to_do
        if what_of(change) not in left
    )
    return PlannedAgain(replace(run, scopes=scopes), dropped)


def _tables(observed: ObservedConfig) -> ObservedState:
    return next(scope for scope in observed.scopes if scope.scope == CONFIG_SCOPE)


def _only(scope: LiveScopePlan, known: set[Hashable]) -> LiveScopePlan:
    plans = (
        replace(plan, changes=tuple(change for change in plan.changes if what_of(change) in known))
        for plan in scope.plans
    )
    return replace(scope, plans=tuple(plans))
