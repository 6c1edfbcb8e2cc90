"""Old records where they were moved to: how far each scope's chain stands in segments, and these read.

A row of the controller's own table says how far. It is written before the first record is taken out of the audit table, so that
who does not find a record there, and reads the row afterwards, finds it here.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from controller.aws.errors import NotFound
from controller.aws.items import from_wire, to_wire
from controller.aws.transactions import UpdateWrite
from controller.errors import DamagedState, WrongUsage
from controller.ledger.archived.segments import (
    FOLDER,
    Contents,
    Segment,
    missing,
    read_contents,
    read_entries,
    read_some,
    segment_of_key,
)
from controller.ledger.chain import ChainEntry
from controller.ledger.records import MOST_RECORDS, is_sequence
from controller.ledger.summaries import RecordSummary, summary_of_item

ARCHIVES_ROW: Final = {"Id": "archives"}
"""Key of the row; each other attribute of it is a scope's: ``{To, Hash, At}`` of the last record that is in a segment."""
KNOWN_FOR_S: Final = 10.0
"""So long a reader believes what it read of the row. Whoever takes records out of the table waits longer than this before."""
_MOST_STORED: Final = 64 << 20
_KEPT_LINES: Final = 50_000
_KEPT_CONTENTS: Final = 64
T = TypeVar("T")


class ArchivedTo(NamedTuple):
    """The last record of a scope that is in a segment, and its moment (UTC, milliseconds, ``Z``)."""

    sequence: int
    hash: str
    at: str

    @property
    def value(self) -> dict[str, Any]:
        """What the row holds of a scope."""
        return {"To": self.sequence, "Hash": self.hash, "At": self.at}


class _Stored(Protocol):
    """One object of a listing."""

    @property
    def key(self) -> str:
        """Its key."""


class SegmentStore(Protocol):
    """Where segments are kept: objects written once. What raises, raises as any call to the store."""

    @property
    def name(self) -> str:
        """As people call it: ``s3://bucket/prefix``."""

    def put(self, key: str, content: bytes) -> None:
        """Write an object unless there is one. Raises Conflict for other bytes."""

    def read(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes. Raises NotFound if there is none."""

    def list(self, prefix: str) -> Iterable[_Stored]:
        """Yield the objects whose keys begin so, by key."""


def write_of_row(
    table: str, scope: str, found: Mapping[str, object], to: ArchivedTo
) -> UpdateWrite:
    """Return the write that has the row say how far a scope's segments go, if it says of the scope what was ``found`` in it."""
    values: dict[str, object] = {":to": to.value}
    condition = "attribute_not_exists(#scope)"
    if scope in found:
        condition, values[":found"] = "#scope = :found", found[scope]
    return UpdateWrite(
        table,
        to_wire(ARCHIVES_ROW),
        update="SET #scope = :to",
        condition=condition,
        names={"#scope": scope},
        values=to_wire(values),
    )


def archived_of_row(row: Mapping[str, Any]) -> dict[str, ArchivedTo]:
    """Read the row. Raises DamagedState for one that is not as we write it: where records are is not known then."""
    found: dict[str, ArchivedTo] = {}
    for scope, held in row.items():
        if scope in ARCHIVES_ROW:
            continue
        try:
            to = ArchivedTo(held["To"], held["Hash"], held["At"])
            is_ours = is_sequence(to.sequence) and isinstance(to.hash, str)
            datetime.fromisoformat(to.at)
        except (KeyError, TypeError, ValueError):
            is_ours = False
        if not is_ours:
            raise DamagedState(
                f"ledger: row {ARCHIVES_ROW['Id']} of EnvctlState is damaged: what it says of scope {scope}",
                fix=f"find who wrote it (CloudTrail: UpdateItem); envctl audit recover {scope} makes it again from the segments",
            )
        found[scope] = to
    return found


@dataclass(eq=False)
class Archive:
    """Reads what was moved. Thread-safe.

    ``read_row`` returns the row as it is, None without one; ``open_store`` what the settings name, None where they name no place.
    """

    read_row: Callable[[], Mapping[str, Any] | None]
    open_store: Callable[[], SegmentStore | None]
    monotonic: Callable[[], float] = time.monotonic
    _known: tuple[float, Mapping[str, ArchivedTo]] | None = field(default=None, init=False)
    _listed: dict[str, tuple[int, tuple[Segment, ...]]] = field(default_factory=dict, init=False)
    _lines: "_Kept[tuple[RecordSummary, ...]]" = field(
        default_factory=lambda: _Kept(_KEPT_LINES, len), init=False
    )
    _contents: "_Kept[Contents]" = field(
        default_factory=lambda: _Kept(_KEPT_CONTENTS, lambda _: 1), init=False
    )

    def reached(self) -> Mapping[str, ArchivedTo]:
        """Return how far each scope stands in segments, as it was at most ten seconds ago. Raises DamagedState, and as any read."""
        known = self._known
        now = self.monotonic()
        if known is None or now - known[0] > KNOWN_FOR_S:
            # Of when it was asked for: what is written while the answer comes may be in it or not.
            row = self.read_row()
            known = self._known = (now, archived_of_row(row) if row is not None else {})
        return known[1]

    def forget(self) -> None:
        """Read the row anew when it is needed next: it was just written."""
        self._known = None

    @property
    def has_store(self) -> bool:
        """Whether the settings name a place."""
        return self._store is not None

    @cached_property
    def _store(self) -> SegmentStore | None:
        return self.open_store()

    @property
    def store(self) -> SegmentStore:
        """Where segments are. Raises WrongUsage if the settings name no place."""
        if self._store is None:
            raise WrongUsage(
                "ledger: old records are in a store that the settings do not name",
                fix="set snapshots.bucket (or folder) to where they were when the ledger was archived",
            )
        return self._store

    def segments(self, scope: str) -> tuple[Segment, ...]:
        """Return the segments of a scope that count, in order. Raises DamagedState if one is missing, and as listing the store."""
        found, expected = self.present(scope), 1
        for segment in (*found, None):
            reached = self.reached().get(scope)
            first = segment.first if segment else (reached.sequence if reached else 0) + 1
            if first > expected:
                raise missing(f"{self.store.name}/{FOLDER}{scope}: #{expected:,} to #{first - 1:,}")
            expected = segment.last + 1 if segment else expected
        return found

    def present(self, scope: str) -> tuple[Segment, ...]:
        """Return the same, without those that are missing. Raises as listing the store."""
        to = self.reached().get(scope)
        if to is None:
            return ()
        known = self._listed.get(scope)
        if known is None or known[0] != to.sequence:
            known = self._listed[scope] = (to.sequence, self.in_store(scope, to.sequence))
        return known[1]

    def in_store(self, scope: str, to: int = MOST_RECORDS) -> tuple[Segment, ...]:
        """Return the segments that there are of a scope up to a sequence, whatever the row says. Raises as listing the store."""
        found = (segment_of_key(stored.key) for stored in self.store.list(f"{FOLDER}{scope}/"))
        return _path([one for one in found if one is not None and one.scope == scope], to)

    def entries(self, segment: Segment) -> list[ChainEntry]:
        """Return the records of a segment, in order. Raises DamagedState, and as reading the store."""
        return read_entries(segment, self.stored(segment.key), self.place(segment))

    def some(self, segment: Segment, sequences: Iterable[int]) -> Iterator[ChainEntry]:
        """Yield the records of a segment with these sequences, in the order asked; the others are not parsed. Raises as ``entries``."""
        return read_some(segment, self.stored(segment.key), self.place(segment), sequences)

    def contents(self, segment: Segment) -> Contents:
        """Return what is said of a segment beside it. Raises DamagedState, and as reading the store."""
        key = segment.contents_key
        place = f"{self.store.name}/{key}"
        return self._contents.get(key, lambda: read_contents(segment, self.stored(key), place))

    def lines(self, segment: Segment) -> tuple[RecordSummary, ...]:
        """Return the lines of a segment's records, in order. Raises DamagedState, and as reading the store."""

        def read() -> tuple[RecordSummary, ...]:
            found = self.entries(segment)
            return tuple(summary_of_item(from_wire(entry.record or {})) for entry in found)

        return self._lines.get(segment.key, read)

    def stored(self, key: str) -> bytes:
        """Return an object's bytes. Raises DamagedState if it is not there, or longer than any of ours, and as reading the store."""
        parts, size = list[bytes](), 0
        try:
            for chunk in self.store.read(key):
                parts.append(chunk)
                size += len(chunk)
                if size > _MOST_STORED:
                    break
        except NotFound as error:
            raise missing(f"{self.store.name}/{key}") from error
        return b"".join(parts)

    def place(self, segment: Segment) -> str:
        """Return how messages call a segment."""
        return f"{self.store.name}/{segment.key}"


def _path(found: Sequence[Segment], to: int) -> tuple[Segment, ...]:
    """Return the segments that lead to a record, in order, as far as there are any.

    A run that was killed may have left one that no row ever counted; it begins where another does that counts.
    """
    path: list[Segment] = []
    for segment in sorted(found, key=lambda one: (one.last, one.first), reverse=True):
        limit = path[-1].first - 1 if path else to
        if segment.last <= limit:
            path.append(segment)
    return tuple(reversed(path))


@dataclass(eq=False, slots=True)
class _Kept(Generic[T]):
    """Values read lately, the oldest of which are let go; ``weigh`` says what one weighs. Thread-safe."""

    most: int
    weigh: Callable[[T], int]
    _weight: int = field(default=0, init=False)
    _values: OrderedDict[str, T] = field(default_factory=OrderedDict, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def get(self, key: str, read: Callable[[], T]) -> T:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = read()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._weight += self.weigh(value)
            while self._weight > self.most and len(self._values) > 1:
                _, gone = self._values.popitem(last=False)
                self._weight -= self.weigh(gone)
        return value


NOTHING_ARCHIVED: Final = Archive(lambda: None, lambda: None)
"""The archive of a ledger of which nothing was ever moved."""
