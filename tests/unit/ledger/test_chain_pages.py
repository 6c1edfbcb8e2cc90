"""A chain that is partly in segments is the same chain; whatever is done to a part of it is found."""

from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.aws.items import WireItem, to_wire
from controller.errors import DamagedState, WrongUsage
from controller.ledger.archived.archive import Archive
from controller.ledger.archived.segments import Segment, read_entries, segment_of_key
from controller.ledger.chain import FindingKind
from controller.ledger.records import record_hash, record_of_wire, record_wire, to_item
from tests.support.archived_ledger import ArchivedLedger
from tests.unit.ledger.ledgers import SCOPE, answered, services

RECORDS = services(9)
COUNT = len(RECORDS)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> ArchivedLedger:
    return ArchivedLedger(monkeypatch)


def sequences(ledger: ArchivedLedger, after: int = 0) -> list[int]:
    return [entry.sequence for page in ledger.reader.pages(SCOPE, after) for entry in page]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    cuts=st.sets(st.integers(1, COUNT - 1), max_size=4),
    left=st.integers(0, COUNT),
    after=st.integers(0, COUNT),
)
def test_any_split_is_one_chain(
    ledger: ArchivedLedger, cuts: set[int], left: int, after: int
) -> None:
    ledger.holds(RECORDS, sorted(cuts), left)

    assert sequences(ledger, after) == list(range(after + 1, COUNT + 1))
    found = ledger.verified()
    assert (found.findings, found.records) == ((), COUNT)


def test_what_is_moved_while_it_is_read_is_read_where_it_is_then(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (4, 8))
    moved = ledger.row[SCOPE]
    seen = [{}, {SCOPE: {**moved, "To": 4, "Hash": RECORDS[3].hash}}]
    moments = count(step=100)
    archive = Archive(
        lambda: seen.pop(0) if seen else {SCOPE: moved},
        lambda: ledger.store,
        lambda: next(moments),
    )

    found = ledger.reader_of(archive).pages(SCOPE)

    assert [entry.sequence for page in found for entry in page] == list(range(1, COUNT + 1))
    assert not seen


def segments(ledger: ArchivedLedger) -> list[Segment]:
    return [one for key in sorted(ledger.store.objects) if (one := segment_of_key(key))]


def wires(ledger: ArchivedLedger, segment: Segment) -> list[WireItem]:
    entries = read_entries(segment, ledger.store.objects[segment.key], "")
    return [entry.record for entry in entries if entry.record is not None]


def rehashed(wire: WireItem, **changed: Any) -> WireItem:
    record = record_of_wire({**wire, **to_wire(changed)})
    return answered(to_wire({**to_item(record), "Hash": record_hash(record)}))


def edited(ledger: ArchivedLedger, random: Random) -> None:
    segment = random.choice(segments(ledger))
    found = wires(ledger, segment)
    at = random.randrange(len(found))
    found[at] = {**found[at], "ChangedBy": {"S": "mallory"}}
    ledger.keeps(segment, found)


def edited_and_hashed(ledger: ArchivedLedger, random: Random) -> None:
    segment = random.choice(segments(ledger))
    found = wires(ledger, segment)
    at = random.randrange(len(found))
    found[at] = rehashed(found[at], ChangedBy="mallory")
    ledger.keeps(segment, found)


def chained_anew(ledger: ArchivedLedger, random: Random) -> None:
    segment = random.choice(segments(ledger))
    found = wires(ledger, segment)
    previous = found[0]["PreviousHash"]["S"]
    for at, wire in enumerate(found):
        found[at] = rehashed(wire, ChangedBy="mallory", PreviousHash=previous)
        previous = found[at]["Hash"]["S"]
    ledger.keeps(segment, found)


def taken_away(ledger: ArchivedLedger, random: Random) -> None:
    del ledger.store.objects[random.choice(segments(ledger)).key]


def contents_taken_away(ledger: ArchivedLedger, random: Random) -> None:
    del ledger.store.objects[random.choice(segments(ledger)).contents_key]


def cut_short(ledger: ArchivedLedger, random: Random) -> None:
    key = random.choice(sorted(ledger.store.objects))
    ledger.store.objects[key] = ledger.store.objects[key][: -random.randint(1, 40)]


def one_left_out(ledger: ArchivedLedger, random: Random) -> None:
    segment = random.choice(segments(ledger))
    found = wires(ledger, segment)
    del found[random.randrange(len(found))]
    ledger.keeps(segment, found or wires(ledger, segments(ledger)[0])[:1])


def swapped(ledger: ArchivedLedger, _random: Random) -> None:
    first, second, *_ = segments(ledger)
    objects = ledger.store.objects
    objects[first.key], objects[second.key] = objects[second.key], objects[first.key]


def names_hidden(ledger: ArchivedLedger, random: Random) -> None:
    first, second, *_ = segments(ledger)
    ledger.store.objects[first.contents_key] = ledger.store.objects[second.contents_key]


def row_ends_before(ledger: ArchivedLedger, _random: Random) -> None:
    first, *_ = segments(ledger)
    last = RECORDS[first.last - 1]
    ledger.row[SCOPE] = {"To": last.sequence, "Hash": last.hash, "At": last.iso_timestamp}


def row_goes_on(ledger: ArchivedLedger, _random: Random) -> None:
    last = RECORDS[-1]
    ledger.row[SCOPE] = {"To": last.sequence, "Hash": last.hash, "At": last.iso_timestamp}


def row_names_another(ledger: ArchivedLedger, _random: Random) -> None:
    ledger.row[SCOPE] = {**ledger.row[SCOPE], "Hash": "0" * 64}


def row_gone(ledger: ArchivedLedger, _random: Random) -> None:
    ledger.row.clear()


def another_in_the_table(ledger: ArchivedLedger, random: Random) -> None:
    wire = record_wire(random.choice(RECORDS[:8]))
    ledger.puts(rehashed(answered(wire), ChangedBy="mallory"))


def first_of_the_table_gone(ledger: ArchivedLedger, _random: Random) -> None:
    ledger.drops(RECORDS[8].audit_id)


FORGERIES = (
    edited,
    edited_and_hashed,
    chained_anew,
    taken_away,
    contents_taken_away,
    cut_short,
    one_left_out,
    swapped,
    names_hidden,
    row_ends_before,
    row_goes_on,
    row_names_another,
    row_gone,
    another_in_the_table,
    first_of_the_table_gone,
)


@pytest.mark.parametrize("seed", range(14))
@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda one: one.__name__)
def test_any_forgery_is_found(
    ledger: ArchivedLedger, forgery: Callable[[ArchivedLedger, Random], None], seed: int
) -> None:
    ledger.holds(RECORDS, (3, 8))

    forgery(ledger, Random(seed))

    assert not ledger.verified().intact


def told(ledger: ArchivedLedger) -> list[tuple[str, int, int]]:
    return [(one.kind.value, one.sequence, one.last) for one in ledger.verified().findings]


def test_what_is_missing_is_named(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (3, 8))
    taken_away(ledger, Random(1))
    gone = next(one for one in ((1, 3), (4, 8)) if (FindingKind.GAP.value, *one) in told(ledger))

    assert (FindingKind.SEGMENT.value, *gone) in told(ledger)
    with pytest.raises(DamagedState, match="missing"):
        sequences(ledger)


def test_a_segment_that_was_taken_away_and_put_back_is_in_order(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (3, 8))
    key = segments(ledger)[0].key
    kept = ledger.store.objects.pop(key)
    assert not ledger.verified().intact

    ledger.store.objects[key] = kept

    assert ledger.verified().intact


def test_a_segment_of_a_run_that_was_killed_counts_for_nothing(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (3, 8))
    row = dict(ledger.row)
    ledger.moves(RECORDS[3:6])
    ledger.row = row

    assert ledger.verified().intact
    assert sequences(ledger) == list(range(1, COUNT + 1))


def test_a_store_that_is_not_named_is_said(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (3,))
    archive = Archive(lambda: {"Id": "archives", **ledger.row}, lambda: None)

    with pytest.raises(WrongUsage, match="settings do not name"):
        list(ledger.reader_of(archive).pages(SCOPE))


@pytest.mark.parametrize(
    "held", [None, 7, {}, {"To": 3, "Hash": "ab"}, {"To": "3", "Hash": "ab", "At": ""}, {"To": 0}]
)
def test_a_damaged_row_is_said(ledger: ArchivedLedger, held: Any) -> None:
    ledger.holds(RECORDS, (3,))
    ledger.row[SCOPE] = held

    with pytest.raises(DamagedState, match="archives"):
        sequences(ledger)
