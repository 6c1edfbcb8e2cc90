"""Whatever is asked, the answer is the same wherever records are; and no segment is read that cannot hold what was asked."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.ledger.archived.segments import segment_of_key
from controller.ledger.questions import (
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Period,
    Question,
)
from controller.ledger.records import EntityKey, chained, iso_ms
from controller.model.ledger_record import LedgerRecord
from tests.support.archived_ledger import ArchivedLedger
from tests.unit.ledger.ledgers import EMPTY, PREFIX, SCOPE, START, TABLE, services

EVERY = timedelta(days=6)
RECORDS = [
    record
    for record, _ in chained(
        (
            replace(record, iso_timestamp=iso_ms(START + at * EVERY))
            for at, record in enumerate(services(18))
        ),
        EMPTY,
    )
]
"""Of five months: eighteen services made, six of them changed."""
COUNT = len(RECORDS)
BOTH = (EntityKey(PREFIX + TABLE, "s0"), EntityKey(PREFIX + TABLE, "s3"))
MIDDLE = Period(START + 5 * EVERY, START + 20 * EVERY)
QUESTIONS: tuple[Question, ...] = (
    OfScope(SCOPE),
    OfEntity(BOTH),
    OfEntity(BOTH, MIDDLE),
    OfActor("ada@example.com"),
    OfActor("ada@example.com", MIDDLE),
    OfTransaction("run-7"),
    OfPeriod(START, START + COUNT * EVERY),
    OfPeriod(START + 5 * EVERY, START + 20 * EVERY),
)


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> ArchivedLedger:
    return ArchivedLedger(monkeypatch)


def answers(ledger: ArchivedLedger, limit: int = 3) -> list[list[str]]:
    """Return the ids that each question is answered with, as they come."""
    reader = ledger.reader
    return [
        [line.audit_id for line in reader.all(question, page_size=limit)] for question in QUESTIONS
    ]


def others(ledger: ArchivedLedger) -> list[Any]:
    """Return what else is asked of a ledger."""
    reader = ledger.reader
    moment = START + 9 * EVERY
    return [
        [record.audit_id for record in reader.of_item(*BOTH[0])],
        [line.audit_id for line in reader.lines.later(SCOPE, moment)],
        [line.audit_id for line in reader.lines.later(SCOPE, None)],
        reader.lines.beginning(SCOPE),
        [record.hash for record in reader.whole(reader.lines.later(SCOPE, None))],
        [record.hash for record in reader.find(RECORDS[1].audit_id)],
        [record.hash for record in reader.find("run-2")],
        reader.find("nothing"),
    ]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.sets(st.integers(1, COUNT - 1), max_size=4), limit=st.integers(1, 7))
def test_any_split_answers_alike(ledger: ArchivedLedger, cuts: set[int], limit: int) -> None:
    ledger.holds(RECORDS, ())
    wanted, more = answers(ledger), others(ledger)

    ledger.holds(RECORDS, sorted(cuts))

    assert answers(ledger, limit) == wanted
    assert others(ledger) == more


@pytest.mark.parametrize("left", range(1, 7))
def test_what_is_in_both_is_told_once(ledger: ArchivedLedger, left: int) -> None:
    ledger.holds(RECORDS, ())
    wanted, more = answers(ledger), others(ledger)

    ledger.holds(RECORDS, (4, 9, 15), left)

    assert [sorted(one) for one in answers(ledger)] == [sorted(one) for one in wanted]
    assert others(ledger) == more


def segments_read(ledger: ArchivedLedger) -> list[int]:
    """Return with which sequence the segments begin whose records were read."""
    found = map(segment_of_key, ledger.store.read_keys)
    return sorted({segment.first for segment in found if segment})


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (OfTransaction("run-7"), [4]),
        (OfTransaction("run-99"), []),
        (OfEntity(BOTH[:1]), [1, 16]),
        (OfActor("nobody"), []),
        (OfPeriod(START, START + EVERY), [1]),
    ],
)
def test_only_segments_that_hold_it_are_read(
    ledger: ArchivedLedger, question: Question, wanted: list[int]
) -> None:
    ledger.holds(RECORDS, (3, 15, 22))

    list(ledger.reader.all(question))

    assert segments_read(ledger) == wanted


def test_what_the_table_answers_reads_no_segment(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (3, 15))
    reader = ledger.reader

    page = reader.page(OfScope(SCOPE), limit=5)
    newest = next(reader.of_item(PREFIX + TABLE, "s15", None))

    assert len(page.records) == 5
    assert newest.audit_id == RECORDS[-1].audit_id
    assert ledger.store.read_keys == []


def test_records_of_lines_read_each_segment_once(ledger: ArchivedLedger) -> None:
    ledger.holds(RECORDS, (3, 15))
    reader = ledger.reader
    lines = list(reader.lines.later(SCOPE, None))
    ledger.store.read_keys.clear()

    found: list[LedgerRecord] = list(reader.whole(lines))

    assert [record.sequence for record in found] == list(range(COUNT, 0, -1))
    assert len(ledger.store.read_keys) == 2


def test_a_long_time_without_anything_is_passed_over_a_year_a_page(ledger: ArchivedLedger) -> None:
    chain = chained(
        (
            replace(record, iso_timestamp=iso_ms(datetime.fromisoformat(f"{at}-02T00:00Z")))
            for at, record in zip(
                (f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)),
                services(18),
                strict=True,
            )
        ),
        EMPTY,
    )
    monthly = [record for record, _ in chain]
    ledger.holds(monthly, range(1, 24))
    reader = ledger.reader
    question = OfTransaction("run-1")

    first = reader.page(question)
    second = reader.page(question, token=first.next_token)
    third = reader.page(question, token=second.next_token)

    assert (first.records, second.records) == ((), ())
    assert [line.audit_id for line in third.records] == [monthly[0].audit_id]
