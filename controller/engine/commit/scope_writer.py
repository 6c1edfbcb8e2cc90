"""Whoever owns a scope writes it: what is written, its records and the scope's head go into one transaction."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Final, Self

from controller.aws.errors import THROTTLE_CODES, OutcomeUnknown, TableMissing
from controller.aws.transactions import Cancelled, Committed, Reason, Write
from controller.engine.commit.lease import Claim, LeaseKeeper
from controller.engine.commit.storage import ApplyRequest, Storage
from controller.engine.commit.transaction import Transaction, build_transaction
from controller.errors import Conflict, EnvctlError, StaleEpoch, Throttled, Unreachable
from controller.events import ApplyProgressed, Emit, EpochTaken, LeaseNotReleased, discard_event
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.backoff import Backoff
from controller.model.ledger_record import LedgerRecord
from controller.model.plan import Progress

MAX_HEAD_MOVES: Final = 8
"""How often in a row the head may turn out to be elsewhere, in our own epoch, before we give up."""
MAX_SENDS = 4
"""How often one transaction is sent, each time by a client that tries again by itself."""
BETWEEN_SENDS = Backoff(first_s=1.0, longest_s=4.0)
CONDITION_FAILED = "ConditionalCheckFailed"
PASSING_CODES = THROTTLE_CODES | {"TransactionConflict"}
"""Reasons of a cancellation that say nothing about the writes themselves."""


class SendResult(Enum):
    """How a transaction came to be written."""

    COMMITTED = "committed"
    DONE_BEFORE = "done before"
    """Its records were there: the answer to an earlier try had been lost."""


@dataclass(eq=False)
class ScopeWriter(AbstractContextManager["ScopeWriter"]):
    """The owner of a scope for a while. Its end as a context manager gives the scope back.

    A lease that cannot be given back ends by itself and fails nothing that was recorded: it is told as an event. Not for several
    threads at once, but ``lease`` is.
    """

    storage: Storage
    request: ApplyRequest
    """What records say."""
    lease: LeaseKeeper
    """Of a scope that is ours."""
    emit: Emit = discard_event
    _open: list[Transaction] = field(default_factory=list, init=False)
    """Those sent whose fate was open."""
    _moves: int = field(default=0, init=False)

    @classmethod
    def take(
        cls,
        scope: str,
        claim: Claim,
        storage: Storage,
        request: ApplyRequest,
        emit: Emit = discard_event,
    ) -> Self:
        """Become the owner of a scope. Raises ScopeBusy, ScopeFromTheFuture, and as any write."""
        leases = storage.leases
        head = leases.take(scope, claim)
        emit(EpochTaken(head.scope, head.epoch, head.owner))
        return cls(storage, request, LeaseKeeper(head, leases), emit)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Also when Ctrl-C ends the run: the next one need not wait for the lease.
        try:
            self.lease.leases.release(self.lease.head)
        except EnvctlError as refusal:
            self.emit(LeaseNotReleased(self.lease.head.scope, str(refusal)))

    def append(
        self, records: Sequence[LedgerRecord], writes: Sequence[Write] = ()
    ) -> tuple[LedgerRecord, ...]:
        """Write records, chained to the head, and other writes with them in one transaction; return them as they are now.

        Without records the writes must be such that doing them twice is doing them once. Raises Conflict if a write's condition does not hold, StaleEpoch if the scope is not ours any more, ImagesTooLarge, and as
        any write: nothing is written then.
        """
        while True:
            transaction = build_transaction(
                records, writes, self.lease.head, self.storage, self.storage.clock()
            )
            answer = self.send(transaction)
            if isinstance(answer, SendResult):
                return transaction.records
            if not head_has_moved(answer):
                why = {
                    f"{reason.code} {reason.message}".strip() for reason in answer.reasons if reason
                }
                raise Conflict(
                    f"scope {self.lease.head.scope}: its records could not be written: {'; '.join(sorted(why))}",
                    fix="run again; what was done is found by looking",
                )
            self.find_head()

    def tell(self, progress: Progress) -> None:
        """Tell how many of the scope's changes have an outcome."""
        self.emit(ApplyProgressed(self.lease.head.scope, *progress))

    def send(self, transaction: Transaction) -> SendResult | Cancelled:
        """Send the same bytes under the same token until the answer, or the ledger, says what became of them.

        The head follows what was written. A cancellation that is returned has at least one reason that repeating does not
        cure. Raises what the client raised if that does not pass, and OutcomeUnknown if neither answer nor ledger could be had.
        """
        error: EnvctlError | None = None
        for sent in range(MAX_SENDS):
            if sent:
                self.storage.sleep(BETWEEN_SENDS.pause_s(sent))
            try:
                answer = self.storage.store.transact(transaction.writes, transaction.token)
                if isinstance(answer, Committed):
                    result = SendResult.COMMITTED
                    break
                if answer.maybe_done_before:
                    self._open.append(transaction)
                if (answer.maybe_done_before or head_has_moved(answer)) and self.has_landed(
                    transaction
                ):
                    result = SendResult.DONE_BEFORE
                    break
            except TableMissing:
                raise
            except OutcomeUnknown as unknown:
                self._open.append(transaction)
                error = unknown
                with suppress(Unreachable):
                    if self.has_landed(transaction):
                        result = SendResult.DONE_BEFORE
                        break
            except Unreachable as unreachable:
                error = error if isinstance(error, OutcomeUnknown) else unreachable
            else:
                if any(reason and reason.code not in PASSING_CODES for reason in answer.reasons):
                    return answer
                error = Throttled(
                    "tables: other transactions keep the items of this one busy",
                    fix="nothing, it is tried again later",
                )
        else:
            assert error is not None
            raise error
        self.lease.moved(transaction.head)
        self._moves = 0
        return result

    def landed_late(self) -> list[Transaction]:
        """Return those transactions with an open fate that were written after all. Raises as any read."""
        return [transaction for transaction in self._open if self.has_landed(transaction)]

    def has_landed(self, transaction: Transaction) -> bool:
        """Tell from the ledger whether a transaction was written: its first record is there, or none is.

        Of one without records it does not tell: such a one is sent again.
        """
        if not transaction.records:
            return False
        record = transaction.records[0]
        found = self.storage.store.get(
            self.storage.physical(LEDGER_TABLE.name), {"AuditID": record.audit_id}
        )
        return found is not None and found.get("Hash") == record.hash

    def find_head(self) -> None:
        """See where the head is now. Raises StaleEpoch if it is not ours, or moves without us, and as any read."""
        self.lease.find_head()
        self._moves += 1
        if self._moves > MAX_HEAD_MOVES:
            raise StaleEpoch(
                f"scope {self.lease.head.scope}: its head moves under our own epoch; is another run using this owner's name?",
                fix="end the other run, then apply again",
            )


def head_has_moved(answer: Cancelled) -> bool:
    """Tell whether the head, the last write, was not where the transaction expected it."""
    return failed_condition(answer.reasons[-1])


def failed_condition(reason: Reason | None) -> bool:
    """Tell whether a write's condition did not hold."""
    return reason is not None and reason.code == CONDITION_FAILED
