"""A transaction is sent until it is known what became of it."""

from enum import Enum

from controller.aws.errors import THROTTLE_CODES, OutcomeUnknown, TableMissing
from controller.aws.transactions import Cancelled, Committed, Reason
from controller.engine.commit.storage import Storage
from controller.engine.commit.transaction import Transaction
from controller.errors import EnvctlError, Throttled, Unreachable
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.model.backoff import Backoff

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


class Sender:
    """Sends transactions of one run, and remembers those whose fate was open."""

    def __init__(self, storage: Storage) -> None:
        """Take where to send to."""
        self._storage = storage
        self._open: list[Transaction] = []

    def send(self, transaction: Transaction) -> SendResult | Cancelled:
        """Send the same bytes under the same token until the answer, or the ledger, says what became of them.

        A cancellation that is returned has at least one reason that repeating does not cure. Raises what the client raised if that
        does not pass, and OutcomeUnknown if neither answer nor ledger could be had.
        """
        error: EnvctlError | None = None
        for sent in range(MAX_SENDS):
            if sent:
                self._storage.sleep(BETWEEN_SENDS.pause_s(sent))
            try:
                answer = self._storage.store.transact(transaction.writes, transaction.token)
                if isinstance(answer, Committed):
                    return SendResult.COMMITTED
                if answer.maybe_done_before:
                    self._open.append(transaction)
                if (answer.maybe_done_before or head_has_moved(answer)) and self.has_landed(
                    transaction
                ):
                    return SendResult.DONE_BEFORE
            except TableMissing:
                raise
            except OutcomeUnknown as unknown:
                self._open.append(transaction)
                error = unknown
                if self._landed_as_far_as_known(transaction):
                    return SendResult.DONE_BEFORE
            except Unreachable as unreachable:
                error = error if isinstance(error, OutcomeUnknown) else unreachable
            else:
                if any(reason and reason.code not in PASSING_CODES for reason in answer.reasons):
                    return answer
                error = Throttled(
                    "tables: other transactions keep the items of this one busy",
                    fix="nothing, it is tried again later",
                )
        assert error is not None
        raise error

    def landed_late(self) -> list[Transaction]:
        """Return those transactions with an open fate that were written after all. Raises as any read."""
        return [transaction for transaction in self._open if self.has_landed(transaction)]

    def has_landed(self, transaction: Transaction) -> bool:
        """Tell from the ledger whether a transaction was written: its first record is there, or none is."""
        record = transaction.records[0]
        found = self._storage.store.get(
            self._storage.physical(LEDGER_TABLE.name), {"AuditID": record.audit_id}
        )
        return found is not None and found.get("Hash") == record.hash

    def _landed_as_far_as_known(self, transaction: Transaction) -> bool:
        try:
            return self.has_landed(transaction)
        except Unreachable:
            return False


def head_has_moved(answer: Cancelled) -> bool:
    """Tell whether the head, the last write, was not where the transaction expected it."""
    return failed_condition(answer.reasons[-1])


def failed_condition(reason: Reason | None) -> bool:
    """Tell whether a write's condition did not hold."""
    return reason is not None and reason.code == CONDITION_FAILED
