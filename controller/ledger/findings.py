"""What verification finds, as values: what, where, what to do."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What is wrong with a ledger, or with the tables compared with it."""

    GAP = "gap"
    DOUBLE = "double"
    ALTERED = "altered"
    BROKEN_LINK = "broken link"
    HEAD = "head"
    UNREADABLE = "unreadable"
    """Images in an object store that is not there or not named."""
    CHANGED_OUTSIDE = "changed outside"
    OVERCOME = "changed outside, since overcome"
    """A later record found the outside change and says what became of it, so the ledger leads to the tables all the same."""
    ITEM_MISSING = "item missing"
    ITEM_UNKNOWN = "item unknown"


OF_ITEMS = frozenset(
    {
        FindingKind.CHANGED_OUTSIDE,
        FindingKind.OVERCOME,
        FindingKind.ITEM_MISSING,
        FindingKind.ITEM_UNKNOWN,
    }
)
"""Findings about an item of a table, not about records."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing wrong. ``sequence`` to ``last`` are the records concerned, 0 where it is about an item alone."""

    sequence: int
    last: int
    kind: FindingKind
    where: str
    """The scope, or the item as ``table/key``."""
    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a scope's chain. ``findings`` are sorted; ``more`` says how many further ones were not kept."""

    scope: str
    records: int
    last: int
    """Sequence of the newest record seen."""
    last_hash: str
    findings: tuple[Finding, ...]
    more: int = 0

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What became of all scopes, and how the tables differ from what the ledger says; None if they were not compared."""

    scopes: tuple[Verification, ...]
    tables: tuple[Finding, ...] | None = None

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong anywhere. What has been overcome is history, and not wrong."""
        return not self.differing and all(scope.intact for scope in self.scopes)

    @property
    def differing(self) -> tuple[Finding, ...]:
        """What the tables hold and the ledger does not say, or the other way round."""
        return tuple(table for table in self.tables or () if table.kind is not FindingKind.OVERCOME)
