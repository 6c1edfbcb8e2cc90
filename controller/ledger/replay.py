"""The ledger against the tables: each item followed from the digest a change left to the digest the next one found."""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from controller.ledger.chain import ChainEntry, Finding, FindingKind
from controller.ledger.queries import entity_of_item
from controller.ledger.records import EntityKey, image_digest, is_sequence
from controller.model.table import TableDefinition

NOTHING = ""
"""The digest of no item."""
PHASES = frozenset({"done", "baseline"})
"""Phases of records that say what became of an item of a table; the others are about live resources."""
_CHANGED = (
    "envctl plan shows what differs, envctl apply brings it back; where plan says that it carries another mark, remove its"
    " attribute Managed before; CloudTrail says who wrote it"
)
_OVERCOME = "nothing to do: record #{:,} shows what was found; CloudTrail says who wrote it"
_UNKNOWN = (
    "where a record is missing look for that first; else delete it, or write a document for it, remove its attribute Managed"
    " if it has one, and envctl apply --adopt takes it over"
)
_MISSING = "envctl apply makes it again if the source asks for it; else audit list --entity KIND/NAME leads to what it was"


class Step(NamedTuple):
    """What one record says of one item: digests of the images before and after."""

    scope: str
    sequence: int
    item: EntityKey
    change_type: str
    before: str
    after: str


class Replay:
    """Follows records in the order of their sequence; holds one digest for each item there ever was.

    ``settled`` is the sequence of each scope's head *before* the tables were read: what was written later may be in the
    tables or not.
    """

    def __init__(self, settled: Mapping[str, int]) -> None:
        """Begin with no items."""
        self._settled = settled
        self._now: dict[EntityKey, tuple[int, str]] = {}
        self._moving: dict[EntityKey, set[str]] = {}
        self.findings: list[Finding] = []

    def add(self, step: Step) -> None:
        """Follow one record. A change that found another image than the last one left is a finding."""
        known = self._now.get(step.item)
        baseline = step.change_type == "Baseline"
        after = step.after or step.before if baseline else step.after
        found = after if baseline else step.before
        if known is None:
            if not baseline and found != NOTHING:
                # As after an adoption: somebody made it, and the record says what was found.
                self._overcome(step, "it was there before its first record")
        elif found != known[1]:
            what = "changed"
            if NOTHING in {known[1], found}:
                what = "made" if known[1] == NOTHING else "deleted"
            since = f"between #{known[0]:,} and #{step.sequence:,}"
            self._overcome(step, f"{what} outside the ledger {since}")
        if step.sequence > self._settled.get(step.scope, 0):
            before = known[1] if known else step.before
            self._moving.setdefault(step.item, {before}).add(after)
        self._now[step.item] = step.sequence, after

    def add_page(self, page: Iterable[ChainEntry]) -> None:
        """Follow what the records of a page of a chain, as on the wire, say of items; what is no readable record is left to the check of the chain."""
        for entry in sorted(page, key=attrgetter("sequence")):
            is_placed = entry.record is not None and is_sequence(entry.sequence)
            step = step_of(entry.sequence, entry.record or {}) if is_placed else None
            if step is not None:
                self.add(step)

    def compare(self, tables: Iterable[tuple[EntityKey, str]]) -> tuple[Finding, ...]:
        """Return all findings, with what the tables hold (item and digest of its full image, each item once) that the ledger does not say."""
        found = list(self.findings)
        seen: set[EntityKey] = set()
        for item, digest in tables:
            seen.add(item)
            sequence, last = self._now.get(item, (0, NOTHING))
            if digest in {last, *self._moving.get(item, ())}:
                continue
            if last == NOTHING:
                gone = f" since its deletion in #{sequence:,}" if sequence else ""
                what = f"it is in the table, but no record says so{gone}"
                found.append(_finding(FindingKind.ITEM_UNKNOWN, sequence, item, what, _UNKNOWN))
            else:
                what = f"it is not as record #{sequence:,} left it"
                found.append(_finding(FindingKind.CHANGED_OUTSIDE, sequence, item, what, _CHANGED))
        for item, (sequence, last) in self._now.items():
            if item not in seen and NOTHING not in {last, *self._moving.get(item, ())}:
                what = f"record #{sequence:,} left it there, and it is gone"
                found.append(_finding(FindingKind.ITEM_MISSING, sequence, item, what, _MISSING))
        return tuple(sorted(found))

    def state(self) -> dict[EntityKey, str]:
        """Return the digest of each item that the records followed so far say is there."""
        return {item: digest for item, (_, digest) in self._now.items() if digest != NOTHING}

    def _overcome(self, step: Step, what: str) -> None:
        fix = _OVERCOME.format(step.sequence)
        self.findings.append(_finding(FindingKind.OVERCOME, step.sequence, step.item, what, fix))


def table_digests(
    definition: TableDefinition, items: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[EntityKey, str]]:
    """Yield each item of a table (physical name in the definition) with the digest of its full image."""
    for item in items:
        yield entity_of_item(definition, item), image_digest(item)


def step_of(sequence: int, record: Mapping[str, Mapping[str, Any]]) -> Step | None:
    """Read what a record, as on the wire, says of an item; None for one of a live resource, and for what is none of ours."""
    try:
        if record["Phase"]["S"] not in PHASES:
            return None
        entity = record["Entity"]["M"]
        range_key = entity["Range"]["S"] if "Range" in entity else None
        item = EntityKey(entity["Type"]["S"], entity["Key"]["S"], range_key)
        said = (record[name]["S"] for name in ("ChangeType", "Before", "After"))
        return Step(record["Scope"]["S"], sequence, item, *said)
    except (KeyError, TypeError):
        return None


def _finding(kind: FindingKind, sequence: int, item: EntityKey, what: str, fix: str) -> Finding:
    return Finding(sequence, sequence, kind, str(item), what, fix)
