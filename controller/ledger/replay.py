"""The ledger against the tables: each item followed from the digest a change left to the digest the next one found.

A change by others that has a record of its own is a step as any other; one that has none is a difference.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from controller.ledger.chain import ChainEntry, Finding, FindingKind
from controller.ledger.item_path import ImageStep, OutsideSteps
from controller.ledger.outside_record import GAP
from controller.ledger.records import EntityKey, entity_of_item, image_digest, is_sequence
from controller.ledger.stream_changes import STREAM_PREFIX
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
_MISSING = "envctl apply makes it again if the source asks for it; else envctl audit list --entity {} leads to what it was"


class Step(NamedTuple):
    """What one record says of one item: digests of the images before and after."""

    scope: str
    sequence: int
    item: EntityKey
    change_type: str
    before: str
    after: str
    cause: str = ""


class Difference(NamedTuple):
    """An image that no record leads to: ``before`` is what the ledger says of the item, ``after`` what was found."""

    item: EntityKey
    before: str
    after: str
    sequence: int
    """Of the record that left ``before``; 0 for none."""
    found_by: int
    """Sequence of the record that found ``after``; 0 where the table holds it."""


class Replay:
    """Follows records in the order of their sequence; holds one digest for each item there ever was.

    Records of what others changed, which are in chains of their own, are to come before all others. ``settled`` is the sequence of
    each scope's head *before* the tables were read: what was written later may be in the tables or not.
    """

    def __init__(self, settled: Mapping[str, int]) -> None:
        """Begin with no items."""
        self._settled = settled
        self._now: dict[EntityKey, tuple[int, str]] = {}
        self._moving: dict[EntityKey, set[str]] = {}
        self._outside: dict[EntityKey, OutsideSteps] = {}
        self._breaks: list[Difference] = []

    def add(self, step: Step) -> None:
        """Follow one record. A change that found another image than the last one left is a difference."""
        if step.scope.startswith(STREAM_PREFIX):
            self._add_outside(step)
            return
        known, outside = self._now.get(step.item), self._outside.get(step.item)
        baseline = step.change_type == "Baseline"
        after = step.after or step.before if baseline else step.after
        found = after if baseline else step.before
        if outside is not None:
            leads = outside.lead(known[1] if known else None, found)
        elif known is None:
            # As after an adoption: somebody made it, and the record says what was found.
            leads = baseline or found == NOTHING
        else:
            leads = found == known[1]
        if not leads:
            sequence, before = known or (0, NOTHING)
            self._breaks.append(Difference(step.item, before, found, sequence, step.sequence))
        if step.sequence > self._settled.get(step.scope, 0):
            before = known[1] if known else step.before
            self._moving.setdefault(step.item, {before}).add(after)
        self._now[step.item] = step.sequence, after

    def _add_outside(self, step: Step) -> None:
        outside = self._outside.setdefault(step.item, OutsideSteps())
        image = ImageStep(step.before, step.after, step.sequence)
        (outside.jumps if step.cause == GAP else outside.steps).append(image)
        if step.sequence > self._settled.get(step.scope, 0):
            self._moving.setdefault(step.item, set()).update(image[:2])

    def add_page(self, page: Iterable[ChainEntry]) -> None:
        """Follow what the records of a page of a chain, as on the wire, say of items; what is no readable record is left to the check of the chain."""
        for entry in sorted(page, key=attrgetter("sequence")):
            is_placed = entry.record is not None and is_sequence(entry.sequence)
            step = step_of(entry.sequence, entry.record or {}) if is_placed else None
            if step is not None:
                self.add(step)

    def differences(self, tables: Iterable[tuple[EntityKey, str]]) -> list[Difference]:
        """Return every image that no record leads to, on the way or in the tables (item and digest of its full image, each item once)."""
        found = [*self._breaks]
        seen: set[EntityKey] = set()
        for item, digest in tables:
            seen.add(item)
            found += self._ended(item, digest)
        for item in (*self._now, *(item for item in self._outside if item not in self._now)):
            if item not in seen:
                found += self._ended(item, NOTHING)
        return found

    def compare(
        self,
        tables: Iterable[tuple[EntityKey, str]],
        is_followed: Callable[[Difference], bool] = lambda _: False,
    ) -> tuple[Finding, ...]:
        """Return the same differences, as verification tells them, but those of the tables as they are that ``is_followed`` takes."""
        found = self.differences(tables)
        told = (one for one in found if one.found_by or not is_followed(one))
        return tuple(sorted(map(_finding_of, told)))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found on the way, as verification tells it."""
        return tuple(map(_finding_of, self._breaks))

    def state(self) -> dict[EntityKey, str]:
        """Return the digest of each item that the records followed so far say is there."""
        return {item: digest for item, (_, digest) in self._now.items() if digest != NOTHING}

    def _ended(self, item: EntityKey, digest: str) -> Iterator[Difference]:
        """Yield how an item's records end elsewhere than the table."""
        known, outside = self._now.get(item), self._outside.get(item)
        sequence, last = known or (0, NOTHING)
        moving = self._moving.get(item, ())
        if outside is None:
            if digest != last and digest not in moving:
                yield Difference(item, last, digest, sequence, 0)
            return
        ends, breaks = outside.ends(known[1] if known else None)
        for image, step in breaks if NOTHING not in moving else ():
            yield Difference(item, image or NOTHING, step.before, sequence, step.sequence)
        if digest in ends or digest in moving or any(outside.is_jump(e, digest) for e in ends):
            return
        end = min(image or NOTHING for image in ends)
        yield Difference(item, end, digest, sequence, 0)


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
        said = (record[name]["S"] for name in ("ChangeType", "Before", "After", "Cause"))
        return Step(record["Scope"]["S"], sequence, item, *said)
    except (KeyError, TypeError):
        return None


def _finding_of(found: Difference) -> Finding:
    sequence = found.sequence
    if found.found_by:
        what, fix = "it was there before its first record", _OVERCOME.format(found.found_by)
        if sequence:
            what = "changed"
            if NOTHING in {found.before, found.after}:
                what = "made" if found.before == NOTHING else "deleted"
            what += f" outside the ledger between #{sequence:,} and #{found.found_by:,}"
        return _finding(FindingKind.OVERCOME, found.found_by, found.item, what, fix)
    if found.before == NOTHING:
        gone = f" since its deletion in #{sequence:,}" if sequence else ""
        what = f"it is in the table, but no record says so{gone}"
        return _finding(FindingKind.ITEM_UNKNOWN, sequence, found.item, what, _UNKNOWN)
    left = f"record #{sequence:,} left it" if sequence else "the records of its stream left it"
    if found.after == NOTHING:
        what = f"{left} there, and it is gone"
        return _finding(
            FindingKind.ITEM_MISSING, sequence, found.item, what, _MISSING.format(found.item)
        )
    return _finding(
        FindingKind.CHANGED_OUTSIDE, sequence, found.item, f"it is not as {left}", _CHANGED
    )


def _finding(kind: FindingKind, sequence: int, item: EntityKey, what: str, fix: str) -> Finding:
    return Finding(sequence, sequence, kind, str(item), what, fix)
