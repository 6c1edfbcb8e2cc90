"""The ledger replayed equals the tables; whatever was done beside it is named with its table and key."""

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.chain import ChainEntry
from controller.ledger.records import EntityKey, image_digest
from controller.ledger.replay import Replay, table_digests
from controller.model.ledger_record import ItemWrite, LedgerRecord
from controller.model.table import KeyAttribute, TableDefinition
from tests.unit.ledger.ledgers import (
    PREFIX,
    SCOPE,
    TABLE,
    Image,
    entries,
    head_of,
    image,
    paged,
    records_of,
    write,
)

SERVICES = TableDefinition(PREFIX + TABLE, KeyAttribute("ServiceName"))
Held = dict[str, dict[str, Any]]
OLD, NEW = image("s", 1), image("s", 2)


def replayed(records: Iterable[LedgerRecord], settled: int = 10_000) -> Replay:
    replay = Replay({SCOPE: settled})
    for page in paged(entries(records), 4):
        replay.add_page(page)
    return replay


def found(replay: Replay, held: Held) -> list[tuple[str, int, str]]:
    findings = replay.compare(table_digests(SERVICES, held.values()))
    assert all(one.what and one.fix for one in findings)
    return [(one.kind.value, one.sequence, one.where) for one in findings]


def tables(**items: Image) -> Held:
    return {name: dict(item) for name, item in items.items() if item is not None}


NAMES = st.sampled_from("abcde")
STEPS = st.lists(st.tuples(NAMES, st.booleans()), max_size=25)


def history(steps: Iterable[tuple[str, bool]]) -> tuple[list[list[ItemWrite]], Held]:
    """Make, change or delete one item after another; return the writes and what is there afterwards."""
    held: Held = {}
    writes = []
    for version, (name, delete) in enumerate(steps, start=1):
        after = None if delete and name in held else image(name, version)
        writes.append([write(name, held.get(name), after)])
        if after is None:
            del held[name]
        else:
            held[name] = after
    return writes, held


@given(STEPS)
def test_a_replayed_ledger_equals_the_tables(steps: list[tuple[str, bool]]) -> None:
    writes, held = history(steps)
    replay = replayed(records_of(writes))
    assert replay.state() == dict(table_digests(SERVICES, held.values()))
    assert found(replay, held) == []


@given(STEPS.filter(bool), st.sampled_from(["change", "make", "delete"]), st.data())
def test_a_change_outside_the_ledger_is_named(
    steps: list[tuple[str, bool]], meddling: str, data: st.DataObject
) -> None:
    writes, held = history(steps)
    if meddling == "make" or not held:
        held["z"] = image("z", 99)
        expected = ("item unknown", "z")
    else:
        name = data.draw(st.sampled_from(sorted(held)))
        expected = ("changed outside" if meddling == "change" else "item missing", name)
        if meddling == "change":
            held[name] = image(name, 99)
        else:
            del held[name]
    ((kind, _, where),) = found(replayed(records_of(writes)), held)
    assert (kind, where) == (expected[0], f"{PREFIX}{TABLE}/{expected[1]}")


@given(STEPS)
def test_items_found_at_the_beginning_start_with_a_baseline(steps: list[tuple[str, bool]]) -> None:
    first = image("a", 0)
    baseline = records_of([[write("a", None, first)]], phase="baseline")
    writes, held = history([("a", False), *steps])
    writes[0] = [write("a", first, writes[0][0].after)]
    records = [*baseline, *records_of(writes, head_of(baseline))]
    assert found(replayed(records), held) == []


def test_a_change_outside_that_was_healed_since_is_still_told() -> None:
    meddled = image("s", 1, user="mallory")
    records = records_of([[write("s", None, OLD)], [write("s", meddled, NEW)]])
    replay = replayed(records)
    overcome = "changed outside, since overcome"
    assert found(replay, tables(s=NEW)) == [(overcome, 2, f"{PREFIX}{TABLE}/s")]
    assert "between #1 and #2" in replay.findings[0].what


def test_deletes_and_creates_outside_are_told_apart() -> None:
    deleted = records_of([[write("s", None, OLD)], [write("s", None, NEW)]])
    assert "deleted outside" in replayed(deleted).findings[0].what
    made = records_of([[write("s", None, OLD)], [write("s", OLD, None)], [write("s", OLD, NEW)]])
    assert "made outside" in replayed(made).findings[0].what


def test_an_item_made_outside_and_adopted_is_told_and_nothing_is_left_to_do() -> None:
    replay = replayed(records_of([[write("s", OLD, NEW)]]))
    overcome = "changed outside, since overcome"
    assert found(replay, tables(s=NEW)) == [(overcome, 1, f"{PREFIX}{TABLE}/s")]
    assert "before its first record" in replay.findings[0].what


def test_an_item_back_after_its_deletion_is_unknown() -> None:
    records = records_of([[write("s", None, OLD)], [write("s", OLD, None)]])
    assert found(replayed(records), tables(s=OLD)) == [("item unknown", 2, f"{PREFIX}{TABLE}/s")]


def test_what_was_written_while_the_tables_were_read_may_be_seen_or_not() -> None:
    records = records_of([[write("s", None, OLD)], [write("s", OLD, NEW)], [write("s", NEW, None)]])
    for settled, states in ((1, [OLD, NEW, None]), (2, [NEW, None]), (3, [None])):
        for held in (OLD, NEW, None):
            good = not found(replayed(records, settled), tables(s=held))
            assert good == (held in states), (settled, held)
    assert found(replayed(records[:1], 0), {}) == []


def test_records_of_live_changes_are_passed_over() -> None:
    records = records_of([[write("group", None, OLD)]], phase="intended")
    assert replayed(records).state() == {}


def test_a_record_that_cannot_be_read_is_left_to_the_chain() -> None:
    replay = Replay({})
    replay.add_page([ChainEntry(1, "x", None), ChainEntry(2, "y", {"Phase": {"S": "done"}})])
    assert replay.state() == {}


def test_a_range_key_tells_items_apart() -> None:
    key = {"EnvironmentName": "c50", "VHostName": "www"}
    item = {**key, "Audit": {"Version": 1}}
    records = records_of([[write("www", None, item, "InfraConfigLBSettings", key=key)]])
    expected = EntityKey("t-InfraConfigLBSettings", "c50", "www")
    assert replayed(records).state() == {expected: image_digest(item)}
