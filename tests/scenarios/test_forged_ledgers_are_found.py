"""Two hundred forgeries of a ledger: verification finds each that needs no anchor outside of the tables, and ends on none."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from controller.aws.items import to_wire
from controller.ledger.chain import Anchored, ChainEntry
from controller.ledger.heads import row_of_head
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.records import is_sequence, record_hash, record_of_wire, to_item
from controller.ledger.verify import find_strays, verify_ledger
from controller.targets.table_items.definitions import STATE_TABLE
from tests.scenarios.test_the_ledger_proves_what_happened import lived_in
from tests.support.estate import PREFIX, Estate
from tests.support.toy_kinds import service

LEDGER = PREFIX + LEDGER_TABLE.name
STATE = PREFIX + STATE_TABLE.name
Row = dict[str, Any]


class AnyChain:
    """The ledger as its scope index gives it: whatever stands there under a scope with a sequence above another."""

    def __init__(self, estate: Estate) -> None:
        self._rows = estate.store.items(LEDGER)

    def pages(self, scope: str, after: int) -> Iterator[list[ChainEntry]]:
        found = [
            row
            for row in self._rows
            if row.get("Scope") == scope and row.get("Sequence", 0) > after
        ]
        found.sort(key=lambda row: row["Sequence"])
        yield [ChainEntry(row["Sequence"], row["AuditID"], to_wire(row)) for row in found]


def is_found(estate: Estate, *anchors: Anchored) -> bool:
    strays, scopes = find_strays(estate.store.items(LEDGER))
    known = dict.fromkeys(["config", *scopes])
    report = verify_ledger(
        known,
        AnyChain(estate),
        estate.leases,
        sleep=estate.clock.sleep,
        anchors={"config": anchors},
    )
    return bool(strays) or not report.intact


def rehashed(row: Row, **changed: Any) -> Row:
    item = to_item(record_of_wire(to_wire({**row, **changed})))
    return {**item, "Hash": record_hash(record_of_wire(to_wire(item)))}


def altered(estate: Estate, row: Row, random: Random) -> None:
    name = random.choice(["ChangedBy", "Cause", "Origin", "PlanDigest", "ISOTimestamp", "Before"])
    estate.store.put(LEDGER, {**row, name: "mallory"})


def altered_and_rehashed(estate: Estate, row: Row, random: Random) -> None:
    estate.store.put(LEDGER, rehashed(row, ChangedBy=f"mallory-{random.random()}"))


def missing(estate: Estate, row: Row, random: Random) -> None:
    estate.store.drop(LEDGER, {"AuditID": row["AuditID"]})


def truncated(estate: Estate, row: Row, random: Random) -> None:
    for later in estate.store.items(LEDGER):
        if later["Sequence"] >= row["Sequence"]:
            estate.store.drop(LEDGER, {"AuditID": later["AuditID"]})


def swapped(estate: Estate, row: Row, random: Random) -> None:
    rows = [found for found in estate.store.items(LEDGER) if found["AuditID"] != row["AuditID"]]
    neighbour = random.choice(rows)
    estate.store.put(LEDGER, {**row, "Sequence": neighbour["Sequence"]})
    estate.store.put(LEDGER, {**neighbour, "Sequence": row["Sequence"]})


def forked(estate: Estate, row: Row, random: Random) -> None:
    estate.store.put(LEDGER, rehashed(row, AuditID=f"fork-{random.random()}"))


def beyond_the_head(estate: Estate, row: Row, random: Random) -> None:
    sequence = len(estate.records()) + random.randint(1, 9)
    estate.store.put(LEDGER, rehashed(row, AuditID="beyond", Sequence=sequence))


def of_another_scope(estate: Estate, row: Row, random: Random) -> None:
    moved = random.choice(["staging-eu/eu-west-1", "nowhere", "a\nb"])
    estate.store.put(
        LEDGER, rehashed(row, Scope=moved, AuditID=random.choice([row["AuditID"], "x"]))
    )


def stray(estate: Estate, row: Row, random: Random) -> None:
    lacking = {**row, "AuditID": "stray"}
    for name in random.sample(["Scope", "Sequence"], random.randint(1, 2)):
        del lacking[name]
    estate.store.put(LEDGER, lacking)


def odd_sequence(estate: Estate, row: Row, random: Random) -> None:
    odd = random.choice([0, -1, -(10**20), Decimal("10.5"), Decimal("0.1"), 10**30, 2**60])
    estate.store.put(
        LEDGER, {**row, "AuditID": random.choice([row["AuditID"], "odd"]), "Sequence": odd}
    )


def head_gone(estate: Estate, row: Row, random: Random) -> None:
    estate.store.drop(STATE, {"Id": "head#config"})


def head_elsewhere(estate: Estate, row: Row, random: Random) -> None:
    head = estate.leases.read("config")
    assert head is not None
    changed = random.choice(
        [{"Sequence": row["Sequence"] - 1}, {"Sequence": 99}, {"LastHash": "f"}]
    )
    estate.store.put(STATE, {**row_of_head(head), **changed})


FORGERIES: list[Callable[[Estate, Row, Random], None]] = [
    altered,
    altered_and_rehashed,
    missing,
    truncated,
    swapped,
    forked,
    beyond_the_head,
    of_another_scope,
    stray,
    odd_sequence,
    head_gone,
    head_elsewhere,
]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: str(forge.__name__))
def test_every_forgery_is_found(forge: Callable[[Estate, Row, Random], None]) -> None:
    for seed in range(17):
        estate, random = lived_in(), Random(seed)
        assert not is_found(estate)
        forge(estate, random.choice(estate.store.items(LEDGER)), random)
        assert is_found(estate), seed


def anchored(estate: Estate) -> Anchored:
    head = estate.leases.read("config")
    assert head is not None
    return Anchored(head.sequence, head.last_hash, "2026-11-24T10:00:00.000Z")


def whole_again(estate: Estate, rows: list[Row]) -> None:
    """Make these the ledger, chained anew, with a head that fits."""
    for row in estate.store.items(LEDGER):
        estate.store.drop(LEDGER, {"AuditID": row["AuditID"]})
    last = ""
    for sequence, row in enumerate(sorted(rows, key=lambda row: row["Sequence"]), 1):
        forged = rehashed(row, PreviousHash=last, Sequence=sequence)
        last = forged["Hash"]
        estate.store.put(LEDGER, forged)
    head = estate.leases.read("config")
    assert head is not None
    changed = {"LastHash": last, "Sequence": len(rows)}
    estate.store.put(STATE, {**row_of_head(head), **changed})


@pytest.mark.parametrize("seed", range(10))
def test_a_ledger_rewritten_with_its_head_is_found_by_an_anchor(seed: int) -> None:
    estate, random = lived_in(), Random(seed)
    anchor = anchored(estate)
    assert not is_found(estate, anchor)
    rows = estate.store.items(LEDGER)
    place = random.randrange(len(rows))
    if seed % 2:
        del rows[place]
    else:
        rows[place] = {**rows[place], "ChangedBy": "mallory"}
    whole_again(estate, rows)
    assert not is_found(estate)
    assert is_found(estate, anchor)


def test_a_ledger_that_goes_on_still_has_what_was_anchored() -> None:
    estate = lived_in()
    anchor = anchored(estate)
    estate.wants(service("later"))
    estate.converges()
    assert not is_found(estate, anchor, anchored(estate))
    assert is_found(estate, anchor._replace(sequence=anchor.sequence + 99))


def test_a_sequence_is_a_positive_whole_number() -> None:
    assert [is_sequence(value) for value in (1, 0, -1, True, "1", Decimal("1.5"), 2**60)] == [
        True,
        *[False] * 6,
    ]
