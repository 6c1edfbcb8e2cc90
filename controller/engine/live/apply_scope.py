"""One live scope from taking its lease to giving it back: what is open is settled, changes are made, and what AWS goes on with is followed."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from controller.aws.cloud_trail import SERVICE, OtherWriters
from controller.engine.commit.change_queue import not_tried
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.commit.storage import ApplyRequest, approvals_of
from controller.engine.installation.installation import Installation
from controller.engine.live.apply_changes import LiveResult, LiveRun
from controller.engine.live.finding import Made, finding_of
from controller.engine.live.found_done import as_announced, failed_create
from controller.engine.live.journal import FOUND_DONE, Ending, Journal, settle, target_of
from controller.engine.live.latest_accepted import LatestAccepted
from controller.engine.live.observe import FRESH
from controller.engine.live.planner import LivePlanner, LivePlanOptions, LiveScopePlan
from controller.engine.live.still_due import Due, left_out, what_of
from controller.engine.state.rows import Finding, write_history
from controller.errors import (
    DamagedState,
    EnvctlError,
    ExitCode,
    Interrupted,
    NotAppliedYet,
    StaleEpoch,
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
from controller.ledger.records import iso_ms, refs_of
from controller.model.ledger_record import LedgerRecord
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import DONE, Cause, Change, Outcome, Status
from controller.model.ref import NO_REASON, Reason, ResourceRef
from controller.planning.drift_history import DriftHistory
from controller.settings import weaker
from controller.targets.power import TARGET as POWER

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
    is_owner: bool = True
    """Whether no other worker took the scope while it was worked on."""
    moved: bool = False
    """Whether something else was accepted by then than what the plan was made from."""


@dataclass(slots=True, kw_only=True, eq=False)
class ScopeRun:
    """One scope in one run of applying; once it is ours, by what is accepted then. Not for several threads at once."""

    installation: Installation
    planner: LivePlanner
    plan: LiveScopePlan
    asked: LivePlanOptions
    request: ApplyRequest
    left_open: bool
    emit: Emit
    latest: LatestAccepted
    reviewed: bool = True
    """Whether somebody saw the plan: then nothing else than it is done, and of what is not due any more it is said."""
    planned_from: int = 0
    """The config scope's sequence the plan was made from."""
    epoch: int = 0
    """In which the scope is ours; 0 before it is taken."""
    _compared_at: datetime | None = field(default=None, init=False)
    """When it was last asked whether something else is accepted."""
    _moved: bool = field(default=False, init=False)
    _made: Made = field(default=Made(), init=False)
    """How it was seen since it was planned, and what was done since then."""

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
        history = self.asked.histories.get(self._name, DriftHistory())
        if self.plan.storms:
            history = self._warn(history)
        changes = self.plan.to_do
        # What was left open where nobody may go in now is settled by the run that may.
        to_settle = self.plan.found_done or (self.left_open and not self.plan.setup.waits)
        if not changes and not to_settle:
            yield ScopeOutcome((), self._finding(()))
            return
        interruption = self.installation.master.process.interruption
        try:
            interruption.check()
            storage = self.installation.storage()
            violations = [v for plan in self.plan.plans for v in plan.violations]
            request = self.request
            if violations:
                request = replace(request, approvals=approvals_of(violations))
            writer = ScopeWriter.take(self._name, claim, storage, request, self.emit)
        except EnvctlError as error:
            yield self._stopped((), error, left=changes)
            return
        with writer:
            yield from self._passes_of_owner(writer, changes, history, waits_since)

    def _passes_of_owner(
        self,
        writer: ScopeWriter,
        changes: Sequence[Change],
        history: DriftHistory,
        waits_since: datetime | None,
    ) -> Generator[ScopeOutcome]:
        """Yield after each pass over a scope that is ours what has become of it so far."""
        outcomes, made = list[Outcome](), False
        interruption = writer.storage.interruption
        try:
            interruption.check()
            moved = self._follow_accepted(writer)
            run = LiveRun(
                reads=self.planner.reads(self.plan.setup),
                writer=writer,
                journal=self._journal(writer),
                targets={target.name: target for target in self.planner.targets},
                waits_since=waits_since,
            )
            due = self._due(run, changes, moved=moved)
            self.plan = due.plan
            outcomes += due.others
            result, made = run.apply(due.changes, due.plan.view.look), True
            while True:
                outcomes += result.outcomes
                history = self._settled(result, history, due.plan.unfinished)
                yield self._passed(result, outcomes, due)
                if not result.look_again_s:
                    return
                interruption.check()
                self._follow_accepted(writer)
                plan = self._next_steps(result, changes, outcomes)
                result = run.apply(plan.to_do, plan.view.look)
                self._made = Made(again=plan, since=result.outcomes)
        except EnvctlError as error:
            told = {outcome.change.ref for outcome in outcomes}
            left = () if made else [change for change in changes if change.ref not in told]
            yield self._stopped(outcomes, error, left=left)

    def _follow_accepted(self, writer: ScopeWriter) -> bool:
        """Go on by what is accepted now that the scope is ours; tell whether that is not what the plan was made from.

        Raises as reading the tables, NotAppliedYet where the way in is another, DamagedState where others acted by a newer state
        than there is.
        """
        storage = writer.storage
        now = storage.clock()
        if self._compared_at is not None and now - self._compared_at <= FRESH:
            return False
        self._compared_at = now
        head = storage.leases.read(CONFIG_SCOPE)
        found, sequence = self.latest.at(head.sequence if head else 0, now)
        seen = writer.lease.head.planned_from
        if seen > sequence:
            raise DamagedState(
                f"scope {self._name}: it was worked on by record {seen:,} of scope {CONFIG_SCOPE}, which has {sequence:,}",
                fix="envctl audit verify shows what is lost there; nothing is done by an older state",
            )
        writer.lease.plans_from(sequence)
        self.planned_from, self.epoch = sequence, writer.lease.head.epoch
        if found is None or found.state is self.planner.accepted:
            return False
        mine, setup = self.plan.setup, found.setups.get(self._name)
        if setup is None or replace(setup, mode=mine.mode, waits=mine.waits) != mine:
            raise NotAppliedYet(
                f"scope {self._name}: the way in was changed meanwhile", fix="run again"
            )
        revision = found.state.revision
        actor = replace(self.request.actor, commit=revision)
        self.request = replace(self.request, actor=actor, revision=revision)
        writer.request = replace(self.request, approvals=writer.request.approvals)
        self._moved = True
        self.planner = replace(self.planner, accepted=found.state)
        self.plan = replace(self.plan, setup=replace(mine, mode=weaker(mine.mode, setup.mode)))
        return True

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
        if history != DriftHistory() or any(change.cause is Cause.DRIFTED for change in done):
            now = self.installation.master.process.clock()
            history = self._remember(history, history.with_done(done, now))
        if result.stopped is not None:
            raise result.stopped
        return history

    def _passed(self, result: LiveResult, outcomes: Sequence[Outcome], due: Due) -> ScopeOutcome:
        now = self.installation.master.process.clock()
        again_s = min(result.look_again_s.values(), default=None)
        made = (_CODES[outcome.status] for outcome in outcomes[len(due.others) :])
        return ScopeOutcome(
            tuple(outcomes),
            self._finding(outcomes),
            exit_code=worst_exit_code((*due.codes, *made)),
            again_at=None if again_s is None else now + timedelta(seconds=again_s),
            moved=self._moved,
        )

    def _due(self, run: LiveRun, changes: Sequence[Change], *, moved: bool) -> Due:
        """Settle what is open; return the changes, or, if the world may be another by now, those that are due as they were.

        Raises why the scope cannot be seen, if it cannot.
        """
        left_open = run.journal.left_open()
        self._record_found_done(run)
        now = self.installation.master.process.clock()
        if not left_open and not moved and now - self.asked.now <= FRESH:
            return Due(changes, self.plan)
        again = self._look_again(())
        if left_open:
            self._settle(run, left_open, again)
        if "" in again.view.unknown:
            raise again.view.unknown[""].error
        approved = {what_of(change) for change in changes}
        due = tuple(
            change
            for change in again.to_do
            if what_of(change) in approved or (not self.reviewed and self._is_asked(change))
        )
        return left_out(changes, due, again, self.request.transaction, reviewed=self.reviewed)

    def _is_asked(self, change: Change) -> bool:
        targets, only = self.asked.targets, self.asked.only
        return (not targets or change.target in targets) and (only is None or change.ref in only)

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
        self._end(run, endings, records)

    def _record_found_done(self, run: LiveRun) -> None:
        """Complete the ledger: what it says could not be made, and was found made. Others may have changed it before the scope was ours."""
        failed = [
            as_announced(record)
            for record in self.plan.found_done
            if record == failed_create(refs_of(record)[0], self.planner.history)
        ]
        self._end(
            run, {record.audit_id: Ending("succeeded", FOUND_DONE) for record in failed}, failed
        )

    def _end(
        self, run: LiveRun, endings: Mapping[str, Ending], records: Sequence[LedgerRecord]
    ) -> None:
        """Write what became of records, and tell of it."""
        for record, ended in zip(records, run.journal.end(endings, records), strict=True):
            ref = f"{record.entity_type}/{record.entity_key}"
            ending = endings[record.audit_id]
            self.emit(
                OpenRecordSettled(self._name, ref, ended.audit_id, ending.phase, ending.message)
            )

    def _next_steps(
        self, result: LiveResult, changes: Sequence[Change], so_far: Sequence[Outcome]
    ) -> LiveScopePlan:
        """Return what is due now on the objects of the plan, for the targets whose work AWS goes on with.

        What failed, in whichever pass, is left to the next run. Instances are seen as they are by then: they cost no call of their own.
        """
        failed = {outcome.change.ref for outcome in so_far if outcome.status not in DONE}
        again = result.look_again_s
        mine = frozenset(c.ref for c in changes if c.target in again and c.ref not in failed)
        return self._look_again(tuple({*again, POWER.name}), only=mine)

    def _look_again(
        self, targets: Sequence[str], only: frozenset[ResourceRef] | None = None
    ) -> LiveScopePlan:
        now = self.installation.master.process.clock()
        asked = replace(self.asked, now=now, targets=targets, only=only)
        return self.planner.plan_one(self.plan.setup, asked)

    def _warn(self, history: DriftHistory) -> DriftHistory:
        """Tell of storms nobody has been told of, once; return what is remembered from now on."""
        untold = history.untold(self.plan.storms)
        if untold:
            history = self._remember(history, history.with_told(untold, self.asked.now))
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
        is_owner = not isinstance(error, StaleEpoch)
        return ScopeOutcome(
            every, finding, exit_code_of(error), error.reason, is_owner=is_owner, moved=self._moved
        )

    def _finding(self, outcomes: Sequence[Outcome]) -> Finding:
        made = self._made._replace(outcomes=outcomes, at=self.installation.master.process.clock())
        found = finding_of(self.plan, self.asked, made, self.request.revision)
        return replace(found, epoch=self.epoch, planned_from=self.planned_from)
