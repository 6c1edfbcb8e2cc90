"""What we hold DynamoDB to, on every look-alike there is: moto always, ministack where installed."""

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from moto import mock_aws

from benchmarks.ministack import MINISTACK, ministack
from controller.aws.clients import Clients
from controller.aws.errors import Place, TableMissing
from controller.aws.items import Item, to_wire
from controller.aws.table_setup import SetupResult, set_up_table
from controller.aws.tables import DynamoStore, Query, query
from controller.aws.transactions import Cancelled, Committed, PutWrite
from controller.errors import Conflict
from controller.model.table import Index, KeyAttribute, TableDefinition

PLACE = Place("", "eu-west-1")
ABSENT = "attribute_not_exists(Id)"
EVERYTHING: Item = {
    "Id": "everything",
    "Text": "äöü \N{PARTY POPPER}",
    "Empty": "",
    "Number": 40000,
    "Fraction": -0.125,
    "Long": Decimal("0.1234567890123456789012345678"),
    "Big": 12345678901234567890123456789012345678,
    "Flag": False,
    "Nothing": None,
    "Bytes": b"\x00\xff",
    "List": [1, [], {}, "x"],
    "Map": {"a": {"b": [True]}},
    "Texts": frozenset({"b", "a"}),
    "Numbers": frozenset({1, 2.5}),
    "Blobs": frozenset({b"a", b"b"}),
}


@pytest.fixture(scope="module", params=["moto", pytest.param("ministack", marks=pytest.mark.slow)])
def lookalike(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "moto":
        with mock_aws():
            yield "moto"
        return
    if not MINISTACK.exists():
        pytest.skip("ministack is not installed: make servers")
    with ministack() as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        yield "ministack"


@pytest.fixture(scope="module")
def client(lookalike: str) -> Any:
    clients = Clients()
    return clients.client(PLACE, "dynamodb")


@pytest.fixture
def table(client: Any) -> str:
    """A fresh table with key Id and an index by Group and Number."""
    name = f"t{uuid.uuid4().hex[:12]}"
    definition = TableDefinition(
        name,
        KeyAttribute("Id"),
        indexes=(Index("Group-index", KeyAttribute("Group"), KeyAttribute("Number", "N")),),
        deletion_protection=False,
    )
    assert set_up_table(client, definition).created
    assert set_up_table(client, definition) == SetupResult(name)
    return name


def token() -> str:
    return str(uuid.uuid4())


def test_every_type_comes_back_as_it_was_written(client: Any, table: str) -> None:
    assert (
        DynamoStore(client).transact([PutWrite(table, to_wire(EVERYTHING))], token()) == Committed()
    )
    assert DynamoStore(client).get(table, {"Id": "everything"}) == EVERYTHING
    assert list(DynamoStore(client).scan(table)) == [EVERYTHING]


def test_reasons_stand_at_the_place_of_their_writes(client: Any, table: str) -> None:
    DynamoStore(client).transact([PutWrite(table, to_wire({"Id": "taken", "Of": "us"}))], token())
    writes = [
        PutWrite(table, to_wire({"Id": name}), ABSENT, show_found=True)
        for name in ("a", "taken", "b")
    ]
    outcome = DynamoStore(client).transact(writes, token())
    assert isinstance(outcome, Cancelled)
    assert [reason and reason.code for reason in outcome.reasons] == [
        None,
        "ConditionalCheckFailed",
        None,
    ]
    assert outcome.reasons[1] is not None
    assert outcome.reasons[1].found == {"Id": "taken", "Of": "us"}
    assert [item["Id"] for item in DynamoStore(client).scan(table)] == ["taken"]


def test_a_hundred_writes_go_in_one_transaction_and_a_scan_finds_them_all(
    client: Any, table: str
) -> None:
    writes = [PutWrite(table, to_wire({"Id": str(n), "Pad": "x" * 500})) for n in range(100)]
    assert DynamoStore(client).transact(writes, token()) == Committed()
    assert len({item["Id"] for item in DynamoStore(client).scan(table)}) == 100


def test_the_same_token_again_is_the_same_transaction(
    client: Any, table: str, lookalike: str
) -> None:
    if lookalike == "moto":
        pytest.skip("moto ignores ClientRequestToken")
    writes, same = [PutWrite(table, to_wire({"Id": "once"}), ABSENT)], token()
    assert DynamoStore(client).transact(writes, same) == Committed()
    assert DynamoStore(client).transact(writes, same) == Committed()


def test_an_index_is_read_in_the_order_of_its_range_key(client: Any, table: str) -> None:
    for number in (3, 1, 2):
        item = to_wire({"Id": f"i{number}", "Group": "g", "Number": number})
        DynamoStore(client).write(PutWrite(table, item, ABSENT))
        with pytest.raises(Conflict):
            DynamoStore(client).write(PutWrite(table, item, ABSENT))
    wanted = Query(table, "#g = :g", {":g": "g"}, {"#g": "Group"}, "Group-index", forward=False)
    assert [item["Number"] for item in query(client, wanted).items] == [3, 2, 1]


def test_a_table_that_is_not_there_is_told_as_such(client: Any) -> None:
    with pytest.raises(TableMissing):
        list(DynamoStore(client).scan("nowhere"))
    with pytest.raises(TableMissing):
        DynamoStore(client).transact([PutWrite("nowhere", to_wire({"Id": "a"}))], token())
