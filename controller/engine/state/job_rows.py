"""How jobs ended that belong to no scope of the accounts: a row of EnvctlState for each, so that every daemon and status can tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import PutWrite
from controller.ledger.records import iso_ms
from controller.model.ref import NO_REASON, Reason
from controller.redactor import REDACTOR

JOB_PREFIX: Final = "job#"
"""The key of a row in EnvctlState is this and the job's name."""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended last, and when it ended well. Moments are aware."""

    job: str
    at: datetime
    because: Reason = NO_REASON
    """Why it could not be done; empty where it was."""
    done_at: datetime | None = None


def write_job_end(
    store: ItemStore, state_table: str, job: str, at: datetime, because: str = ""
) -> None:
    """Write how a job ended just now; when it was done last before stays known. Raises as any read or write."""
    before = job_end_of_row(store.get(state_table, {"Id": JOB_PREFIX + job}) or {})
    done_at = at if not because else before.done_at if before is not None else None
    row = {"Id": JOB_PREFIX + job, "At": iso_ms(at), "Because": REDACTOR.redact(because)}
    if done_at is not None:
        row["DoneAt"] = iso_ms(done_at)
    store.write(PutWrite(state_table, to_wire(row)))


def job_end_of_row(row: Mapping[str, Any]) -> JobEnd | None:
    """Read a row; None for one that is damaged: the next end writes it anew."""
    try:
        done_at = row.get("DoneAt")
        return JobEnd(
            str(row["Id"]).removeprefix(JOB_PREFIX),
            datetime.fromisoformat(row["At"]),
            Reason.stored(str(row["Because"])),
            None if done_at is None else datetime.fromisoformat(done_at),
        )
    except (KeyError, TypeError, ValueError):
        return None


def job_ends_in(rows: Iterable[Mapping[str, Any]]) -> dict[str, JobEnd]:
    """Return how jobs ended, by job, from rows of EnvctlState."""
    mine = (row for row in rows if str(row.get("Id", "")).startswith(JOB_PREFIX))
    found = (job_end_of_row(row) for row in mine)
    return {end.job: end for end in found if end is not None}
