"""Questions to the ledger: newest first, one query a page, and every page reached once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from benchmarks.call_counts import by_operation
from controller.aws.clients import CallCounter, Clients
from controller.aws.errors import Place, TableMissing
from controller.aws.items import to_wire
from controller.aws.table_setup import Patience, set_up_table
from controller.errors import WrongUsage
from controller.ledger.chain import ChainCheck
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.queries import ItemHistory, LedgerReader, merge_histories
from controller.ledger.questions import (
    OfActor,
    OfEntity,
    OfPeriod,
    OfScope,
    OfTransaction,
    Period,
    Question,
)
from controller.ledger.records import EntityKey, record_wire
from controller.ledger.summaries import NOBODY, RecordSummary, summary_of
from controller.model.ledger_record import ItemWrite
from controller.ports import History
from tests.unit.ledger.ledgers import PREFIX, SCOPE, START, head_of, image, records_of, write

AUDIT = LEDGER_TABLE.prefixed(PREFIX)
MASTER = Place("", "eu-west-1")
OPS = "InfraOpsEnvironment"
CONFIG = "ConfigEnvironments"


def _writes() -> list[list[ItemWrite]]:
    """Four services made, an environment's two items made and its second changed thrice, a service changed by Bob and deleted."""
    ops = [image("c50", version) for version in range(1, 5)]
    return [
        [write(f"s{n}", None, image(f"s{n}", 1)) for n in range(4)],
        [write("c50", None, ops[0], CONFIG), write("c50", None, ops[0], OPS)],
        *([write("c50", ops[n], ops[n + 1], OPS, cause="drifted")] for n in range(3)),
        [write("s0", image("s0", 1), image("s0", 2, user="bob"))],
        [write("s0", image("s0", 2, user="bob"), None)],
    ]


RECORDS = records_of(_writes())
LEGACY: dict[str, Any] = {
    "AuditID": "shardId-1",
    "Date": "2026-11-24",
    "ISOTimestamp": "2026-11-24T10:30:00.000Z",
    "Entity": {"Type": "t-ConfigEnvironments", "Key": "c51"},
    "ChangeType": "Updated",
    "OldValue": None,
    "NewValue": {"EnvironmentName": "c51"},
}


class Asked(NamedTuple):
    reader: LedgerReader
    counter: CallCounter


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    with mock_aws():
        counter = CallCounter()
        clients = Clients(counter=counter)
        client: Any = clients.client(MASTER, "dynamodb")
        set_up_table(client, AUDIT, patience=Patience(3, 0.0))
        for record in RECORDS:
            client.put_item(TableName=AUDIT.name, Item=record_wire(record))
        client.put_item(TableName=AUDIT.name, Item=to_wire(LEGACY))
        yield Asked(LedgerReader(client, AUDIT.name), counter)


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


ENVIRONMENT = (EntityKey(PREFIX + CONFIG, "c50"), EntityKey(PREFIX + OPS, "c50"))
DAY = OfPeriod(START, START + timedelta(hours=2))
QUESTIONS: list[tuple[str, Question, list[int]]] = [
    ("scope", OfScope(SCOPE), [*range(11, 0, -1)]),
    ("no such scope", OfScope("other"), []),
    ("one item", OfEntity((EntityKey(PREFIX + "InfraConfigServices", "s0"),)), [11, 10, 1]),
    ("an environment", OfEntity(ENVIRONMENT), [9, 8, 7, 6, 5]),
    ("an environment, later", OfEntity(ENVIRONMENT, Period(at(4), at(60))), [8 + 1, 8]),
    ("an environment, early", OfEntity(ENVIRONMENT, Period(until=at(2))), [6, 5]),
    ("who applied it, where the author is known", OfActor("envctl"), []),
    ("an author, since", OfActor("ada@example.com", Period(since=at(3))), [11, 10, 9, 8, 7]),
    ("a transaction", OfTransaction("run-1"), [4, 3, 2, 1]),
    ("a day", DAY, [0, *range(11, 0, -1)]),
    ("an hour of a day", OfPeriod(at(2), at(4)), [8, 7, 6, 5]),
    (
        "days around",
        OfPeriod(START - timedelta(days=2), START + timedelta(days=2)),
        [0, *range(11, 0, -1)],
    ),
    ("days before", OfPeriod(START - timedelta(days=3), START - timedelta(days=1)), []),
]
NAMED = pytest.mark.parametrize(
    ("question", "expected"),
    [(question, expected) for _, question, expected in QUESTIONS],
    ids=[name for name, _, _ in QUESTIONS],
)


def pages_of(reader: LedgerReader, question: Question, limit: int) -> list[list[int]]:
    pages, token = [], None
    for _ in range(40):
        page = reader.page(question, limit=limit, token=token)
        pages.append([record.sequence for record in page.records])
        token = page.next_token
        if token is None:
            return pages
    raise AssertionError("pages without an end")


@NAMED
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_every_record_is_on_one_page_newest_first(
    asked: Asked, question: Question, expected: list[int], limit: int
) -> None:
    pages = pages_of(asked.reader, question, limit)
    found = [sequence for page in pages for sequence in page]
    by_time = {record.sequence: record.iso_timestamp for record in RECORDS}
    assert sorted(found) == sorted(expected)
    if limit == 100:
        assert found == expected
    else:
        times = [by_time.get(sequence, LEGACY["ISOTimestamp"]) for sequence in found]
        assert times == sorted(times, reverse=True)
    assert all(len(page) <= limit for page in pages)


@NAMED
def test_a_page_costs_one_query(asked: Asked, question: Question, expected: list[int]) -> None:
    queries = len(question.entities) if isinstance(question, OfEntity) else 1
    asked.counter.clear()
    asked.reader.page(question, limit=2)
    assert by_operation(asked.counter) == {"dynamodb.Query": queries}


def test_a_summary_is_what_the_record_says(asked: Asked) -> None:
    page = asked.reader.page(OfScope(SCOPE), limit=100)
    assert list(page.records) == [summary_of(record) for record in reversed(RECORDS)]


def test_what_other_programs_recorded_is_in_the_day(asked: Asked) -> None:
    legacy = asked.reader.page(DAY, limit=1).records[0]
    assert legacy == RecordSummary(
        "shardId-1", LEGACY["ISOTimestamp"], "", "", EntityKey("t-ConfigEnvironments", "c51"),
        None, "Updated", "", "", "", "", 0, NOBODY,
    )  # fmt: skip


def test_a_token_belongs_to_its_question(asked: Asked) -> None:
    token = asked.reader.page(OfScope(SCOPE), limit=2).next_token
    assert token
    for wrong in (token[:-3], "x", "", "e30", token.swapcase()):
        with pytest.raises(WrongUsage, match="page token"):
            asked.reader.page(OfScope(SCOPE), limit=2, token=wrong)
    with pytest.raises(WrongUsage, match="page token"):
        asked.reader.page(OfTransaction("run-1"), limit=2, token=token)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size_that_can_be(asked: Asked, limit: int) -> None:
    with pytest.raises(WrongUsage, match="1 to 1000"):
        asked.reader.page(OfScope(SCOPE), limit=limit)


def test_the_history_of_an_item_is_read_no_further_than_it_is_looked_at(asked: Asked) -> None:
    history: History = asked.reader
    assert list(history.of_item(PREFIX + OPS, "c50", None)) == [
        RECORDS[n - 1] for n in (9, 8, 7, 6)
    ]
    assert list(history.of_item(PREFIX + OPS, "c51", None)) == []
    asked.counter.clear()
    assert next(iter(history.of_item(PREFIX + OPS, "c50", None))) == RECORDS[8]
    assert by_operation(asked.counter) == {"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1}


def test_one_record_or_a_whole_transaction_by_its_id(asked: Asked) -> None:
    assert asked.reader.find(RECORDS[4].audit_id) == (RECORDS[4],)
    assert asked.reader.find("run-1") == tuple(RECORDS[:4])
    assert asked.reader.find("nothing") == ()
    assert asked.reader.find("shardId-1") == ()


@pytest.mark.parametrize("after", [0, 4, 11])
def test_a_chain_is_read_as_it_stands_on_the_wire(asked: Asked, after: int) -> None:
    check = ChainCheck(SCOPE, head_of(RECORDS))
    entries = [entry for page in asked.reader.pages(SCOPE, after) for entry in page]
    assert [entry.sequence for entry in entries] == [*range(after + 1, 12)]
    check.add(entries)
    assert check.finish(head_of(RECORDS)).intact == (after == 0)


def test_a_missing_table_names_the_command_that_makes_it(asked: Asked) -> None:
    other = LedgerReader(asked.reader.client, "gone")
    asks: list[Callable[[], object]] = [
        lambda: other.page(OfScope(SCOPE)),
        lambda: list(other.pages(SCOPE)),
        lambda: list(other.records(["x"])),
    ]
    for ask in asks:
        with pytest.raises(TableMissing, match="envctl bootstrap"):
            ask()


def line(entity: str, number: int, moment: int) -> RecordSummary:
    return RecordSummary(
        f"{entity}-{number}", datetime.fromtimestamp(moment, UTC).isoformat(), "", "",
        EntityKey("t", entity), None, "", "", "", "", "", number, NOBODY,
    )  # fmt: skip


MOMENTS = st.lists(st.integers(0, 6), max_size=8).map(lambda found: sorted(found, reverse=True))


@given(st.lists(MOMENTS, min_size=1, max_size=3), st.integers(1, 4))
def test_merged_histories_give_each_record_once_in_order(
    moments: list[list[int]], limit: int
) -> None:
    """Moments may be equal, within a history and between histories."""
    held = {
        f"e{n}": [line(f"e{n}", number, moment) for number, moment in enumerate(one)]
        for n, one in enumerate(moments)
    }

    def page(entity: str, start: Any) -> ItemHistory:
        ids = [one.audit_id for one in held[entity]]
        first = ids.index(start["AuditID"]["S"]) + 1 if start else 0
        records = held[entity][first : first + limit]
        more = first + limit < len(ids)
        next_key = (
            {
                "AuditID": {"S": records[-1].audit_id},
                "ISOTimestamp": {"S": records[-1].iso_timestamp},
            }
            if more
            else None
        )
        return ItemHistory(entity, start, records, next_key)

    found: list[RecordSummary] = []
    position: Any = dict.fromkeys(held)
    for _ in range(60):
        records, position = merge_histories(
            [page(one, start) for one, start in position.items()], limit
        )
        assert len(records) <= limit
        found += records
        if position is None:
            break
    assert position is None
    assert len(found) == len({one.audit_id for one in found}) == sum(map(len, moments))
    times = [one.iso_timestamp for one in found]
    assert times == sorted(times, reverse=True)


def test_a_scope_begins_with_its_first_record(asked: Asked) -> None:
    assert asked.reader.lines.beginning(SCOPE) == summary_of(RECORDS[0])
    assert asked.reader.lines.beginning("other") is None


def test_lines_after_a_moment_are_newest_first(asked: Asked) -> None:
    assert [line.sequence for line in asked.reader.lines.later(SCOPE, at(4))] == [11, 10, 9]
    assert [line.sequence for line in asked.reader.lines.later(SCOPE, None)] == [*range(11, 0, -1)]
    assert list(asked.reader.lines.later(SCOPE, at(60))) == []
