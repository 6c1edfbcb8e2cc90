"""Ticks of power: what is due is looked at, planned and switched, at once and to its end; nothing due costs no call to AWS."""

from dataclasses import dataclass
from datetime import datetime

from controller.engine.lease import Claim
from controller.engine.live_plan import LiveAsked, LiveScopePlan
from controller.engine.live_run import LiveAccounts
from controller.engine.live_scope_run import LiveOrder, ScopeOutcome
from controller.engine.power_agenda import PowerAgenda
from controller.engine.run_id import new_run_id
from controller.events import Emit, nobody_listens
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Actor
from controller.model.observed import ScopeState
from controller.model.plan import Plan
from controller.planning.scope_plan import plan
from controller.targets.power import TARGET, Power
from controller.targets.power_parts.look_facts import look_of

SCHEDULE = "schedule"
"""What triggered a run, as its records say it."""
_WAITING = frozenset({"postponed", "stuck", "waiting"})


@dataclass(frozen=True, slots=True)
class Switched:
    """What one tick did: the plan of the scopes that were due, and what became of each."""

    plan: Plan
    outcomes: tuple[ScopeOutcome, ...]


class PowerRun:
    """Keeps the agenda between ticks. Not for several threads at once."""

    def __init__(self, accounts: LiveAccounts, claim: Claim) -> None:
        """Take the live accounts, and how their scopes are asked for."""
        self._accounts = accounts
        self._claim = claim
        self.agenda = PowerAgenda()

    def watch(self, accepted: AcceptedState, now: datetime) -> None:
        """Take note of a (new) accepted state: scopes of which it says something new are due."""
        self.agenda.watch(accepted, self._accounts.scopes(accepted), now)

    def tick(
        self, accepted: AcceptedState, now: datetime, emit: Emit = nobody_listens
    ) -> Switched | None:
        """Switch what is due; None if nothing is. What is wrong with one scope is its outcome. Raises as planning."""
        due = self.agenda.due(now)
        if not due:
            return None
        setups = self._accounts.scopes(accepted, due)
        run = self._accounts.plan(accepted, setups, LiveAsked(now=now, targets=(TARGET.name,)))
        whole = plan(run.plans, revision=accepted.revision, label=SCHEDULE)
        surroundings = self._accounts.installation.master.surroundings
        user = surroundings.user
        order = LiveOrder(
            actor=Actor(user, accepted.revision, user, SCHEDULE),
            transaction=new_run_id(now),
            revision=accepted.revision,
            plan_digest=whole.digest,
        )
        outcomes = self._accounts.apply(run, self._claim, order, emit=emit)
        for scope, outcome in zip(run.scopes, outcomes, strict=True):
            self._learn(scope, outcome, accepted, now)
        return Switched(whole, outcomes)

    def _learn(
        self, scope: LiveScopePlan, outcome: ScopeOutcome, accepted: AcceptedState, now: datetime
    ) -> None:
        name = scope.setup.scope.name
        part = next((one for one in scope.view.parts if isinstance(one.target, Power)), None)
        if part is None or outcome.exit_code:
            self.agenda.failed(name, now)
        if part is None:
            return
        waits = any(note.category in _WAITING for one in scope.plans for note in one.notes) or any(
            one.state is ScopeState.REFUSED for one in scope.plans
        )
        look = look_of(part.observed.facts["look"], scope.setup.scope)
        self.agenda.learn(look, accepted, now, waits=waits or bool(outcome.exit_code))
