"""What became of each change that was tried."""

from dataclasses import dataclass
from enum import StrEnum

from controller.model.plan import Change
from controller.model.reason import NO_REASON, Reason


class Status(StrEnum):
    """The end of one change in one run."""

    APPLIED = "applied"
    ALREADY_DONE = "already done"
    """Our own record was there: the answer to an earlier try had been lost."""
    CONFLICTED = "conflicted"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Something it depends on conflicted or failed."""
    STALE_EPOCH = "stale epoch"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``audit_ids`` name the ledger records of the change, one per item written."""

    change: Change
    status: Status
    message: Reason = NO_REASON
    audit_ids: tuple[str, ...] = ()
    transaction_id: str = ""
