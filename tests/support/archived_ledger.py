"""A ledger of which a part was moved, all of it in memory: records in a table that answers queries, segments, and the row between them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from controller.aws import tables
from controller.aws.errors import NotFound
from controller.aws.items import Item, WireItem, from_wire, to_wire
from controller.aws.tables import Page, Query
from controller.errors import Conflict
from controller.ledger import chain_pages, queries
from controller.ledger.archived.archive import Archive
from controller.ledger.archived.segments import (
    Segment,
    contents_of,
    dump_contents,
    line_of,
    pack_lines,
    segment_of,
)
from controller.ledger.chain import Anchored, Finding, Verification
from controller.ledger.heads import Heads
from controller.ledger.ledger_table import LEDGER_TABLE, SUMMARY
from controller.ledger.queries import LedgerReader
from controller.ledger.records import record_wire
from controller.ledger.verify import verify_scope
from controller.model.ledger_record import Head, LedgerRecord
from tests.unit.ledger.ledgers import PREFIX, SCOPE, answered, head_of

AUDIT = LEDGER_TABLE.prefixed(PREFIX)


class Kept(NamedTuple):
    """One object of a listing."""

    key: str


@dataclass
class StoreInMemory:
    """Objects written once, unless a test writes them otherwise."""

    objects: dict[str, bytes] = field(default_factory=dict)
    read_keys: list[str] = field(default_factory=list)
    name: str = "memory"

    def put(self, key: str, content: bytes) -> None:
        """Write an object unless there is another."""
        if self.objects.setdefault(key, content) != content:
            raise Conflict(key)

    def read(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes."""
        self.read_keys.append(key)
        if key not in self.objects:
            raise NotFound(key, "NoSuchKey")
        yield self.objects[key]

    def list(self, prefix: str) -> Iterator[Kept]:
        """Yield the objects whose keys begin so."""
        yield from (Kept(key) for key in sorted(self.objects) if key.startswith(prefix))


class _Head(Heads):
    def __init__(self, head: Head) -> None:
        self._head = head

    def read(self, scope: str) -> Head | None:
        return self._head if scope == self._head.scope else None


class TableInMemory:
    """The audit table as the ledger's queries ask it: records as on the wire, by audit id."""

    def __init__(self) -> None:
        """Begin with no records."""
        self.items: dict[str, WireItem] = {}
        self.asked: list[str] = []
        self._known: dict[str, Item] = {}

    def query(self, _client: Any, wanted: Query, start: WireItem | None = None) -> Page:
        """Answer a page of an index; ``start`` is where the one before ended."""
        self.asked.append(wanted.index)
        index = next(one for one in AUDIT.indexes if one.name == wanted.index)
        keys = [index.hash_key.name, *([index.range_key.name] if index.range_key else [])]
        plain = [self._plain(item) for item in self.items.values()]
        found = [one for one in plain if all(key in one for key in keys) and _fits(one, wanted)]
        found.sort(key=lambda one: (one[keys[1]], one["AuditID"]), reverse=not wanted.forward)
        first = 1 + [one["AuditID"] for one in found].index(start["AuditID"]["S"]) if start else 0
        page = found[first : first + (wanted.page_size or len(found))]
        more = first + len(page) < len(found)
        names = ["AuditID", *keys]
        last = to_wire({name: page[-1][name] for name in names}) if page and more else None
        kept = wanted.attributes or (*SUMMARY, *names)
        return Page(tuple({n: one[n] for n in kept if n in one} for one in page), last)

    def _plain(self, item: WireItem) -> Item:
        key = item["Hash"]["S"] + item["AuditID"]["S"]
        if key not in self._known:
            self._known[key] = from_wire(item)
        return self._known[key]

    def batch_get(
        self, _client: Any, _table: str, keys: Iterable[Mapping[str, Any]], **_: Any
    ) -> Iterator[WireItem]:
        """Yield the records with these keys."""
        self.asked.append("batch get")
        ids = [key["AuditID"] for key in keys]
        yield from (deepcopy(self.items[one]) for one in ids if one in self.items)


def _fits(item: Mapping[str, Any], wanted: Query) -> bool:
    """Tell whether an item fits a key condition, as the ledger writes them."""
    for term in re.split(r" AND (?=#)", wanted.condition):
        name, operator, *values = re.split(r" (=|>=|>|BETWEEN) | AND ", term)
        given = item[wanted.names[name]]
        bounds = [wanted.values[value] for value in values if value]
        if len({type(one) for one in (given, *bounds)}) > 1:
            return False
        holds = {
            "=": lambda g, b: g == b[0],
            ">": lambda g, b: g > b[0],
            ">=": lambda g, b: g >= b[0],
            "BETWEEN": lambda g, b: b[0] <= g <= b[1],
        }
        if not holds[operator](given, bounds):
            return False
    return True


class ArchivedLedger:
    """Records of one scope. Everything may be taken, put and changed; reading sees it at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the ledger's queries ask a table in memory."""
        self.table = TableInMemory()
        for module in (chain_pages, queries):
            monkeypatch.setattr(module, "batch_get_wire", self._batch_get)
        for module in (queries, tables):
            monkeypatch.setattr(module, "query", self._query)
        self.store, self.row = StoreInMemory(), dict[str, Any]()
        self.records: Sequence[LedgerRecord] = ()

    def _query(self, *asked: Any) -> Page:
        return self.table.query(*asked)

    def _batch_get(self, *asked: Any, **more: Any) -> Iterator[WireItem]:
        return self.table.batch_get(*asked, **more)

    def holds(self, records: Sequence[LedgerRecord], cuts: Sequence[int], left: int = 0) -> None:
        """Begin anew: segments end with the sequences ``cuts``; of what they hold the last ``left`` records are in the table still."""
        self.store, self.row, self.records = StoreInMemory(), {}, records
        self.table = TableInMemory()
        first = 0
        for cut in sorted({*cuts} - {0}):
            self.moves(records[first:cut])
            first = cut
        for record in records[max(0, first - left) :]:
            self.puts(record_wire(record))

    def moves(self, records: Sequence[LedgerRecord]) -> Segment:
        """Write a segment, and have the row count it."""
        wires = [answered(record_wire(record)) for record in records]
        segment, last = segment_of(wires), records[-1]
        self.keeps(segment, wires)
        self.row[last.scope] = {"To": last.sequence, "Hash": last.hash, "At": last.iso_timestamp}
        return segment

    def keeps(self, segment: Segment, wires: Sequence[WireItem]) -> None:
        """Write records as a segment, whatever they are."""
        packed = pack_lines(map(line_of, wires))
        self.store.objects[segment.key] = packed
        contents = contents_of("inst-1", wires, packed)
        self.store.objects[segment.contents_key] = dump_contents(contents)

    def puts(self, wire: WireItem) -> None:
        """Put a record into the table."""
        self.table.items[wire["AuditID"]["S"]] = answered(wire)

    def drops(self, audit_id: str) -> None:
        """Take a record out of the table."""
        del self.table.items[audit_id]

    @property
    def reader(self) -> LedgerReader:
        """Return a reader that knows nothing yet."""
        return self.reader_of(Archive(lambda: {"Id": "archives", **self.row}, lambda: self.store))

    def reader_of(self, archive: Archive | None) -> LedgerReader:
        """Return a reader of the table and of an archive."""
        client: Any = None
        return LedgerReader(client, AUDIT.name, archive=archive)

    def verified(self, anchors: Sequence[Anchored] = ()) -> Verification:
        """Verify the scope against its head."""
        damages: dict[Finding, None] = {}
        chains = self.reader.chains(damages.setdefault)
        heads = _Head(head_of(self.records))
        found = verify_scope(SCOPE, chains, heads, sleep=lambda _: None, anchors=anchors)
        return found.with_findings(damages)
