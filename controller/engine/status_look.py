"""What a look at the accounts adds to status. Nothing is written, not even how the look went."""

from dataclasses import replace
from datetime import datetime

from controller.engine.live_finding import reasons, worst
from controller.engine.live_plan import LiveAsked, LiveScopePlan
from controller.engine.live_run import LiveAccounts
from controller.engine.read_status import StatusRead
from controller.engine.sighting import sighting_of
from controller.engine.status_view import LookedScope, StatusView


def with_look(read: StatusRead, accounts: LiveAccounts) -> StatusView:
    """Look at every account now and return the status with what is there. Raises as reading the controller's own rows."""
    if read.accepted is None:
        return read.view
    setups = accounts.scopes(read.accepted)
    run = accounts.plan(read.accepted, setups, LiveAsked(now=read.view.at))
    at = read.view.at
    looked = {scope.setup.scope.name: _looked(scope, at) for scope in run.scopes if scope.plans}
    return replace(read.view, looked=looked)


def _looked(scope: LiveScopePlan, at: datetime) -> LookedScope:
    state = worst(scope)
    return LookedScope(
        state=state,
        reason="\n".join(reasons(scope, state)),
        changes=sum(len(plan.changes) for plan in scope.plans),
        blocked=sum(note.category == "blocked" for plan in scope.plans for note in plan.notes),
        seen=sighting_of(scope, at),
    )
