"""A chain of records: whole, unaltered, each following the one before it. Whatever is done to it is found."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.items import WireItem, canonical_wire
from controller.ledger.chain import MAX_FINDINGS, ChainCheck, ChainEntry, FindingKind, Verification
from controller.ledger.records import record_hash
from controller.model.ledger_record import Head
from tests.unit.ledger.ledgers import (
    EMPTY,
    SCOPE,
    entries,
    head_of,
    image,
    paged,
    records_of,
    services,
    write,
)

RECORDS = services(9)
ENTRIES = entries(RECORDS)
HEAD = head_of(RECORDS)


def verify(
    pages: list[list[ChainEntry]], head: Head | None = HEAD, after: Head | None = None
) -> Verification:
    check = ChainCheck(SCOPE, head)
    for page in pages:
        check.add(page)
    return check.finish(after or head)


def kinds(found: Verification) -> list[tuple[str, int, int]]:
    return [(one.kind.value, one.sequence, one.last) for one in found.findings]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_an_untouched_chain_is_intact(size: int) -> None:
    found = verify(paged(ENTRIES, size))
    assert found == Verification(SCOPE, 12, 12, RECORDS[-1].hash, ())
    assert found.intact


def test_a_scope_without_records_is_intact() -> None:
    assert verify([], EMPTY).intact
    assert verify([[]], None).intact


def damaged(change: str) -> list[ChainEntry]:
    whole = entries(RECORDS)
    match change:
        case "first gone":
            del whole[0]
        case "three gone":
            del whole[3:6]
        case "last two gone":
            del whole[-2:]
        case "gone from the table alone":
            whole[4] = whole[4]._replace(record=None)
        case "one twice":
            whole.append(ENTRIES[4])
        case "a value":
            whole[4] = altered(whole[4], ChangedBy="mallory")
        case "a value, hashed anew":
            forged = replace(RECORDS[4], changed_by="mallory")
            forged = replace(forged, hash=record_hash(forged))
            whole[4] = entries([forged])[0]
        case "an attribute more":
            whole[4] = altered(whole[4], Comment="harmless")
        case "no hash":
            assert whole[4].record
            del whole[4].record["Hash"]
    return whole


def altered(entry: ChainEntry, **texts: str) -> ChainEntry:
    changed = {name: {"S": text} for name, text in texts.items()}
    return entry._replace(record={**(entry.record or {}), **changed})


DAMAGES = [
    ("first gone", [("gap", 1, 1)]),
    ("three gone", [("gap", 4, 6)]),
    ("last two gone", [("gap", 11, 12)]),
    ("gone from the table alone", [("gap", 5, 5)]),
    ("one twice", [("double", 5, 5)]),
    ("a value", [("altered", 5, 5)]),
    ("a value, hashed anew", [("broken link", 6, 6)]),
    ("an attribute more", [("altered", 5, 5)]),
    ("no hash", [("altered", 5, 5), ("broken link", 6, 6)]),
]


@pytest.mark.parametrize("size", [1, 5, 100])
@pytest.mark.parametrize(("change", "expected"), DAMAGES)
def test_a_damage_is_named_by_what_it_is_and_where(
    change: str, expected: list[tuple[str, int, int]], size: int
) -> None:
    found = verify(paged(damaged(change), size))
    assert kinds(found) == expected
    assert all(one.where == SCOPE and one.what and one.fix for one in found.findings)


def test_a_last_record_hashed_anew_is_betrayed_by_the_head() -> None:
    forged = replace(RECORDS[-1], changed_by="mallory")
    forged = replace(forged, hash=record_hash(forged))
    found = verify([[*ENTRIES[:-1], *entries([forged])]])
    assert kinds(found) == [("head", 12, 12)]


def test_a_head_put_back_is_found() -> None:
    old = head_of(RECORDS[:10])
    assert kinds(verify(paged(ENTRIES, 5), old)) == [("head", 12, 12)]


def test_a_head_taken_away_is_found() -> None:
    assert kinds(verify(paged(ENTRIES, 5), None)) == [("head", 12, 12)]


def test_records_written_while_reading_are_no_finding() -> None:
    before = head_of(RECORDS[:10])
    assert verify(paged(ENTRIES, 5), before, HEAD).intact
    assert verify(paged(ENTRIES[:10], 5), before, HEAD).intact


def test_a_record_that_was_claimed_by_a_stream_event_is_unaltered() -> None:
    claimed = altered(ENTRIES[4], EventID="a1b2")
    assert verify([[*ENTRIES[:4], claimed, *ENTRIES[5:]]]).intact


def test_numbers_and_sets_may_be_answered_in_another_form() -> None:
    numbers: dict[str, Any] = {"Numbers": {1, 20, 300}, "Words": {"a", "b", "c"}}
    records = records_of([[write("s", None, image("s", 1, **numbers))]])
    entry = entries(records)[0]
    assert entry.record
    value = entry.record["NewValue"]["M"]["Value"]["M"]
    value["Numbers"]["NS"] = ["300", "1.0", "2E1"]
    value["Words"]["SS"].reverse()
    assert verify([[entry]], head_of(records)).intact


def test_findings_beyond_what_is_kept_are_counted() -> None:
    blank: WireItem = {"Hash": {"S": "x"}, "PreviousHash": {"S": "x"}}
    broken = [ChainEntry(n, "id", blank) for n in range(1, MAX_FINDINGS + 11)]
    check = ChainCheck(SCOPE, None)
    check.add(broken)
    found = check.finish(replace(EMPTY, sequence=len(broken)))
    assert (len(found.findings), found.more) == (MAX_FINDINGS, 11)


@given(st.sampled_from([name for name, _ in DAMAGES]), st.integers(1, 7), st.randoms())
def test_the_order_of_pages_makes_no_difference(change: str, size: int, random: Random) -> None:
    pages = paged(damaged(change), size)
    in_order = verify(pages)
    random.shuffle(pages)
    assert verify(pages) == in_order


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for name, one in value.items() for leaf in leaves(one, (*path, name))]
    if isinstance(value, list):
        return [leaf for place, one in enumerate(value) for leaf in leaves(one, (*path, place))]
    return [path]


def flipped(value: Any, bit: int) -> Any:
    if isinstance(value, bool):
        return not value
    data = bytearray(str(value).encode())
    bit %= len(data) * 8
    data[bit // 8] ^= 1 << bit % 8
    return data.decode(errors="replace")


@given(st.data())
def test_any_single_bit_of_any_record_is_guarded(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(RECORDS) - 1))
    record = entries([RECORDS[place]])[0].record
    assert record
    path = data.draw(st.sampled_from([leaf for leaf in leaves(record) if "EventID" not in leaf]))
    inner: Any = record
    for step in path[:-1]:
        inner = inner[step]
    if inner[path[-1]] == "":
        return
    changed = flipped(inner[path[-1]], data.draw(st.integers(0, 4000)))
    before = canonical_wire(record)
    inner[path[-1]] = changed
    try:
        if canonical_wire(record) == before:
            return  # another spelling of the same number
    except ArithmeticError:
        pass  # a number no more
    found = verify(
        [[*ENTRIES[:place], ENTRIES[place]._replace(record=record), *ENTRIES[place + 1 :]]]
    )
    assert place + 1 in {one.sequence for one in found.findings}
    assert FindingKind.ALTERED in {one.kind for one in found.findings}


def test_the_hash_a_record_carries_is_that_of_its_canonical_form() -> None:
    assert [one.hash for one in RECORDS] == [record_hash(one) for one in RECORDS]
