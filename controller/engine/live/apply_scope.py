"""One live scope from taking its lease to giving it back: what is open is settled, changes are made, and what AWS goes on with is followed."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from controller.aws.cloud_trail import SERVICE, OtherWriters
from controller.engine.commit.change_queue import not_tried
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, approvals_of
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_changes import LiveResult, LiveRun
from controller.engine.live.finding import finding_of
from controller.engine.live.journal import Journal, settle, target_of
from controller.engine.live.observe import FRESH
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.engine.state.rows import Finding, write_history
from controller.errors import (
    EnvctlError,
    ExitCode,
    Interrupted,
    Unreachable,
    exit_code_of,
    worst_exit_code,
)
from controller.events import (
    ChangeSettled,
    DriftStormFound,
    Emit,
    OpenRecordSettled,
    RunStopped,
)
from controller.ledger.records import iso_ms
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import ScopeState
from controller.model.plan import DONE, Change, Outcome, Status
from controller.model.ref import NO_REASON, Reason, ResourceRef
from controller.planning.drift_history import DriftHistory

MAX_TIME: Final = timedelta(minutes=20)
"""What AWS goes on with for longer is followed by the next run."""


_CODES: Final = {
    **dict.fromkeys(Status, ExitCode.FAILED),
    **dict.fromkeys(DONE, ExitCode.DONE),
    Status.UNKNOWN: ExitCode.TRY_AGAIN,
}


@dataclass(frozen=True, slots=True)
class ScopeOutcome:
    """What became of one scope: of its changes, and how it stands afterwards.

    ``again_at`` is when to look again, as AWS goes on with something; None where nothing is under way.
    """

    outcomes: tuple[Outcome, ...]
    finding: Finding
    exit_code: ExitCode = ExitCode.DONE
    stopped: Reason = NO_REASON
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRun:
    """One scope in one run of applying."""

    installation: Installation
    planner: LivePlanner
    plan: LiveScopePlan
    asked: LivePlanOptions
    request: ApplyRequest
    left_open: bool
    emit: Emit

    def apply(self, claim: Claim) -> ScopeOutcome:
        """Make one pass over the scope; what AWS goes on with then is left to whoever looks again at ``again_at``.

        Nothing is raised: what happened is the result.
        """
        with closing(self._passes(claim)) as passes:
            return next(passes)

    def apply_and_wait(self, claim: Claim) -> ScopeOutcome:
        """Do what the plan says, and wait in between for what AWS goes on with, while the scope is ours.

        After ``MAX_TIME``, or as long as power may wait, the outcome still has an ``again_at``. Nothing is raised: what
        happened is the result.
        """
        process = self.installation.master.process
        began = process.clock()
        power = timedelta(seconds=self.planner.accepted.options.power.within_s)
        with closing(self._passes(claim, began)) as passes:
            for outcome in passes:
                now = process.clock()
                if outcome.again_at is None or now - began > max(MAX_TIME, power):
                    break
                # The next pass says what an interruption means.
                process.sleep(max(0.0, (outcome.again_at - now).total_seconds()))
        return outcome

    @property
    def _name(self) -> str:
        return self.plan.setup.scope.name

    def _passes(self, claim: Claim, waits_since: datetime | None = None) -> Generator[ScopeOutcome]:
        """Take the scope, and yield after each pass what has become of it so far, until nothing is under way; then give it back."""
        history, changes = self._warn(), self.plan.to_do
        # What was left open where nobody may go in now is settled by the run that may.
        if not changes and (not self.left_open or self.plan.setup.waits):
            yield ScopeOutcome((), self._finding(()))
            return
        interruption = self.installation.master.process.interruption
        try:
            interruption.check()
            storage = self.installation.storage()
            violations = [v for plan in self.plan.plans for v in plan.violations]
            request = replace(self.request, approvals=approvals_of(violations))
            writer = ScopeWriter.take(self._name, claim, storage, request, self.emit)
        except EnvctlError as error:
            yield self._stopped((), error, left=changes)
            return
        outcomes: list[Outcome] = []
        result: LiveResult | None = None
        with writer:
            run = LiveRun(
                reads=self.planner.reads(self.plan.setup),
                writer=writer,
                journal=self._journal(writer),
                targets={target.name: target for target in self.planner.targets},
                waits_since=waits_since,
            )
            while result is None or result.look_again_s:
                try:
                    interruption.check()
                    if result is None:
                        due, plan = self._due(run, changes)
                    else:
                        plan = self._next_steps(result, changes)
                        due = plan.to_do
                    result = run.apply(due, plan.view.look)
                    outcomes += result.outcomes
                    history = self._settled(result, history, plan.unfinished)
                    yield self._passed(result, outcomes)
                except EnvctlError as error:
                    yield self._stopped(outcomes, error, left=changes if not outcomes else ())
                    return

    def _journal(self, writer: ScopeWriter) -> Journal:
        setup = self.plan.setup
        journal = Journal(writer, setup.scope, setup.role_arn or "")
        if self.installation.master.settings.live.cloud_trail == "off":
            return journal
        client = self.planner.reads(setup).client(SERVICE)
        return replace(journal, other_writer=OtherWriters(client).of)

    def _settled(
        self, result: LiveResult, history: DriftHistory, unfinished: frozenset[ResourceRef]
    ) -> DriftHistory:
        """Tell of a pass; return what is remembered after it: no flip of what was ``unfinished``. Raises what stopped it."""
        for outcome in result.outcomes:
            self.emit(ChangeSettled.of(outcome))
        done = [
            outcome.change
            for outcome in result.outcomes
            if outcome.status in DONE and outcome.change.ref not in unfinished
        ]
        now = self.installation.master.process.clock()
        history = self._remember(history, history.with_done(done, now))
        if result.stopped is not None:
            raise result.stopped
        return history

    def _passed(self, result: LiveResult, outcomes: Sequence[Outcome]) -> ScopeOutcome:
        now = self.installation.master.process.clock()
        again_s = min(result.look_again_s.values(), default=None)
        return ScopeOutcome(
            tuple(outcomes),
            self._finding(outcomes),
            exit_code=worst_exit_code(_CODES[outcome.status] for outcome in outcomes),
            again_at=None if again_s is None else now + timedelta(seconds=again_s),
        )

    def _due(
        self, run: LiveRun, changes: Sequence[Change]
    ) -> tuple[Sequence[Change], LiveScopePlan]:
        """Settle what is open; return the changes, or, if the world may be another by now, those that are due as they were.

        The plan is the one they are from.
        """
        left_open = run.journal.left_open()
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
            dark = seen.view.unknown.get("") or seen.view.unknown.get(target)
            if dark is not None:
                raise Unreachable(
                    f"scope {self._name}: what an earlier run left open cannot be settled yet: {dark.reason}"
                )
            endings[record.audit_id] = settle(record, found.get(target))
        for record, ended in zip(records, run.journal.end(endings, records), strict=True):
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
            until = iso_ms(storm.until)
            self.emit(DriftStormFound(self._name, str(storm.ref), storm.ours, storm.theirs, until))
        return history

    def _remember(self, before: DriftHistory, after: DriftHistory) -> DriftHistory:
        """Write the history where it changed, and return it."""
        if before == after:
            return before
        master = self.installation.master
        try:
            write_history(master.store, master.state_table, self._name, after)
        except EnvctlError as error:
            # What was done is done; the breaker then counts one flip less.
            self.emit(RunStopped(self._name, f"its flips were not written down: {error}"))
        return after

    def _stopped(
        self, outcomes: Sequence[Outcome], error: EnvctlError, left: Sequence[Change] = ()
    ) -> ScopeOutcome:
        self.emit(RunStopped(self._name, str(error)))
        skipped = (
            Outcome(change, Status.SKIPPED, not_tried(error), (), self.request.transaction)
            for change in left
        )
        every = (*outcomes, *skipped)
        finding = self._finding(every)
        if not isinstance(error, Interrupted):
            finding = replace(finding, state=ScopeState.STALLED, reason=str(error))
        return ScopeOutcome(every, finding, exit_code_of(error), error.reason)

    def _finding(self, outcomes: Sequence[Outcome]) -> Finding:
        return finding_of(self.plan, self.asked, outcomes, self.request.revision)


def _what(change: Change) -> tuple[str, ResourceRef, str, bytes | None]:
    return change.target, change.ref, change.action, change.after
