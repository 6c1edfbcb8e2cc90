"""Whether a scope's records are whole, unaltered and in one chain: fed page by page, in any order, memory flat.

What verification finds are values: what, where, what to do.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from controller.aws.items import WireItem, canonical_wire
from controller.errors import WrongUsage
from controller.ledger.large_images import (
    PACKED,
    PACKED_DIGEST,
    BlobStore,
    ImagesLost,
    unpack_images,
)
from controller.ledger.records import is_sequence
from controller.model.ledger_record import Head


class FindingKind(StrEnum):
    """What is wrong with a ledger, or with the tables compared with it."""

    GAP = "gap"
    DOUBLE = "double"
    ALTERED = "altered"
    BROKEN_LINK = "broken link"
    HEAD = "head"
    STRAY = "stray"
    """A record that looks like ours and is in no chain."""
    ANCHOR = "anchor"
    """The ledger is not the one that was anchored: who rewrites it rewrites its heads, but no anchor."""
    SEGMENT = "segment"
    """Old records in an object store are not there, or not as they were put there."""
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

    def with_findings(self, more: Iterable[Finding]) -> "Verification":
        """Return the same with what else was found of the scope."""
        return replace(self, findings=tuple(sorted((*self.findings, *more))))


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What became of all scopes, and how the tables differ from what the ledger says; None if they were not compared."""

    scopes: tuple[Verification, ...]
    tables: tuple[Finding, ...] | None = None
    by_others: int = 0
    """How many items others changed as they may: items that are none of ours, and fields of ours that they share."""
    strays: tuple[Finding, ...] = ()
    """Records in no chain, at most a thousand."""
    anchors: int | None = None
    """With how many anchors the chains were compared; None if with none was asked for."""
    unusable: tuple[Finding, ...] = ()
    """Anchors that could not be used, or that there is none."""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong anywhere. What has been overcome is history, and not wrong."""
        wrong = self.differing or self.strays or self.unusable
        return not wrong and all(scope.intact for scope in self.scopes)

    @property
    def differing(self) -> tuple[Finding, ...]:
        """What the tables hold and the ledger does not say, or the other way round."""
        return tuple(table for table in self.tables or () if table.kind is not FindingKind.OVERCOME)


LATER = ("EventID",)
"""What is put on a record after it was hashed: it marks the stream event that a delete was seen as."""
NOT_HASHED = ("Hash", *LATER)
"""A record's own hash, and what comes later."""
MAX_FINDINGS = 1000
_MALFORMED = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError)
_RESTORE = "compare it with the last snapshot's ledger, and restore the audit table to a point in time before"
_FIX = {
    FindingKind.GAP: f"records are never deleted: {_RESTORE}",
    FindingKind.DOUBLE: "find out which of them the head's chain holds, and who wrote the other (CloudTrail: PutItem)",
    FindingKind.ALTERED: f"find who wrote to the audit table (CloudTrail), {_RESTORE}",
    FindingKind.STRAY: "find who wrote it to the audit table (CloudTrail: PutItem); it tells of nothing envctl did",
    FindingKind.BROKEN_LINK: f"one of the two was replaced: {_RESTORE}",
    FindingKind.ANCHOR: f"somebody rewrote the ledger since (CloudTrail: PutItem on the audit table): {_RESTORE}",
    FindingKind.HEAD: "find who wrote the head row of EnvctlState or the audit table (CloudTrail) before applying again",
}

_LOST = "find who took it away (CloudTrail: DeleteItem)"


def stray_of(item: Mapping[str, Any]) -> Finding | None:
    """Return a finding for a plain item of the audit table that has attributes of ours and stands in no scope's chain.

    One with a scope and a sequence above zero is left to the check of that chain.
    """
    if OURS.isdisjoint(item):
        return None
    audit_id, scope, sequence = item.get("AuditID"), item.get("Scope"), item.get("Sequence")
    if not isinstance(scope, str) or not scope:
        what = f"record {audit_id} is in no chain: it names no scope"
    elif not isinstance(sequence, (int, Decimal)) or sequence <= 0:
        what = f"record {audit_id} is in no chain: its sequence is {str(sequence)[:40]}"
    else:
        return None
    where = scope if isinstance(scope, str) else ""
    return Finding(0, 0, FindingKind.STRAY, where, what, _FIX[FindingKind.STRAY])


OURS = frozenset({"Hash", "PreviousHash", "Scope", "Sequence", "EntityId", "ActorId", "RunId"})
"""Attributes that no other program puts into records: by these they are asked for, and listed as ours."""


class ChainEntry(NamedTuple):
    """One line of the scope index and the record it stands for, as on the wire; None where the table has no such record."""

    sequence: int
    audit_id: str
    record: WireItem | None


class Anchored(NamedTuple):
    """Where a chain stood at a moment, by the word of an anchor."""

    sequence: int
    hash: str
    at: str
    """UTC, milliseconds, ``Z``."""


class _Stretch(NamedTuple):
    """Records whose sequences follow each other, already checked against each other."""

    first: int
    last: int
    previous_hash: str
    last_hash: str


class ChainCheck:
    """Takes pages of a scope's records. Keeps the findings, and a line for each stretch of pages that came in order.

    ``head`` is the scope's head read *before* the first page, None if there was none. Images in an object store need ``blobs``.
    ``anchors`` say which records there must be.
    """

    def __init__(
        self,
        scope: str,
        head: Head | None,
        blobs: BlobStore | None = None,
        anchors: Iterable[Anchored] = (),
    ) -> None:
        """Begin with no records."""
        self._anchors = {(anchor.sequence, anchor.hash): anchor for anchor in anchors}
        self._anchored = {anchor.sequence for anchor in self._anchors.values()}
        self._scope = scope
        self._head = head
        self._blobs = blobs
        self._stretches: list[_Stretch] = []
        self._findings: list[Finding] = []
        self._more = 0
        self._at_head: set[str] = set()
        self.records = 0
        self.reached = 0
        """Highest sequence seen."""

    def add(self, page: Iterable[ChainEntry]) -> None:
        """Check the records of a page, each for itself and against those beside it in the page."""
        head_sequence = self._head.sequence if self._head else 0
        stretch: _Stretch | None = None
        doubled = 0
        for sequence, audit_id, record in sorted(page, key=itemgetter(0, 1)):
            if record is None:
                continue
            if not is_sequence(sequence):
                what = f"record {audit_id} is in no chain: its sequence is {str(sequence)[:40]}"
                self._find(FindingKind.STRAY, 0, what)
                continue
            previous, own = self._check(sequence, audit_id, record)
            if sequence == head_sequence:
                self._at_head.add(own)
            if sequence in self._anchored:
                self._anchors.pop((sequence, own), None)
            if stretch is None:
                stretch = _Stretch(sequence, sequence, previous, own)
            elif sequence == stretch.last + 1 and doubled != stretch.last:
                if previous != stretch.last_hash:
                    self._broken(sequence)
                stretch = _Stretch(stretch.first, sequence, stretch.previous_hash, own)
            else:
                if sequence == stretch.last:
                    doubled = sequence
                self._keep(stretch)
                stretch = _Stretch(sequence, sequence, previous, own)
        if stretch is not None:
            self._keep(stretch)
            self.reached = max(self.reached, stretch.last)

    def finish(self, head: Head | None) -> Verification:
        """Check the pages against each other and against the heads; ``head`` is the head read *after* the last page.

        A record between the two heads may be there or not yet: it is checked if it was seen.
        """
        reached, last_hash = self._join()
        if self._head is not None:
            if reached < self._head.sequence:
                self._gap(reached + 1, self._head.sequence)
            elif self._head.sequence and self._head.last_hash not in self._at_head:
                self._find(
                    FindingKind.HEAD,
                    self._head.sequence,
                    f"the head names another record as #{self._head.sequence:,} than the ledger holds",
                )
        if reached and (head is None or head.sequence < reached):
            says, fix = (
                "there is no head",
                f"envctl audit recover {self._scope} makes it again; {_LOST}",
            )
            if head is not None:
                says, fix = f"the head stands at #{head.sequence:,}", ""
            said = f"the ledger goes on to #{reached:,}, but {says}"
            self._find(FindingKind.HEAD, reached, said, fix=fix)
        for anchor in self._anchors.values():
            self._find(
                FindingKind.ANCHOR,
                anchor.sequence,
                f"record #{anchor.sequence:,} is not, or not as, it was anchored at {anchor.at}: {anchor.hash[:12]}",
            )
        findings = tuple(sorted(self._findings))
        return Verification(self._scope, self.records, reached, last_hash, findings, self._more)

    def _check(self, sequence: int, audit_id: str, record: WireItem) -> tuple[str, str]:
        """Check one record; return the previous and own hash that it says, whether or not they are right."""
        self.records += 1
        try:
            stored: str = record["Hash"]["S"]
            if hash_of_wire(record, stored, self._blobs) != stored:
                self._altered(sequence, audit_id)
            return record["PreviousHash"]["S"], stored
        except (WrongUsage, ImagesLost) as error:
            if isinstance(error, ImagesLost) and PACKED in record:
                self._altered(sequence, audit_id)
            else:
                what = error.message.removeprefix("ledger: ")
                self._find(FindingKind.UNREADABLE, sequence, what, fix=error.fix)
        except _MALFORMED:
            self._altered(sequence, audit_id)
        return _text(record, "PreviousHash"), _text(record, "Hash")

    def _keep(self, stretch: _Stretch) -> None:
        """Keep a stretch, as part of the one kept last if it simply goes on from there."""
        if self._stretches:
            before = self._stretches[-1]
            if (before.last + 1, before.last_hash) == (stretch.first, stretch.previous_hash):
                stretch = stretch._replace(first=before.first, previous_hash=before.previous_hash)
                self._stretches.pop()
        self._stretches.append(stretch)

    def _join(self) -> tuple[int, str]:
        """Check each stretch against what lies before it; return the highest sequence and its hash."""
        stretches = sorted(self._stretches)
        doubled = self._doubled(stretches)
        reached, last_hash = 0, ""
        for stretch in stretches:
            if stretch.first > reached + 1:
                self._gap(reached + 1, stretch.first - 1)
            elif (
                stretch.first == reached + 1
                and stretch.previous_hash != last_hash
                # Of two records with one sequence, either may be the one that is followed.
                and doubled.isdisjoint({reached, stretch.first})
            ):
                self._broken(stretch.first)
            if stretch.last > reached:
                reached, last_hash = stretch.last, stretch.last_hash
        return reached, last_hash

    def _doubled(self, stretches: Iterable[_Stretch]) -> set[int]:
        doubled: set[int] = set()
        reached = 0
        for stretch in stretches:
            for sequence in range(max(stretch.first, 1), min(stretch.last, reached) + 1):
                doubled.add(sequence)
                self._find(FindingKind.DOUBLE, sequence, f"there are two records #{sequence:,}")
            reached = max(reached, stretch.last)
        return doubled

    def _gap(self, first: int, last: int) -> None:
        what = f"records #{first:,} to #{last:,} are missing ({last - first + 1:,})"
        if first == last:
            what = f"record #{first:,} is missing"
        self._find(FindingKind.GAP, first, what, last)

    def _broken(self, sequence: int) -> None:
        what = f"record #{sequence:,} follows another record than the one before it"
        self._find(FindingKind.BROKEN_LINK, sequence, what)

    def _altered(self, sequence: int, audit_id: str) -> None:
        what = f"record #{sequence:,} ({audit_id}) is not what was written"
        self._find(FindingKind.ALTERED, sequence, what)

    def _find(
        self, kind: FindingKind, sequence: int, what: str, last: int = 0, fix: str = ""
    ) -> None:
        if len(self._findings) == MAX_FINDINGS:
            self._more += 1
            return
        self._findings.append(
            Finding(sequence, last or sequence, kind, self._scope, what, fix or _FIX[kind])
        )


def hash_of_wire(
    record: Mapping[str, Mapping[str, Any]], stored: str, blobs: BlobStore | None = None
) -> str:
    """Return the hash of a record from its wire item, in whatever form its images are.

    What DynamoDB answers is canonical but for its keys' order, so nearly always the first try gives ``stored``; only then
    is each value brought to its canonical form. Raises as ``unpack_images``, and what malformed items raise.
    """
    if PACKED_DIGEST in record or PACKED in record:
        record = unpack_images(record, blobs)
    body = {**record}
    for name in NOT_HASHED:
        body.pop(name, None)
    found = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return found if found == stored else hashlib.sha256(canonical_wire(body)).hexdigest()


def _text(record: WireItem, name: str) -> str:
    value = record.get(name)
    text = value.get("S") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""
