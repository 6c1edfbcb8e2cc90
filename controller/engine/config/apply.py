"""The config plan of one run, applied: its scope is taken, its changes are made, its lease is given back.

Each transaction holds the items, their records, and the head: a change without a record cannot exist, nor a record without its
change, and a worker whose epoch has passed writes nothing. While one transaction is under way the next is built, in the hope
that the first succeeds.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from controller.aws.errors import OutcomeUnknown
from controller.aws.items import Item
from controller.aws.transactions import Cancelled
from controller.aws.transactions import Reason as CancelReason
from controller.engine.commit.change_queue import ChangeQueue
from controller.engine.commit.lease import Claim
from controller.engine.commit.scope_writer import (
    PASSING_CODES,
    ScopeWriter,
    SendResult,
    failed_condition,
    head_has_moved,
)
from controller.engine.commit.storage import ApplyRequest, approvals_of, new_run_id
from controller.engine.commit.transaction import (
    MAX_ITEM_WRITES,
    Load,
    PreparedChange,
    Transaction,
    build_transaction,
    prefix_length,
    prepare,
    records_of,
)
from controller.engine.config.planner import PlanRun
from controller.engine.config.still_due import StillDue
from controller.engine.installation.installation import Installation
from controller.engine.state.rows import Finding
from controller.errors import (
    EnvctlError,
    ExitCode,
    Interrupted,
    RefusedByAws,
    StaleEpoch,
    exit_code_of,
    worst_exit_code,
)
from controller.events import ChangeSettled, Emit, RunStopped, discard_event
from controller.model.canonical import ABSENT
from controller.model.ledger_record import Head, ItemWrite, Requester
from controller.model.observed import CONFIG_SCOPE, ScopeState
from controller.model.plan import DONE, Change, NoteCategory, Outcome, Status
from controller.model.ref import NO_REASON, Reason
from controller.planning.wording import NAMES_SHOWN
from controller.targets.table_items.writes import version_of


@dataclass(frozen=True, slots=True)
class CommitResult:
    """What became of every change. ``stopped`` is why the run did not go to its end, if so."""

    outcomes: tuple[Outcome, ...]
    stopped: EnvctlError | None = None


def commit_changes(changes: Sequence[Change], writer: ScopeWriter) -> CommitResult:
    """Apply changes in their order, in a scope that is ours. Errors of AWS are not raised: what happened is the result.

    Changes that conflict or fail are taken out, with what relies on them; the rest goes on. Each transaction is followed
    by an event that tells how far the run is.
    """
    return _Run(ChangeQueue(changes, writer.request.transaction), writer).drain()


@dataclass(slots=True)
class _Run:
    queue: ChangeQueue
    writer: ScopeWriter
    max_changes: int = MAX_ITEM_WRITES
    """How many changes a transaction may hold; lowered to find the one that AWS refuses."""

    def drain(self) -> CommitResult:
        stopped: EnvctlError | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="build-next") as ahead:
            current = self._build(self.writer.lease.head)
            while current is not None:
                building = ahead.submit(self._build, current.head)
                try:
                    self.writer.storage.interruption.check()
                    answer: SendResult | Cancelled | EnvctlError = self.writer.send(current)
                except EnvctlError as error:
                    answer = error
                following = building.result()
                if isinstance(answer, SendResult):
                    committed = answer is SendResult.COMMITTED
                    self._settle(current, Status.APPLIED if committed else Status.ALREADY_DONE)
                    current = following
                else:
                    # Built on a head that never was: its changes are built again.
                    self._put_back(following)
                    stopped = self._cope(current, answer)
                    current = self._build(self.writer.lease.head) if stopped is None else None
                self.writer.tell(self.queue.progress)
        if stopped is not None:
            self.queue.stop(stopped)
        self.writer.tell(self.queue.progress)
        return CommitResult(self.queue.outcomes(), stopped)

    def _build(self, head: Head) -> Transaction | None:
        """Return the next transaction, as if ``head`` were the scope's; None when nothing is left to send."""
        at = self.writer.storage.clock()
        while batch := self._batch(at):
            items = [item for prepared in batch for item in prepared.items]
            writes = [write for prepared in batch for write in prepared.writes]
            try:
                records = records_of(
                    items, head.scope, self.writer.storage, self.writer.request, at
                )
                if self.queue.ends_well:
                    # The last one: with it the tables hold the revision.
                    head = replace(head, revision=self.writer.request.revision)
                return build_transaction(records, writes, head, self.writer.storage, at, batch)
            except EnvctlError as error:
                # The store for large images did not take one: without it there can be no record.
                for prepared in batch:
                    self.queue.settle(prepared.index, Status.FAILED, error.reason)
        return None

    def _batch(self, at: datetime) -> list[PreparedChange]:
        """Return the changes of the next transaction, signed with the time ``at``; what DynamoDB cannot hold is settled."""
        batch: list[PreparedChange] = []
        storage, request = self.writer.storage, self.writer.request

        def loads() -> Iterator[Load]:
            while (place := self.queue.take()) is not None:
                try:
                    batch.append(prepare(place, self.queue.changes[place], storage, request, at))
                    yield batch[-1].load
                except EnvctlError as error:
                    # Also from the store for large images: without them there can be no record.
                    self.queue.settle(place, Status.FAILED, error.reason)

        count = prefix_length(loads(), self.max_changes)
        if count < len(batch):
            self.queue.put_back([prepared.index for prepared in batch[count:]])
        return batch[:count]

    def _put_back(self, transaction: Transaction | None) -> None:
        if transaction is not None:
            self.queue.put_back([prepared.index for prepared in transaction.changes])

    def _settle(
        self, transaction: Transaction, status: Status, message: Reason = NO_REASON
    ) -> None:
        records = iter(transaction.records)
        for prepared in transaction.changes:
            ids = [record.audit_id for record in islice(records, len(prepared.items))]
            self.queue.settle(prepared.index, status, message, ids if status in DONE else ())

    def _cope(
        self, transaction: Transaction, trouble: Cancelled | EnvctlError
    ) -> EnvctlError | None:
        """Take out what is at fault and queue the rest again; return what makes going on useless, if anything does."""
        try:
            if isinstance(trouble, Cancelled):
                if head_has_moved(trouble):
                    # Whose is the head now, and which transaction of ours moved it, if one did?
                    for late in self.writer.landed_late():
                        self._settle(late, Status.ALREADY_DONE)
                    self._put_back(transaction)
                    self.writer.find_head()
                else:
                    self._take_out(transaction, trouble)
                return None
        except StaleEpoch as error:
            return error
        except EnvctlError as error:
            trouble = error
        if isinstance(trouble, Interrupted):
            self._put_back(transaction)
            return trouble
        if not isinstance(trouble, RefusedByAws):
            open_still = isinstance(trouble, OutcomeUnknown)
            status = Status.UNKNOWN if open_still else Status.FAILED
            self._settle(transaction, status, trouble.reason)
            return trouble
        if len(transaction.changes) > 1:
            # One of them is refused, AWS does not say which: halves find it.
            self._put_back(transaction)
            self.max_changes = len(transaction.changes) // 2
        else:
            self._settle(transaction, Status.FAILED, trouble.reason)
            self.max_changes = MAX_ITEM_WRITES
        return None

    def _take_out(self, transaction: Transaction, answer: Cancelled) -> None:
        count = len(transaction.records)
        verdicts: dict[int, tuple[Status, Reason]] = {}
        items = [
            (item, prepared.index) for prepared in transaction.changes for item in prepared.items
        ]
        for index, (item, place) in enumerate(items):
            verdict = _verdict(item, answer.reasons[index], answer.reasons[count + index])
            if verdict is not None:
                verdicts.setdefault(place, verdict)
        for place, (status, message) in verdicts.items():
            self.queue.settle(place, status, message)
        self._put_back(transaction)


def _verdict(
    item: ItemWrite, of_item: CancelReason | None, of_record: CancelReason | None
) -> tuple[Status, Reason] | None:
    """Say what a cancelled transaction's reasons mean for one item; None if it was not at fault."""
    if failed_condition(of_record):
        if item.after is None and failed_condition(of_item) and of_item and of_item.found is None:
            return Status.ALREADY_DONE, Reason("the ledger has its delete, and the item is gone")
        return Status.FAILED, Reason(
            f"{item.ref}: the ledger already has a record of this very change, yet the item is there again, unchanged",
            fix="it was put back byte for byte after a delete; change anything in it, then apply again",
        )
    if failed_condition(of_item):
        return Status.CONFLICTED, _conflict(item, of_item.found if of_item else None)
    if of_item is not None and of_item.code not in PASSING_CODES:
        return Status.FAILED, Reason(
            f"{item.ref}: AWS refused its item: {of_item.code}: {of_item.message}"
        )
    if of_record is not None and of_record.code not in PASSING_CODES:
        return (
            Status.FAILED,
            Reason(f"{item.ref}: AWS refused its record: {of_record.code}: {of_record.message}"),
        )
    return None


def _conflict(item: ItemWrite, found: Item | None) -> Reason:
    what = f"{item.ref}: its item in {item.table} was changed after the plan was made"
    if item.before is None:
        what = f"{item.ref}: its item in {item.table} exists by now"
    if found is None:
        return Reason(f"{item.ref}: its item in {item.table} is gone", fix="plan again")
    audit = found.get("Audit")
    if item.before is not None and audit == item.before.get("Audit"):
        names = {*found, *item.before}
        other = sorted(n for n in names if found.get(n, ABSENT) != item.before.get(n, ABSENT))
        shown = ", ".join(other[:NAMES_SHOWN]) + (", …" if len(other) > NAMES_SHOWN else "")
        return Reason(f"{what}: {shown}, by a writer that does not sign", fix="plan again")
    if not isinstance(audit, dict):
        return Reason(what, fix="plan again")
    planned = (
        f"planned from version {version_of(item.before.get('Audit'))}, " if item.before else ""
    )
    return Reason(
        f"{what}: {planned}found version {version_of(audit)} by {audit.get('User', 'unknown')}"
        f" at {audit.get('LastChanged', 'an unknown time')}",
        fix="plan again",
    )


class Written(NamedTuple):
    """What a run wrote of the config scope: in which epoch, how many records; whether it is the owner still."""

    epoch: int = 0
    """0 where the scope was not taken."""
    records: int = 0
    is_owner: bool = True


NOTHING_WRITTEN: Final = Written()


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What became of a plan. ``transaction`` names the run in the ledger, empty if there was nothing to do."""

    transaction: str
    outcomes: tuple[Outcome, ...]
    exit_code: ExitCode
    stopped: str = ""
    """Why the run did not go to its end, if so."""
    config: Written = NOTHING_WRITTEN
    not_kept: tuple[str, ...] = ()
    """What could not be written down afterwards: what was done is done all the same."""


NOTHING_APPLIED: Final = ApplyReport("", (), ExitCode.DONE)


def config_writer(
    installation: Installation,
    run: PlanRun,
    claim: Claim,
    requester: Requester,
    emit: Emit = discard_event,
) -> ScopeWriter:
    """Take the config scope, to apply a plan of it. Raises ScopeBusy, ScopeFromTheFuture, and as any write."""
    revision = run.revision.tree.revision
    request = ApplyRequest(
        actor=requester.as_applier(revision.id),
        transaction=new_run_id(installation.master.process.clock()),
        revision=revision.id,
        plan_digest=run.plan.digest,
    )
    return ScopeWriter.take(CONFIG_SCOPE, claim, installation.storage(), request, emit)


def apply_config(writer: ScopeWriter, due: StillDue) -> ApplyReport:
    """Apply what is due of a plan of the config tables. What becomes of single changes is in the report, not raised."""
    began = writer.lease.head.sequence
    writer.request = replace(writer.request, approvals=approvals_of(due.violations))
    with writer.storage.interruption.doing((f"scope {CONFIG_SCOPE}",)):
        result = commit_changes(due.changes, writer)
    outcomes = result.outcomes
    if due.done_meanwhile or due.dropped:
        outcomes = (*due.outcomes_of_others(writer.request.transaction), *outcomes)
    for outcome in outcomes:
        writer.emit(ChangeSettled.of(outcome))
    codes = [ExitCode.STALE] if due.dropped else []
    if any(outcome.status not in DONE for outcome in result.outcomes):
        codes.append(ExitCode.FAILED)
    if result.stopped is not None:
        codes.append(exit_code_of(result.stopped))
        writer.emit(RunStopped(CONFIG_SCOPE, str(result.stopped)))
    head = writer.lease.head
    written = Written(head.epoch, head.sequence - began, not isinstance(result.stopped, StaleEpoch))
    return ApplyReport(
        writer.request.transaction,
        outcomes,
        worst_exit_code(codes),
        str(result.stopped or ""),
        written,
    )


def config_finding(run: PlanRun, report: ApplyReport) -> Finding:
    """Return how the config scope stands, planned and, by the report, applied."""
    scopes = [scope_plan for scope_plan in run.plan.scopes if scope_plan.scope == CONFIG_SCOPE]
    if not scopes:
        return Finding(scope=CONFIG_SCOPE, state=ScopeState.OK)
    scope, planned_from = scopes[0], run.planned_from
    state = ScopeState.STALLED if report.stopped else scope.state
    left = sum(outcome.status not in DONE for outcome in report.outcomes)
    known = scope.state is ScopeState.OK
    return Finding(
        scope=CONFIG_SCOPE,
        state=state,
        reason=report.stopped
        or scope.reason
        or "; ".join(v.message for v in scope.violations if not v.overridden),
        changes=left if known else len(scope.changes),
        blocked=sum(note.category is NoteCategory.BLOCKED for note in scope.notes),
        applied=run.plan.revision if known and not left and not report.stopped else "",
        epoch=report.config.epoch,
        planned_from=planned_from.sequence + report.config.records if planned_from else 0,
        looked_at=run.asked.now,
        looks_before=run.looks_before,
    )
