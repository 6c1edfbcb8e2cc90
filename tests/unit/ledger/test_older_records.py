"""What the old product left in the audit table is found by object, behind our own records, where the first set-up found any."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from moto import mock_aws

from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.items import to_wire
from controller.aws.table_setup import Patience, set_up_table
from controller.ledger.ledger_table import LEDGER_TABLE
from controller.ledger.older_records import OlderRecords
from controller.ledger.queries import LedgerReader
from controller.ledger.questions import OfActor, OfEntity, OfPeriod, Period, Question
from controller.ledger.records import POWER, EntityKey, record_wire
from tests.unit.ledger.ledgers import PREFIX, image, records_of, write

AUDIT = LEDGER_TABLE.prefixed(PREFIX)
SERVICES, HOSTS = PREFIX + "InfraConfigServices", PREFIX + "InfraConfigLBSettings"
OURS = records_of([[write("s0", None, image("s0", 1))]])


def old(audit_id: str, at: str, type_: str, key: Any, range_: str | None = None) -> dict[str, Any]:
    entity = {"Type": PREFIX + type_, "Key": key, "Version": 3}
    if range_ is not None:
        entity["Range"] = range_
    return {
        "AuditID": audit_id, "Date": at[:10], "ISOTimestamp": at, "ChangedBy": None,
        "TransactionID": None, "ChangeType": "Updated", "Entity": entity,
    }  # fmt: skip


OLD = [
    old("first", "2017-05-04T10:11:12.345Z", "ConfigServices", "s0", "Tango"),
    old("second", "2018-05-04T10:11:12.345Z", "InfraConfigServices", "s0"),
    old("another", "2018-05-04T10:11:12.345Z", "InfraConfigServices", "s1"),
    old("of a number", "2018-05-04T10:11:12.345Z", "InfraConfigAccounts", 12345670123),
    old("turned round", "2018-05-04T10:11:12.345Z", "InfraConfigLBSettings", "www", "c50"),
    old("of another host", "2018-05-04T10:11:12.345Z", "InfraConfigLBSettings", "c50", "api"),
    old("beside our own", "2999-05-04T10:11:12.345Z", "InfraConfigServices", "s0"),
]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        found: Any = Clients().client(Place("", "eu-west-1"), "dynamodb")
        set_up_table(found, AUDIT, patience=Patience(3, 0.0))
        for record in OURS:
            found.put_item(TableName=AUDIT.name, Item=record_wire(record))
        for item in OLD:
            found.put_item(TableName=AUDIT.name, Item=to_wire(item))
        yield found


def ids(client: Any, question: Question, row: Any, page_size: int = 50) -> list[str]:
    older = OlderRecords(client, AUDIT.name, lambda: row)
    reader = LedgerReader(client, AUDIT.name, older=older)
    return [line.audit_id for line in reader.all(question, page_size=page_size)]


@pytest.mark.parametrize("page_size", [1, 2, 50])
@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (EntityKey(SERVICES, "s0"), [OURS[0].audit_id, "second", "first"]),
        (EntityKey(PREFIX + "InfraConfigAccounts", "12345670123"), ["of a number"]),
        (EntityKey(HOSTS, "c50", "www"), ["turned round"]),
        (EntityKey(PREFIX + "ConfigEnvironments", "c50"), []),
    ],
)
def test_they_come_behind_our_own(
    client: Any, entity: EntityKey, expected: list[str], page_size: int
) -> None:
    assert ids(client, OfEntity((entity,)), {"Exist": True}, page_size) == expected


def test_a_period_counts_for_them_too(client: Any) -> None:
    since = Period(since=datetime(2018, 1, 1, tzinfo=UTC), until=datetime(2019, 1, 1, tzinfo=UTC))
    question = OfEntity((EntityKey(SERVICES, "s0"),), since)
    assert ids(client, question, {"Exist": True}) == ["second"]


@pytest.mark.parametrize("page_size", [1, 2, 50])
def test_they_come_behind_days_too_where_an_object_is_asked_for_with_all_that_is_of_it(
    client: Any, page_size: int
) -> None:
    began = datetime.fromisoformat(OURS[0].iso_timestamp)
    s0 = OfEntity((EntityKey(SERVICES, "s0"),))
    row = {"Exist": True}
    found = ids(client, OfPeriod(began, began, s0), row, page_size)
    assert found == [OURS[0].audit_id, "second", "first"]
    assert ids(client, OfPeriod(began, began), row, page_size) == [OURS[0].audit_id]


def test_where_we_have_none_yet_all_are_shown(client: Any) -> None:
    older = OlderRecords(client, AUDIT.name, lambda: {"Exist": True})
    lines = older.before(None, OfEntity((EntityKey(SERVICES, "s0"),)))
    assert [line.audit_id for line in lines] == ["beside our own", "second", "first"]


@pytest.mark.parametrize("row", [None, {"Exist": False}])
def test_without_any_the_table_is_not_read(client: Any, row: Any) -> None:
    assert ids(client, OfEntity((EntityKey(SERVICES, "s0"),)), row) == [OURS[0].audit_id]


@pytest.mark.parametrize(
    "question", [OfEntity((EntityKey(POWER, "i-1"),)), OfActor("nobody"), OfEntity(())]
)
def test_what_was_never_recorded_is_not_looked_for(client: Any, question: Question) -> None:
    def row() -> Any:
        raise AssertionError("nobody asks")

    reader = LedgerReader(client, AUDIT.name, older=OlderRecords(client, AUDIT.name, row))
    assert reader.page(question).next_token is None
