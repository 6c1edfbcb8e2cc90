"""Ticks of power: what is due is looked at, planned and switched, at once and to its end; nothing due costs no call to AWS."""

from datetime import datetime

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.live.accounts import LiveAccounts
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.power.agenda import PowerAgenda
from controller.engine.reconcile.reconciler import Followed, Reconciler, ReconcileRequest
from controller.events import Emit, discard_event
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Requester
from controller.model.observed import ScopeState
from controller.model.plan import NoteCategory
from controller.targets.power import TARGET

_WAITING = frozenset({NoteCategory.POSTPONED, NoteCategory.STUCK, NoteCategory.WAITING})


class PowerRun:
    """Keeps the agenda between ticks. Not for several threads at once."""

    def __init__(self, accounts: LiveAccounts, claim: Claim, requester: Requester) -> None:
        """Take the live accounts, how their scopes are asked for, and who asks."""
        self.accounts = accounts
        self._claim, self._requester = claim, requester
        self.agenda = PowerAgenda()

    def watch(self, accepted: AcceptedState, now: datetime) -> None:
        """Take note of a (new) accepted state: scopes of which it says something new are due."""
        self.agenda.watch(accepted, self.accounts.scopes(accepted), now)

    def tick(
        self, accepted: AcceptedState, now: datetime, emit: Emit = discard_event
    ) -> Followed | None:
        """Switch what is due; None if nothing is. What is wrong with one scope is its outcome. Raises as planning."""
        due = self.agenda.due(now)
        if not due:
            return None
        followed = Reconciler(live=self.accounts, clock=lambda: now, emit=emit).follow(
            accepted,
            due,
            LivePlanOptions(now=now, targets=(TARGET.name,)),
            ReconcileRequest(requester=self._requester, claim=self._claim),
            new_run_id(now),
        )
        for scope, outcome in zip(followed.scopes, followed.outcomes, strict=True):
            self._learn(scope, outcome, accepted, now)
        return followed

    def _learn(
        self, scope: LiveScopePlan, outcome: ScopeOutcome, accepted: AcceptedState, now: datetime
    ) -> None:
        name = scope.setup.scope.name
        # Power alone was asked for: where it has no part it could not see the scope.
        look = scope.view.look if scope.view.parts else None
        if look is None or outcome.exit_code:
            self.agenda.failed(name, now)
        if look is None:
            return
        waits = any(
            scope_plan.state is ScopeState.REFUSED
            or any(note.category in _WAITING for note in scope_plan.notes)
            for scope_plan in scope.plans
        )
        goes_on = outcome.again_at is not None or bool(outcome.exit_code)
        self.agenda.learn(look, accepted, now, waits=waits or goes_on)
