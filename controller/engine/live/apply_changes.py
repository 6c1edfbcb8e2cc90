"""Changes of one live scope are made: announced in the ledger, acted, and what became of them written, a stage at a time.

Live changes cannot join a transaction. What is announced and never ended is settled by the next run, by looking.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from controller.engine.commit.change_queue import ChangeQueue
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.live.access import ScopeActs, ScopeReads
from controller.engine.live.journal import Journal
from controller.engine.live.observe import FRESH
from controller.engine.live.records import Ending, ending_of
from controller.engine.live.stages import Stage, next_stage
from controller.errors import Conflict, EnvctlError, StaleEpoch
from controller.model.ledger_record import LedgerRecord
from controller.model.live import LiveLook
from controller.model.plan import Change, Outcome, Status
from controller.model.ref import Reason, ResourceRef
from controller.ports import ActingTarget, ActResult, BatchingTarget, LiveTarget

ACTS_AT_ONCE: Final = 4
"""Objects of one scope that are worked on side by side."""

Result = ActResult | EnvctlError


@dataclass(frozen=True, slots=True)
class LiveResult:
    """What became of every change. ``look_again_s``: what AWS goes on with, by target; ``stopped`` is why the run did not end."""

    outcomes: tuple[Outcome, ...]
    look_again_s: Mapping[str, float] = field(default_factory=dict)
    stopped: EnvctlError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """One run in one scope that is ours."""

    reads: ScopeReads
    writer: ScopeWriter
    targets: Mapping[str, LiveTarget]
    waits_since: datetime | None = None
    """Since when it waits for what AWS goes on with; None if that is left to others."""

    @property
    def journal(self) -> Journal:
        """The ledger of the scope."""
        return Journal(self.writer, self.reads.scope)

    def apply(
        self,
        changes: Sequence[Change],
        look: LiveLook | None = None,
    ) -> LiveResult:
        """Make changes, planned from a look, in their order. Errors are not raised: what happened is the result.

        A change that fails takes what relies on it along; the rest goes on. Each stage is followed by an event
        that tells how far the run is.
        """
        queue = ChangeQueue(changes, self.writer.request.transaction)
        again = dict[str, float]()
        stopped: EnvctlError | None = None
        try:
            # Before the first write, once: an Account that names another account's role changes nothing there.
            scope = self.reads.scope
            self.reads.access.assert_identity(scope.account, scope.region)
            while (stage := next_stage(queue, self.targets)) is not None:
                self._do(stage, queue, again, look)
                self.writer.tell(queue.progress)
        except EnvctlError as error:
            stopped = error
            queue.stop(error)
        self.writer.tell(queue.progress)
        return LiveResult(queue.outcomes(), again, stopped)

    def _do(
        self, stage: Stage, queue: ChangeQueue, again: dict[str, float], look: LiveLook | None
    ) -> None:
        journal = self.journal
        records = journal.record_intent(stage.batches)
        results, lost = self._act(stage, records, look)
        endings: dict[str, Ending] = {}
        for record, batch in zip(records, stage.batches, strict=True):
            endings[record.audit_id] = _ending(
                [(change, results.get(change.ref, lost)) for change in batch.changes]
            )
        if isinstance(lost, StaleEpoch):
            # Nothing can be written any more; whoever owns the scope now settles what is open.
            raise lost
        ended = journal.end(endings, records)
        for record, end, batch in zip(records, ended, stage.batches, strict=True):
            for change in batch.changes:
                result = results.get(change.ref, lost)
                status, message = _status(result)
                audit_ids = (record.audit_id, end.audit_id)
                queue.settle(queue.place_of(change), status, message, audit_ids)
                if isinstance(result, ActResult) and result.look_again_s is not None:
                    known = again.get(change.target, result.look_again_s)
                    again[change.target] = min(known, result.look_again_s)
        if lost is not None:
            raise lost

    def _act(
        self, stage: Stage, records: Sequence[LedgerRecord], look: LiveLook | None
    ) -> tuple[dict[ResourceRef, Result], EnvctlError | None]:
        """Return what became of each change, and what made going on useless, if anything did."""
        target = stage.target
        if isinstance(target, BatchingTarget):
            acts = self._acts(records[0], look)
            try:
                self.writer.lease.confirm()
                return dict(target.act_together(stage.changes, acts)), None
            except EnvctlError as error:
                return {}, error
        results: dict[ResourceRef, Result] = {}
        stale: StaleEpoch | None = None
        with ThreadPoolExecutor(ACTS_AT_ONCE, thread_name_prefix="live-act") as pool:
            pairs = zip(stage.changes, records, strict=True)
            futures = [
                (change, pool.submit(self._act_on, target, change, self._acts(record, look)))
                for change, record in pairs
            ]
            for change, future in futures:
                result = results[change.ref] = future.result()
                stale = result if isinstance(result, StaleEpoch) else stale
        return results, stale

    def _act_on(self, target: ActingTarget, change: Change, acts: ScopeActs) -> Result:
        try:
            self.writer.lease.confirm()
            return target.act(change, acts)
        except EnvctlError as error:
            return error

    def _acts(self, record: LedgerRecord, look: LiveLook | None) -> ScopeActs:
        reads, storage = self.reads, self.writer.storage
        now = storage.clock()
        return ScopeActs(
            reads.scope,
            reads.installation,
            reads.options,
            reads.history,
            reads.access,
            self.writer.lease,
            self.writer.request.revision,
            # AWS takes at most 64 characters: just the length of the record's id.
            record.audit_id[:64],
            storage.clock,
            storage.sleep,
            look if look is not None and now - look.at <= FRESH else None,
            self.waits_since,
        )


def _status(result: Result | None) -> tuple[Status, Reason]:
    match result:
        case ActResult():
            return Status.APPLIED, Reason(result.message)
        case Conflict():
            return Status.CONFLICTED, result.reason
        case StaleEpoch():
            return Status.STALE_EPOCH, result.reason
        case None:
            return Status.FAILED, Reason("its target did not say what became of it")
        case _:
            return Status.FAILED, result.reason


def _ending(results: Sequence[tuple[Change, Result | None]]) -> Ending:
    """Say how a record ended whose changes ended so: failed as soon as one of them is."""
    failed = [(change, result) for change, result in results if not isinstance(result, ActResult)]
    done = [result for _, result in results if isinstance(result, ActResult)]
    if not failed:
        first = ending_of(done[0])
        if len(results) == 1:
            return first
        going_on = sum(result.look_again_s is not None for result in done)
        message = f"{going_on} of {len(results)} on their way" if going_on else ""
        return Ending("succeeded", message, first.request_id)
    if len(results) == 1:
        return Ending("failed", _status(failed[0][1])[1])
    told = (f"{change.ref.key}: {_status(result)[1]}" for change, result in failed)
    return Ending("failed", f"{len(failed)} of {len(results)} failed: " + "; ".join(told))
