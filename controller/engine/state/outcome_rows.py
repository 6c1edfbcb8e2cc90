"""What became of the source's newest revision, and whom that was told: two rows of EnvctlState. Pure but for writing the first."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from controller.aws.items import to_wire
from controller.aws.tables import ItemStore
from controller.aws.transactions import PutWrite
from controller.errors import Conflict
from controller.ledger.records import iso_ms
from controller.redactor import REDACTOR

OUTCOME_KEY: Final = "outcome#source"
ANSWERED_KEY: Final = "answered#source"
_LONGEST_WHY: Final = 20_000
"""Far below what an item holds, and more than is told."""

Row = Mapping[str, Any]


class OutcomeKind(StrEnum):
    """What a revision came to."""

    APPLIED = "applied"
    """The tables hold all of it."""
    REFUSED = "refused"
    WRONG = "wrong"
    """Nothing is planned from it: it is no desired state, or nobody who may signed it."""
    FAILED = "failed"
    """Some of it could not be written; it is tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionOutcome:
    """What became of one revision, as it was tried last."""

    revision: str
    kind: OutcomeKind
    at: datetime
    """When it was tried; aware."""
    why: str = ""
    """Why it was not applied, in lines; empty where it was."""
    transaction: str = ""
    """Under which its changes are on record; empty where it changed nothing."""
    sequence: int = 0
    """The config scope's with which it was in the tables."""


def outcome_of_row(row: Row | None) -> RevisionOutcome | None:
    """Read it; None where there is none, or a damaged one: the next run writes it anew."""
    try:
        found = row or {}
        return RevisionOutcome(
            revision=str(found["Revision"]),
            kind=OutcomeKind(found["Kind"]),
            at=datetime.fromisoformat(found["At"]),
            why=str(found["Why"]),
            transaction=str(found["Transaction"]),
            sequence=int(found["Sequence"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def write_outcome(store: ItemStore, state_table: str, found: RevisionOutcome) -> None:
    """Write what became of a revision, unless it is known to have been applied. Raises as any read or write.

    Nothing is written over what another wrote meanwhile, or over a later state of the tables: a worker that was held up for long
    knows of an earlier revision.
    """
    there = store.get(state_table, {"Id": OUTCOME_KEY})
    before = outcome_of_row(there)
    if before is not None:
        known = (found.revision, OutcomeKind.APPLIED)
        if (before.revision, before.kind) == known or before.sequence > found.sequence > 0:
            # What a later run of it finds is how the scope stands, and no outcome of the revision.
            return
    row = {
        "Id": OUTCOME_KEY,
        "Revision": found.revision,
        "Kind": found.kind.value,
        "At": iso_ms(found.at),
        "Why": REDACTOR.redact(found.why)[:_LONGEST_WHY],
        "Transaction": found.transaction,
        "Sequence": found.sequence,
    }
    write = PutWrite(state_table, to_wire(row))
    if there is None:
        write = PutWrite(state_table, to_wire(row), "attribute_not_exists(Id)")
    elif before is not None:
        # A damaged one is replaced whatever it says.
        as_read = to_wire({":revision": there["Revision"], ":at": there["At"]})
        names = {"#revision": "Revision", "#at": "At"}
        same = "#revision = :revision AND #at = :at"
        write = PutWrite(state_table, to_wire(row), same, names, as_read)
    with suppress(Conflict):
        store.write(write)


@dataclass(frozen=True, slots=True)
class Answered:
    """What was told last of which revision, and behind which one requests were looked for that it brought."""

    revision: str
    base: str = ""
    """The revision last told to the end before; empty where none was."""
    told: str = ""
    """Digest of the text."""
    is_final: bool = True


def row_of_answered(known: Answered) -> dict[str, Any]:
    """Return the row that holds it."""
    return {
        "Id": ANSWERED_KEY,
        "Revision": known.revision,
        "Base": known.base,
        "Told": known.told,
        "Final": known.is_final,
    }


def answered_of_row(row: Row | None) -> Answered | None:
    """Read it; None where there is none, or a damaged one: it is told from then on."""
    try:
        found = row or {}
        revision, base, told = (str(found[name]) for name in ("Revision", "Base", "Told"))
        return Answered(revision, base, told, bool(found["Final"]))
    except KeyError:
        return None
