"""Changes of one live scope are made: announced in the ledger, acted, and what became of them written, a stage at a time.

Live changes cannot join a transaction. What is announced and never ended is settled by the next run, by looking.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from controller.engine.commit.change_queue import ChangeQueue
from controller.engine.commit.scope_writer import ScopeWriter
from controller.engine.live.journal import MAX_RECORDS, Ending, Journal
from controller.engine.live.observe import FRESH, ScopeActs, ScopeReads
from controller.errors import (
    AccessDenied,
    Conflict,
    EnvctlError,
    Interrupted,
    NotInTime,
    RefusedByAws,
    StaleEpoch,
    Unreachable,
    WrongUsage,
)
from controller.model.ledger_record import LedgerRecord
from controller.model.live import LiveLook
from controller.model.plan import Change, Outcome, Status
from controller.model.ref import Reason, ResourceRef
from controller.ports import ActResult, Batch, BatchingTarget, LiveTarget

MAX_TOGETHER: Final = 20 * MAX_RECORDS
"""Batches acted on at once: their records take several transactions, but what AWS goes on with is waited for once."""


class Stage(NamedTuple):
    """Changes of one target that rely on none of each other, in records that are announced together."""

    target: LiveTarget
    batches: tuple[Batch, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        """The stage's changes."""
        return tuple(change for batch in self.batches for change in batch.changes)


def next_stage(queue: ChangeQueue, targets: Mapping[str, LiveTarget]) -> Stage | None:
    """Return what goes together next; None when nothing is left. The changes of the stage before must have their outcomes."""
    chosen: list[int] = []
    passed_over: list[int] = []
    open_now: set[int] = set()
    target: LiveTarget | None = None
    most = MAX_RECORDS
    while len(chosen) < most and (place := queue.take()) is not None:
        change = queue.changes[place]
        relies_on_none = open_now.isdisjoint(queue.relies_on(place))
        open_now.add(place)
        if relies_on_none and (target is None or change.target == target.name):
            chosen.append(place)
            if target is None:
                target = targets[change.target]
                # Many of its changes share a record: how many records there are is seen only when they are batched.
                most = len(queue.changes) if isinstance(target, BatchingTarget) else most
        else:
            passed_over.append(place)
    queue.put_back(passed_over)
    if target is None:
        return None
    changes = [queue.changes[place] for place in chosen]
    if not isinstance(target, BatchingTarget):
        return Stage(target, tuple(Batch(change.ref, (change,)) for change in changes))
    batches = target.batches(changes)
    later = {queue.place_of(change) for batch in batches[MAX_TOGETHER:] for change in batch.changes}
    if later:
        queue.put_back([place for place in chosen if place in later])
    return Stage(target, batches[:MAX_TOGETHER])


MAX_STILL_OPEN: Final = MAX_TOGETHER
"""Records left open by one run: with more of them AWS is out of reach, and their list must fit into one row."""
ACTS_AT_ONCE: Final = 4
"""Objects of one scope that are worked on side by side."""

Result = ActResult | EnvctlError
_OUTCOME_KNOWN: Final = (AccessDenied, Conflict, Interrupted, NotInTime, RefusedByAws, WrongUsage)
"""Errors after which it is known that the request they are about was not done. After any other it may have been."""


class OutcomeOpen(NamedTuple):
    """Why it is not known whether a change was made."""

    error: EnvctlError


def _go_on() -> None:
    """Let an act go on whatever happens: it is of one object."""


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
    journal: Journal
    targets: Mapping[str, LiveTarget]
    waits_since: datetime | None = None
    """Since when it waits for what AWS goes on with; None if that is left to others."""

    def apply(self, changes: Sequence[Change], look: LiveLook | None = None) -> LiveResult:
        """Make changes, planned from a look, in their order. Errors are not raised: what happened is the result.

        A change that fails takes what relies on it along; the rest goes on. Each stage is followed by an event
        that tells how far the run is.
        """
        queue = ChangeQueue(changes, self.writer.request.transaction)
        again = dict[str, float]()
        stopped: EnvctlError | None = None
        try:
            while True:
                self.writer.storage.interruption.check()
                stage = next_stage(queue, self.targets)
                if stage is None:
                    break
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
        records = self.journal.record_intent(stage.batches)
        with self.writer.storage.interruption.doing(str(batch.ref) for batch in stage.batches):
            results, lost = self._act(stage, records, look)
        if isinstance(lost, StaleEpoch):
            # Nothing can be written any more; whoever owns the scope now settles what is open.
            raise lost
        unknown = None if lost is None else OutcomeOpen(lost)
        found = [
            [(change, unknown or _known(results.get(change.ref))) for change in batch.changes]
            for batch in stage.batches
        ]
        # What may have been done stays open: the next run settles it by looking.
        endings = {
            record.audit_id: _ending(of_record)
            for record, of_record in zip(records, found, strict=True)
            if not any(isinstance(result, OutcomeOpen) for _, result in of_record)
        }
        ended = {end.intended: end.audit_id for end in self.journal.end(endings, records)}
        for record, of_record in zip(records, found, strict=True):
            for change, result in of_record:
                status, message = _status(result)
                audit_ids = filter(None, (record.audit_id, ended.get(record.audit_id)))
                aws_code = result.aws_code if isinstance(result, RefusedByAws) else ""
                queue.settle(queue.place_of(change), status, message, audit_ids, aws_code)
                if isinstance(result, ActResult) and result.look_again_s is not None:
                    known = again.get(change.target, result.look_again_s)
                    again[change.target] = min(known, result.look_again_s)
        if lost is not None:
            raise lost
        if len(self.journal.still_open) > MAX_STILL_OPEN:
            raise Unreachable(
                f"scope {self.reads.scope.name}: of {len(self.journal.still_open):,} changes it is not known whether they were done",
                fix="run again: it looks, and goes on from there",
            )

    def _act(
        self, stage: Stage, records: Sequence[LedgerRecord], look: LiveLook | None
    ) -> tuple[dict[ResourceRef, Result], EnvctlError | None]:
        """Return what became of each change, and what made going on useless, if anything did."""
        target = stage.target
        if isinstance(target, BatchingTarget):
            acts = self._acts(records[0], look, self.writer.storage.interruption.check)
            try:
                self.writer.lease.confirm()
                return dict(target.act_together(stage.changes, acts)), None
            except EnvctlError as error:
                return {}, error

        def act_on(change: Change, acts: ScopeActs) -> Result:
            try:
                # One object is brought to its end; the next is not begun.
                self.writer.storage.interruption.check()
                self.writer.lease.confirm()
                return target.act(change, acts)
            except EnvctlError as error:
                return error

        every_acts = [self._acts(record, look) for record in records]
        with ThreadPoolExecutor(ACTS_AT_ONCE, thread_name_prefix="live-act") as pool:
            found = list(pool.map(act_on, stage.changes, every_acts))
        stale = [result for result in found if isinstance(result, StaleEpoch)]
        refs = [change.ref for change in stage.changes]
        return dict(zip(refs, found, strict=True)), stale[-1] if stale else None

    def _acts(
        self,
        record: LedgerRecord,
        look: LiveLook | None,
        may_go_on: Callable[[], None] = _go_on,
    ) -> ScopeActs:
        reads, storage = self.reads, self.writer.storage
        now = storage.clock()
        return ScopeActs(
            reads.scope,
            reads.installation,
            reads.options,
            reads.history,
            reads.access,
            reads.once,
            self.writer.lease,
            self.writer.request.revision,
            # AWS takes at most 64 characters: just the length of the record's id.
            record.audit_id[:64],
            storage.clock,
            partial(storage.interruption.pause, storage.sleep),
            look if look is not None and now - look.at <= FRESH else None,
            self.waits_since,
            may_go_on,
        )


def _known(result: Result | None) -> "Result | OutcomeOpen":
    """Return a result; where it does not say whether the change was made, as one that is open."""
    if result is None:
        return OutcomeOpen(Unreachable("its target did not say what became of it"))
    if isinstance(result, (ActResult, *_OUTCOME_KNOWN)):
        return result
    return OutcomeOpen(result)


def _status(result: Result | OutcomeOpen) -> tuple[Status, Reason]:
    match result:
        case ActResult():
            return Status.APPLIED, Reason(result.message)
        case Conflict():
            return Status.CONFLICTED, result.reason
        case Interrupted():
            return Status.SKIPPED, result.reason
        case OutcomeOpen():
            error = result.error
            return Status.UNKNOWN, Reason(
                f"it may have been done: {error.message}",
                detail=error.detail,
                fix="run again: it looks, and records what became of it",
            )
        case _:
            return Status.FAILED, result.reason


def _ending(results: Sequence[tuple[Change, Result | OutcomeOpen]]) -> Ending:
    """Say how a record ended whose changes ended so: failed as soon as one of them is."""
    failed = [(change, result) for change, result in results if not isinstance(result, ActResult)]
    done = [result for _, result in results if isinstance(result, ActResult)]
    if not failed:
        first = done[0]
        if len(results) == 1:
            return Ending("succeeded", first.message, first.request_id, first.after)
        going_on = sum(result.look_again_s is not None for result in done)
        message = f"{going_on} of {len(results)} on their way" if going_on else ""
        return Ending("succeeded", message, first.request_id)
    if len(results) == 1:
        return Ending("failed", _status(failed[0][1])[1])
    told = (f"{change.ref.key}: {_status(result)[1]}" for change, result in failed)
    return Ending("failed", f"{len(failed)} of {len(results)} failed: " + "; ".join(told))
