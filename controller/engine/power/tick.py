"""Ticks of power: what is due is looked at, planned and switched, at once and to its end; nothing due costs no call to AWS."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from controller.engine.commit.lease import Claim
from controller.engine.commit.run_id import new_run_id
from controller.engine.commit.storage import ApplyRequest
from controller.engine.live.accounts import LiveAccounts, LivePlanRun
from controller.engine.live.apply_scope import ScopeOutcome
from controller.engine.live.planner import LivePlanOptions, LiveScopePlan
from controller.engine.live.scopes import ScopeSetup
from controller.engine.power.agenda import PowerAgenda
from controller.events import Emit, discard_event
from controller.gc_tuning import relaxed_gc
from controller.model.accepted import AcceptedState
from controller.model.ledger_record import Actor, Requester
from controller.model.observed import ScopeState
from controller.model.plan import NoteCategory, Plan
from controller.planning.scope_plan import plan
from controller.targets.power import TARGET

SCHEDULE = "schedule"
"""What triggers a run, as its records say it."""
_WAITING = frozenset({NoteCategory.POSTPONED, NoteCategory.STUCK, NoteCategory.WAITING})


@dataclass(frozen=True, slots=True)
class Switched:
    """What one tick did: the plan of the scopes that were due, and what became of each."""

    plan: Plan
    outcomes: tuple[ScopeOutcome, ...]


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

    @relaxed_gc()
    def tick(
        self, accepted: AcceptedState, now: datetime, emit: Emit = discard_event
    ) -> Switched | None:
        """Switch what is due; None if nothing is. What is wrong with one scope is its outcome. Raises as planning."""
        due = self.agenda.due(now)
        if not due:
            return None
        accounts = self.accounts
        name, trigger = self._requester
        actor = Actor(name, accepted.revision, name, trigger)
        transaction = new_run_id(now)

        def work_on(setup: ScopeSetup) -> tuple[LivePlanRun, tuple[ScopeOutcome, ...]]:
            """Look and switch at once: nobody waits for an account that is slow to answer."""
            run = accounts.plan(
                accepted, (setup,), LivePlanOptions(now=now, targets=(TARGET.name,))
            )
            digest = plan(run.plans, revision=accepted.revision, label=SCHEDULE).digest
            order = ApplyRequest(
                actor=actor,
                transaction=transaction,
                revision=accepted.revision,
                plan_digest=digest,
            )
            return run, accounts.act(run, self._claim, order, emit=emit)

        with ThreadPoolExecutor(
            accounts.installation.master.settings.live.parallel_scopes, thread_name_prefix="power"
        ) as pool:
            done = tuple(pool.map(work_on, accounts.scopes(accepted, due)))
        scopes = tuple(scope for run, _ in done for scope in run.scopes)
        outcomes = tuple(outcome for _, of_scope in done for outcome in of_scope)
        accounts.keep(accepted, scopes, outcomes, self._claim, emit)
        for scope, outcome in zip(scopes, outcomes, strict=True):
            self._learn(scope, outcome, accepted, now)
        plans = tuple(scope_plan for run, _ in done for scope_plan in run.plans)
        return Switched(plan(plans, revision=accepted.revision, label=SCHEDULE), outcomes)

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
