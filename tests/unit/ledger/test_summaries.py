"""Within a scope the order is that of sequences, whatever the clocks of writers said."""

from dataclasses import replace

from controller.ledger.records import EntityKey, chained, record_hash, to_item
from controller.ledger.summaries import ChainLine, chain_line_of_item, newest_first, summary_of
from tests.unit.ledger.ledgers import EMPTY, services

RECORDS = services(3)


def test_records_of_one_scope_are_in_the_order_of_their_sequence() -> None:
    early = replace(RECORDS[2], iso_timestamp="2026-11-24T09:00:00.000Z")
    elsewhere = replace(RECORDS[0], scope="a/b", iso_timestamp="2026-11-24T09:30:00.000Z")
    found = newest_first([RECORDS[0], early, elsewhere, RECORDS[1]])
    assert [(record.scope, record.sequence) for record in found] == [
        ("config", 3),
        ("config", 2),
        ("a/b", 1),
        ("config", 1),
    ]


def test_what_is_of_no_scope_is_in_the_order_of_time() -> None:
    lines = [replace(summary_of(record), scope="") for record in RECORDS]
    moved = [replace(lines[0], iso_timestamp="2027"), *lines[1:]]
    assert newest_first(moved)[0] == moved[0]


def test_no_record_is_older_than_the_one_before_it() -> None:
    head = replace(EMPTY, last_at="2026-11-24T12:00:00.000Z")
    later = replace(RECORDS[2], iso_timestamp="2026-11-24T12:00:01.000Z")
    linked = [record for record, _ in chained([RECORDS[0], later, RECORDS[1]], head)]
    assert [record.iso_timestamp[11:19] for record in linked] == [
        "12:00:00",
        "12:00:01",
        "12:00:01",
    ]
    assert all(record.hash == record_hash(record) for record in linked)


def test_a_chain_line_says_of_a_record_what_its_summary_says() -> None:
    summary, line = summary_of(RECORDS[1]), chain_line_of_item(to_item(RECORDS[1]), "config")
    assert line == tuple(getattr(summary, field) for field in ChainLine._fields)


def test_what_other_programs_write_has_a_chain_line() -> None:
    entity = {"Type": "Services", "Key": "s", "Range": 7}
    garbage = {"AuditID": "a", "ISOTimestamp": 5, "Sequence": "x", "Entity": entity}
    assert chain_line_of_item(garbage, "c") == (
        "a",
        "5",
        0,
        "",
        EntityKey("Services", "s", "7"),
        "c",
    )
    assert chain_line_of_item({"Entity": "Services"}, "c").entity == EntityKey("", "")
