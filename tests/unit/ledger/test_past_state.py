"""What was recorded since a moment is undone, whichever chain tells it; what cannot be known is told with its doubt."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.outside_record import GAP
from controller.ledger.past_state import Doubt, PastItem, earliest_changes, undo
from controller.ledger.records import EntityKey, image_digest, iso_ms, to_item
from controller.ledger.summaries import ChainLine, chain_line_of_item
from controller.model.ledger_record import LedgerRecord
from tests.unit.ledger.ledgers import PREFIX, START, TABLE, image, records_of, write
from tests.unit.ledger.test_replay import STEPS, history, replayed

TABLES = frozenset({PREFIX + TABLE})
IMAGES = [image("a", version, BluePort=version) for version in range(1, 4)]
RECORDS = records_of(
    [
        [write("a", None, IMAGES[0]), write("b", None, image("b", 1))],
        [write("a", IMAGES[0], IMAGES[1])],
        [write("a", IMAGES[1], IMAGES[2]), write("b", image("b", 1), None)],
    ]
)
A, B = EntityKey(PREFIX + TABLE, "a"), EntityKey(PREFIX + TABLE, "b")
NOW = {A: IMAGES[2]}


def line_of(record: LedgerRecord) -> ChainLine:
    return chain_line_of_item(to_item(record), record.scope)


def at(minute: float, now: dict[EntityKey, Any] = NOW) -> dict[EntityKey, PastItem]:
    moment = START + timedelta(minutes=minute)
    later = [r for r in RECORDS if r.iso_timestamp > moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")]  # fmt: skip
    earliest = earliest_changes(map(line_of, reversed(later)), TABLES)
    return {past.entity: past for past in undo(now, chosen(earliest), moment)}


def chosen(earliest: dict[EntityKey, Any]) -> list[LedgerRecord]:
    ids = {line.audit_id for lines in earliest.values() for line in lines}
    return [record for record in RECORDS if record.audit_id in ids]


def test_each_moment_has_its_items() -> None:
    assert at(0.5) == {}
    assert {entity: past.image for entity, past in at(1.5).items()} == {A: IMAGES[0], B: image("b", 1)}  # fmt: skip
    assert {entity: past.image for entity, past in at(2.5).items()} == {A: IMAGES[1], B: image("b", 1)}  # fmt: skip
    assert at(2.5)[B].now is None
    assert at(9) == {A: PastItem(A, IMAGES[2], IMAGES[2], None)}


@given(STEPS, st.integers(0, 26), st.randoms(use_true_random=False))
def test_what_is_undone_from_now_is_what_a_replay_until_then_leads_to(
    steps: list[tuple[str, bool]], minute: int, order: Random
) -> None:
    writes, held = history(steps)
    records, moment = records_of(writes), START + timedelta(minutes=minute)
    until = [record for record in records if record.iso_timestamp <= iso_ms(moment)]
    later = [record for record in records if record.iso_timestamp > iso_ms(moment)]
    order.shuffle(later)
    now = {EntityKey(PREFIX + TABLE, name): item for name, item in held.items()}
    earliest = earliest_changes(map(line_of, later), TABLES).values()
    chosen = {line.audit_id for lines in earliest for line in lines}

    found = list(undo(now, (r for r in later if r.audit_id in chosen), moment))

    assert {past.entity: image_digest(past.image) for past in found} == replayed(until).state()
    assert all(past.now == now.get(past.entity) for past in found)


@pytest.mark.parametrize(
    ("by_others", "at", "because"),
    [
        ((0,), (0, 200, 300), "theirs found nothing of ours"),
        ((0, 1), (0, 0, 900), "nor did the first of theirs"),
        ((0, 2), (0, 200, 0), "nor did the first of theirs, but the second"),
        ((1,), (300, 0, 700), "theirs found what ours left"),
        ((2,), (100, 200, 0), "theirs found what the later of ours left"),
        ((2,), (100, 200, 1000), "theirs is of another second"),
        ((1,), (900, 1000, 1000), "and so is the next of ours"),
    ],
)
def test_a_change_by_others_is_known_to_the_second_and_its_place_by_its_images(
    by_others: tuple[int, ...], at: tuple[int, ...], because: str
) -> None:
    """Three changes of one item in a row, at these milliseconds of a second as the records have it."""
    images = [image("a", version, BluePort=version) for version in range(4)]
    steps = [write("a", images[n], images[n + 1]) for n in range(3)]
    moment = START + timedelta(hours=1)
    records = [
        replace(
            record,
            scope="stream/InfraConfigServices" if number in by_others else record.scope,
            sequence=1 + number,
            iso_timestamp=iso_ms(moment + timedelta(milliseconds=at[number])),
        )
        for number, record in enumerate(records_of([[step] for step in steps]))
    ]
    lines = earliest_changes(map(line_of, reversed(records)), TABLES)[A]
    ids = {line.audit_id for line in lines}

    (found,) = undo({A: images[3]}, (r for r in records if r.audit_id in ids), START)

    assert found.image == images[0], because


def test_records_of_other_things_undo_nothing() -> None:
    lines = [line_of(replace(record, phase="intended")) for record in RECORDS]
    assert earliest_changes(lines, TABLES) == {}
    assert earliest_changes(map(line_of, RECORDS), frozenset({"other"})) == {}


def test_what_cannot_be_known_is_told_with_its_doubt() -> None:
    before, moment = image("a", 1), START
    (baseline,) = records_of([[write("a", None, before)]], phase="baseline")
    (gap,) = records_of([[write("a", before, IMAGES[1], cause=GAP)]])
    later = {**before, "Audit": {"LastChanged": "2026-11-24T10:00:01.000Z"}}

    (found,) = undo({A: before}, [baseline], moment)
    (in_gap,) = undo(NOW, [gap], moment)
    (not_recorded,) = undo({A: later}, [], moment)
    (odd,) = undo({A: {**before, "Audit": "x"}}, [], moment)

    assert (found.image, found.doubt) == (before, Doubt.BEFORE_FIRST)
    assert (in_gap.image, in_gap.doubt) == (before, Doubt.IN_GAP)
    assert not_recorded.doubt is Doubt.NOT_RECORDED
    assert odd.doubt is None


def test_a_baseline_may_have_what_it_found_on_either_side() -> None:
    (record,) = records_of([[write("a", IMAGES[0], IMAGES[0])]], phase="baseline")
    (found,) = undo({}, [record], START)
    assert found.image == IMAGES[0]
