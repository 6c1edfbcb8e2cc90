"""What an event of a table's stream is: ours, by the record written with it, or a change by somebody else. Pure.

The id of a record of ours follows from table, key and both images, so the event leads to it. Who later writes an old image of
ours once more causes an event that leads to the same record: that one has been passed, so the event is not ours.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from controller.aws.items import canonical_wire, from_wire
from controller.aws.streams import StreamEvent
from controller.ledger.records import EntityKey, audit_id
from controller.model.table import TableDefinition

STREAM_PREFIX: Final = "stream/"
"""The scope of a table's stream is this and the table's logical name: its chain holds what others changed."""
_ACTIONS: Final = {"INSERT": "create", "MODIFY": "update", "REMOVE": "delete"}
MOST_PASSED: Final = 2000
"""Items of which a table's checkpoint knows how far they were passed; of further ones the ledger is asked."""
_MOST_RECENT: Final = 20_000


class Verdict(Enum):
    """Whose a change is."""

    OURS = "ours"
    OUTSIDE = "outside"
    """Somebody else's, and not recorded yet."""
    RECORDED = "recorded"
    """Somebody else's, and recorded when it was read before."""


@dataclass(frozen=True, slots=True)
class StreamChange:
    """An event that changed an item. ``before`` and ``after`` are digests of the full images, empty where there is none."""

    event: StreamEvent
    item: EntityKey
    key: Mapping[str, Any]
    before: str
    after: str
    audit_id: str
    """Of the record that there is if the change is ours."""
    at_most_bytes: int
    """DynamoDB counts no more for both images together."""

    @property
    def is_delete(self) -> bool:
        """Tell whether the item is gone after it."""
        return not self.after


class OwnRecord(NamedTuple):
    """What is asked of a record of ours."""

    sequence: int
    claimed_by: str
    """The event that a delete was seen as; empty before it was."""


class Recognised(NamedTuple):
    """A change, and whose it is."""

    change: StreamChange
    verdict: Verdict

    @property
    def claims(self) -> bool:
        """Tell whether our record of a delete is now to be marked with the event it was seen as."""
        return self.verdict is Verdict.OURS and self.change.is_delete


def change_of(event: StreamEvent, table: TableDefinition) -> StreamChange | None:
    """Return the change an event of a table (physical name in the definition) tells of; None if both images are the same.

    Raises KeyError if the event has another key than the table.
    """
    # Canonical forms name the type of each value, and are longer than what DynamoDB counts.
    old, new = (b"" if one is None else canonical_wire(one) for one in (event.old, event.new))
    if old == new:
        return None
    before, after = (hashlib.sha256(one).hexdigest() if one else "" for one in (old, new))
    key = table.key_of(from_wire(event.key))
    item = EntityKey(table.name, *map(str, key.values()))
    found = audit_id(table.name, key, _ACTIONS[event.action], before, after)
    return StreamChange(event, item, key, before, after, found, len(old) + len(new))


@dataclass(slots=True)
class Passed:
    """How far the stream has passed our records of each item: the sequence of the last one whose event was read.

    Kept are the items that others changed, and those that were deleted: only of these an image of ours can come again.
    """

    kept: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """By ``name_of`` the item, the one that was added first foremost. A negative number says: at most so far."""
    has_dropped: bool = False
    """Whether there were more than are kept."""
    _recent: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """Of all items, as this process has read them."""

    @staticmethod
    def name_of(item: EntityKey) -> str:
        """Return a short name of an item."""
        return hashlib.sha256(str(item).encode()).hexdigest()[:20]

    def keep(self, name: str, sequence: int) -> None:
        """Remember an item."""
        self.kept[name] = sequence
        while len(self.kept) > MOST_PASSED:
            self.kept.popitem(last=False)
            self.has_dropped = True

    def saw(self, name: str, sequence: int, *, keep: bool) -> None:
        """Take note of an event of ours."""
        self._recent[name] = sequence
        self._recent.move_to_end(name)
        if len(self._recent) > _MOST_RECENT:
            self._recent.popitem(last=False)
        if keep or name in self.kept:
            self.keep(name, sequence)

    def recent(self, name: str) -> int | None:
        """Return what this process has read of an item; None if nothing."""
        return self._recent.get(name)


SequenceBefore = Callable[[StreamChange], int]
"""Returns how far the ledger says that the records of an item were passed before a change by others; 0 for not at all."""


def recognise(
    changes: Iterable[StreamChange],
    own: Mapping[str, OwnRecord],
    recorded: Collection[str],
    passed: Passed,
    ask: SequenceBefore,
    newest: int,
) -> list[Recognised]:
    """Tell of each change, in the order of the stream, whose it is; ``passed`` follows.

    ``own`` are our records by audit id, ``recorded`` the events of others that have records. ``newest`` is the sequence that our
    records had come to once the changes were read: what is beyond it came after all of them. The ledger is asked only where
    that does not tell.
    """
    found, first_by_others = [], dict[str, StreamChange]()
    for change in changes:
        name = passed.name_of(change.item)
        record, event_id = own.get(change.audit_id), change.event.event_id
        behind = passed.kept.get(name, 0)
        if record is not None and name not in passed.kept and passed.has_dropped:
            behind = ask(change)
        if record is not None and behind < 0:
            is_later = record.sequence > -behind
            behind = 0 if is_later else ask(first_by_others.get(name, change))
            passed.keep(name, behind)
        if (
            record is not None
            and record.sequence > behind
            and (not change.is_delete or record.claimed_by in {"", event_id})
        ):
            passed.saw(name, record.sequence, keep=change.is_delete)
            found.append(Recognised(change, Verdict.OURS))
            continue
        verdict = Verdict.RECORDED if event_id in recorded else Verdict.OUTSIDE
        if name not in passed.kept:
            recent = passed.recent(name)
            if recent is None:
                first_by_others[name] = change
                # What came after one that is on record may be as well, so it has to be asked of this one.
                recent = ask(change) if verdict is Verdict.RECORDED else -newest
            passed.keep(name, recent)
        found.append(Recognised(change, verdict))
    return found
