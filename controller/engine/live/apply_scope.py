"""One live scope from taking its lease to giving it back: what is open is settled, changes are made, and what AWS goes on with is followed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from controller.engine.commit.lease import Claim
from controller.engine.config.apply import DONE
from controller.engine.config.apply_changes import Progress
from controller.engine.installation.installation import Installation
from controller.engine.live.access import Ownership, ScopeReads
from controller.engine.live.apply_changes import LiveResult, LiveRun
from controller.engine.live.finding import finding_of
from controller.engine.live.observe import FRESH
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.engine.live.records import RecordFrame
from controller.engine.live.settle_open import settle, target_of, unseen_ending
from controller.engine.state.drift_history import write_history
from controller.engine.state.status import Finding
from controller.errors import EnvctlError, ExitCode, Unreachable, exit_code_of
from controller.events import (
    ChangeSettled,
    DriftStormFound,
    Emit,
    EpochTaken,
    OpenRecordSettled,
    RunStopped,
)
from controller.model.ledger_record import Actor, LedgerRecord
from controller.model.observed import ScopeState
from controller.model.outcome import Outcome, Status
from controller.model.plan import Change
from controller.model.reason import NO_REASON, Reason
from controller.model.ref import ResourceRef
from controller.planning.drift_history import DriftHistory
from controller.targets.table_items.definitions import STATE_TABLE

MAX_PASSES: Final = 60
MAX_TIME: Final = timedelta(minutes=20)
"""What AWS goes on with for longer is followed by the next run."""

Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """Who applies, and what: as records say it."""

    actor: Actor
    transaction: str
    revision: str
    plan_digest: str


@dataclass(frozen=True, slots=True)
class ScopeOutcome:
    """What became of one scope: of its changes, and how it stands afterwards."""

    scope: str
    outcomes: tuple[Outcome, ...]
    finding: Finding
    exit_code: ExitCode = ExitCode.DONE
    stopped: Reason = NO_REASON


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRun:
    """One scope in one run of applying."""

    installation: Installation
    planner: LivePlanner
    plan: LiveScopePlan
    asked: LivePlanOptions
    order: ApplyRequest
    left_open: bool
    emit: Emit

    def apply(self, claim: Claim, tell: Tell) -> ScopeOutcome:
        """Do what the plan says. Nothing is raised: what happened is the result."""
        history = self._warn()
        changes = self.plan.to_do
        if not changes and not self.left_open:
            return ScopeOutcome(self._name, (), self._finding(()))
        try:
            head = self.installation.leases.take(self._name, claim)
        except EnvctlError as error:
            return self._stopped((), error, left=changes)
        self.emit(EpochTaken(self._name, head.epoch, head.owner))
        process = self.installation.master.process
        ownership = Ownership(head, self.installation.leases, process.clock)
        result = self._owned(changes, ownership, history, tell)
        try:
            self.installation.leases.release(ownership.head)
        except EnvctlError as error:
            # The lease ends by itself; what was done is what the caller must hear of.
            self.emit(RunStopped(self._name, f"its lease was not given back: {error}"))
        return result

    @property
    def _name(self) -> str:
        return self.plan.setup.scope.name

    def _owned(
        self, changes: Sequence[Change], ownership: Ownership, history: DriftHistory, tell: Tell
    ) -> ScopeOutcome:
        outcomes: list[Outcome] = []
        try:
            run = self._run(ownership)
            wanted, plan = self._still_due(run, changes)
            began = self.asked.now
            for _ in range(MAX_PASSES):
                result = run.apply(wanted, plan.view.look, tell)
                outcomes += result.outcomes
                self._tell(result)
                now = self.installation.master.process.clock()
                done = [outcome.change for outcome in result.outcomes if outcome.status in DONE]
                history = self._remember(history, history.with_done(done, now))
                if result.stopped is not None:
                    return self._stopped(outcomes, result.stopped)
                if not result.look_again_s or now - began > MAX_TIME:
                    break
                self.installation.master.process.sleep(min(result.look_again_s.values()))
                plan = self._next_steps(result, changes)
                wanted = plan.to_do
        except EnvctlError as error:
            return self._stopped(outcomes, error, left=changes if not outcomes else ())
        failed = any(outcome.status not in DONE for outcome in outcomes)
        finding = self._finding(outcomes)
        return ScopeOutcome(
            self._name, tuple(outcomes), finding, ExitCode.FAILED if failed else ExitCode.DONE
        )

    def _run(self, ownership: Ownership) -> LiveRun:
        order, setup = self.order, self.plan.setup
        accepted = self.planner.accepted
        return LiveRun(
            reads=ScopeReads(
                setup.scope,
                accepted.installation,
                accepted.options,
                self.planner.history,
                self.planner.access,
            ),
            ownership=ownership,
            context=self.installation.context(
                order.actor,
                order.transaction,
                revision=order.revision,
                plan_digest=order.plan_digest,
            ),
            frame=RecordFrame(
                scope=setup.scope,
                actor=order.actor,
                plan_digest=order.plan_digest,
                transaction_id=order.transaction,
            ),
            targets={target.name: target for target in self.planner.targets},
        )

    def _still_due(
        self, run: LiveRun, changes: Sequence[Change]
    ) -> tuple[Sequence[Change], LiveScopePlan]:
        """Settle what is open; return the changes, or, if the world may be another by now, those that are due as they were.

        The plan is the one they are from.
        """
        left_open = run.ledger.left_open()
        now = self.installation.master.process.clock()
        if not left_open and now - self.asked.now <= FRESH:
            return changes, self.plan
        again = self._look_again(())
        if left_open:
            self._settle(run, left_open, again)
        approved = {_what(change) for change in changes}
        return [change for change in again.to_do if _what(change) in approved], again

    def _settle(self, run: LiveRun, records: Sequence[LedgerRecord], seen: LiveScopePlan) -> None:
        """Write what became of records an earlier run left open. Raises Unreachable if that cannot be seen now."""
        found = {part.target.name: part.observed.objects for part in seen.view.parts}
        endings = {}
        for record in records:
            target = target_of(record)
            dark = seen.view.unseen or seen.view.unknown_targets.get(target)
            if dark is not None:
                raise Unreachable(
                    f"scope {self._name}: what an earlier run left open cannot be settled yet: {dark.reason}"
                )
            endings[record.audit_id] = (
                settle(record, found[target]) if target in found else unseen_ending(target)
            )
        for record, ended in zip(records, run.ledger.end(endings, records), strict=True):
            ref = f"{record.entity_type}/{record.entity_key}"
            ending = endings[record.audit_id]
            self.emit(
                OpenRecordSettled(self._name, ref, ended.audit_id, ending.phase, ending.message)
            )

    def _next_steps(self, result: LiveResult, changes: Sequence[Change]) -> LiveScopePlan:
        """Return what is due now on the objects of the plan, for the targets whose work AWS goes on with.

        What failed is left to the next run.
        """
        failed = {outcome.change.ref for outcome in result.outcomes if outcome.status not in DONE}
        mine = frozenset(
            change.ref
            for change in changes
            if change.target in result.look_again_s and change.ref not in failed
        )
        return self._look_again(tuple(result.look_again_s), only=mine)

    def _look_again(
        self, targets: Sequence[str], only: frozenset[ResourceRef] | None = None
    ) -> LiveScopePlan:
        now = self.installation.master.process.clock()
        asked = replace(self.asked, now=now, targets=targets, only=only)
        return self.planner.plan_one(self.plan.setup, asked)

    def _warn(self) -> DriftHistory:
        """Tell of storms nobody has been told of, once; return what is remembered from now on."""
        history, now = self.asked.histories.get(self._name, DriftHistory()), self.asked.now
        untold = history.untold(self.plan.storms)
        if untold:
            history = self._remember(history, history.with_told(untold, now))
        for storm in untold:
            until = storm.until.isoformat(timespec="seconds")
            self.emit(DriftStormFound(self._name, str(storm.ref), storm.ours, storm.theirs, until))
        return history

    def _remember(self, before: DriftHistory, after: DriftHistory) -> DriftHistory:
        """Write the history where it changed, and return it."""
        if before == after:
            return before
        master = self.installation.master
        try:
            write_history(master.store, master.physical(STATE_TABLE.name), self._name, after)
        except EnvctlError as error:
            # What was done is done; the breaker then counts one flip less.
            self.emit(RunStopped(self._name, f"its flips were not written down: {error}"))
        return after

    def _tell(self, result: LiveResult) -> None:
        for outcome in result.outcomes:
            change = outcome.change
            self.emit(
                ChangeSettled(
                    str(change.ref),
                    change.action,
                    change.cause.value,
                    outcome.status.value,
                    outcome.transaction_id,
                )
            )

    def _stopped(
        self, outcomes: Sequence[Outcome], error: EnvctlError, left: Sequence[Change] = ()
    ) -> ScopeOutcome:
        self.emit(RunStopped(self._name, str(error)))
        why = Reason(f"not tried: {error.message}")
        skipped = (
            Outcome(change, Status.SKIPPED, why, (), self.order.transaction) for change in left
        )
        every = (*outcomes, *skipped)
        finding = replace(self._finding(every), state=ScopeState.STALLED, reason=str(error))
        return ScopeOutcome(self._name, every, finding, exit_code_of(error), error.reason)

    def _finding(self, outcomes: Sequence[Outcome]) -> Finding:
        return finding_of(self.plan, self.asked, outcomes, self.order.revision)


def _what(change: Change) -> tuple[str, ResourceRef, str, bytes | None]:
    return change.target, change.ref, change.action, change.after
