"""What became of each change that was tried, and how far a run has come."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

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


DONE: Final = frozenset({Status.APPLIED, Status.ALREADY_DONE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """``audit_ids`` name the ledger records of the change, one per item written."""

    change: Change
    status: Status
    message: Reason = NO_REASON
    audit_ids: tuple[str, ...] = ()
    transaction_id: str = ""


class Progress(NamedTuple):
    """So many of the changes have an outcome."""

    done: int
    total: int
