"""Changes of the config tables are applied: each transaction holds the items, their records, and the head.

A change without a record cannot exist, nor a record without its change, and a worker whose epoch has passed writes nothing.
While one transaction is under way the next is built, in the hope that the first succeeds.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from controller.aws.items import Item
from controller.aws.transactions import Cancelled
from controller.aws.transactions import Reason as CancelReason
from controller.engine.commit.batching import MAX_ITEM_WRITES
from controller.engine.commit.lease import head_id, head_of_row, stale
from controller.engine.commit.send import (
    PASSING_CODES,
    Sender,
    SendResult,
    failed_condition,
    head_has_moved,
)
from controller.engine.commit.transaction import ApplyContext, Transaction, build_transaction
from controller.engine.config.change_queue import ChangeQueue
from controller.errors import EnvctlError, RefusedByAws, StaleEpoch, Unreachable
from controller.model.head import Head
from controller.model.item_write import ItemWrite
from controller.model.outcome import Outcome, Status
from controller.model.plan import Change
from controller.model.reason import NO_REASON, Reason
from controller.targets.table_items.definitions import STATE_TABLE
from controller.targets.table_items.writes import version_of

MAX_HEAD_MOVES = 8
"""How often in a row the head may turn out to be elsewhere, in our own epoch, before we give up."""


class Progress(NamedTuple):
    """So many of the changes have an outcome."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What became of every change, and the head after it. ``stopped`` is why the run did not go to its end, if so."""

    outcomes: tuple[Outcome, ...]
    head: Head
    stopped: EnvctlError | None = None


def apply_changes(
    changes: Sequence[Change],
    head: Head,
    context: ApplyContext,
    progress: Callable[[Progress], None] = lambda _: None,
) -> ApplyResult:
    """Apply changes in their order, under a head that is ours. Errors of AWS are not raised: what happened is the result.

    Changes that conflict or fail are taken out, with what relies on them; the rest goes on. ``progress`` is called
    after each transaction, in this thread.
    """
    return _Run(changes, head, context, progress).to_the_end()


class _Run:
    def __init__(
        self,
        changes: Sequence[Change],
        head: Head,
        context: ApplyContext,
        progress: Callable[[Progress], None],
    ) -> None:
        self._queue = ChangeQueue(changes, context)
        self._head = head
        self._context = context
        self._progress = progress
        self._sender = Sender(context)
        self._moves = 0

    def to_the_end(self) -> ApplyResult:
        stopped: EnvctlError | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="build-next") as ahead:
            current = self._build(self._head)
            while current is not None:
                building = ahead.submit(self._build, current.head)
                try:
                    fate: SendResult | Cancelled | EnvctlError = self._sender.send(current)
                except EnvctlError as error:
                    fate = error
                following = building.result()
                if isinstance(fate, SendResult):
                    self._settle(current, fate)
                    current = following
                else:
                    # Built on a head that never was: its changes are built again.
                    self._queue.put_back(following.entries if following else ())
                    stopped = self._cope(current, fate)
                    current = self._build(self._head) if stopped is None else None
                self._report()
        if stopped is not None:
            self._stop(stopped)
        self._report()
        return ApplyResult(self._queue.outcomes(), self._head, stopped)

    def _build(self, head: Head) -> Transaction | None:
        at = self._context.clock()
        while entries := self._queue.take(at):
            try:
                return build_transaction(entries, head, self._context, at)
            except EnvctlError as error:
                # The store for large images did not take one: without it there can be no record.
                for entry in entries:
                    self._queue.settle(entry.index, Status.FAILED, error.reason)
        return None

    def _report(self) -> None:
        self._progress(Progress(self._queue.done, self._queue.total))

    def _settle(self, transaction: Transaction, fate: SendResult) -> None:
        status = Status.APPLIED if fate is SendResult.COMMITTED else Status.ALREADY_DONE
        self._settle_all(transaction, status)
        self._head = transaction.head
        self._moves = 0

    def _settle_all(
        self, transaction: Transaction, status: Status, message: Reason = NO_REASON
    ) -> None:
        written = status in {Status.APPLIED, Status.ALREADY_DONE}
        ids: dict[int, list[str]] = {entry.index: [] for entry in transaction.entries}
        for owner, record in zip(transaction.owners, transaction.records, strict=True):
            ids[owner.index].append(record.audit_id)
        for index, audit_ids in ids.items():
            self._queue.settle(index, status, message, audit_ids if written else ())

    def _cope(
        self, transaction: Transaction, trouble: Cancelled | EnvctlError
    ) -> EnvctlError | None:
        """Take out what is at fault and queue the rest again; return what makes going on useless, if anything does."""
        try:
            if isinstance(trouble, Cancelled):
                if head_has_moved(trouble):
                    return self._find_head(transaction)
                self._take_out(transaction, trouble)
                return None
        except EnvctlError as error:
            trouble = error
        if not isinstance(trouble, RefusedByAws):
            self._settle_all(transaction, Status.FAILED, trouble.reason)
            return trouble
        if len(transaction.entries) > 1:
            # One of them is refused, AWS does not say which: halves find it.
            self._queue.put_back(transaction.entries)
            self._queue.max_changes = len(transaction.entries) // 2
        else:
            self._settle_all(transaction, Status.FAILED, trouble.reason)
            self._queue.max_changes = MAX_ITEM_WRITES
        return None

    def _find_head(self, transaction: Transaction) -> EnvctlError | None:
        """See whose the head is now, and which transaction of ours moved it, if one did."""
        row = self._context.store.get(
            self._context.physical(STATE_TABLE.name), {"Id": head_id(self._head.scope)}
        )
        found = head_of_row(self._head.scope, row) if row else None
        for late in self._sender.landed_late():
            self._settle_all(late, Status.ALREADY_DONE)
        self._queue.put_back(transaction.entries)
        if found is None or (found.epoch, found.owner) != (self._head.epoch, self._head.owner):
            return stale(self._head, found)
        self._head = found
        self._moves += 1
        if self._moves > MAX_HEAD_MOVES:
            return Unreachable(
                f"scope {found.scope}: its head moves under our own epoch; is another run using this owner's name?",
                fix="end the other run, then apply again",
            )
        return None

    def _take_out(self, transaction: Transaction, answer: Cancelled) -> None:
        count = len(transaction.owners)
        verdicts: dict[int, tuple[Status, Reason]] = {}
        items = [item for entry in transaction.entries for item in entry.items]
        for place, (item, owner) in enumerate(zip(items, transaction.owners, strict=True)):
            verdict = _verdict(item, answer.reasons[place], answer.reasons[count + place])
            if verdict is not None:
                verdicts.setdefault(owner.index, verdict)
        for index, (status, message) in verdicts.items():
            self._queue.settle(index, status, message)
        self._queue.put_back(transaction.entries)

    def _stop(self, error: EnvctlError) -> None:
        if isinstance(error, StaleEpoch):
            self._queue.settle_rest(Status.STALE_EPOCH, error.reason)
        else:
            self._queue.settle_rest(Status.SKIPPED, Reason(f"not tried: {error.message}"))


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
