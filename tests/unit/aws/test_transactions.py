"""Transactions: committed, cancelled with reasons, or honestly unknown."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import exceptions as aws
from moto import mock_aws
from moto.core.models import botocore_stubber

from controller.aws.errors import OutcomeUnknown, TableMissing
from controller.aws.items import to_wire
from controller.aws.table_setup import set_up_table
from controller.aws.tables import DynamoStore
from controller.aws.transactions import (
    Cancelled,
    Committed,
    DeleteWrite,
    PutWrite,
    Reason,
    UpdateWrite,
    Write,
    transaction_bytes,
)
from controller.errors import AccessDenied, Conflict, RefusedByAws, Throttled, Unreachable
from controller.model.table import KeyAttribute, TableDefinition
from tests.unit.aws.conftest import Script, json_answer, json_error

ABSENT = "attribute_not_exists(Id)"
LOST = aws.ReadTimeoutError(endpoint_url="https://dynamodb/")
REFUSED = aws.EndpointConnectionError(endpoint_url="https://dynamodb/")
THROTTLED = json_error("ThrottlingException")
CONDITION_FAILED = json_error(
    "TransactionCanceledException", CancellationReasons=[{"Code": "ConditionalCheckFailed"}]
)


def put(key: str, value: Any = 1, **more: Any) -> PutWrite:
    return PutWrite("T", to_wire({"Id": key, "V": value}), **more)


@pytest.fixture
def world(client: Any) -> Iterator[Any]:
    """A client and an empty table T with key Id."""
    with mock_aws():
        set_up_table(client, TableDefinition("T", KeyAttribute("Id")))
        yield client


def test_every_sort_of_write_is_done_in_one_transaction(world: Any) -> None:
    assert DynamoStore(world).transact([put("gone"), put("changed")], "t1") == Committed()
    writes: list[Write] = [
        put("new", {"b": b"\x00\xff", "s": {"x", "y"}, "n": [1, 2.5, None, True]}),
        DeleteWrite("T", to_wire({"Id": "gone"})),
        UpdateWrite(
            "T",
            to_wire({"Id": "changed"}),
            "#v = :old",
            {"#v": "V"},
            to_wire({":v": 2, ":old": 1}),
            update="SET #v = :v",
        ),
    ]
    assert DynamoStore(world).transact(writes, "t2") == Committed()
    assert {item["Id"]: item["V"] for item in DynamoStore(world).scan("T")} == {
        "changed": 2,
        "new": {"b": b"\x00\xff", "s": frozenset({"x", "y"}), "n": [1, 2.5, None, True]},
    }


def test_a_cancelled_transaction_writes_nothing_and_says_which_write_was_at_fault(
    world: Any,
) -> None:
    DynamoStore(world).transact([put("taken", "theirs")], "t1")
    outcome = DynamoStore(world).transact(
        [put("free"), put("taken", "ours", condition=ABSENT, show_found=True)], "t2"
    )
    assert isinstance(outcome, Cancelled)
    free, taken = outcome.reasons
    assert free is None
    assert taken is not None
    assert taken.code == "ConditionalCheckFailed"
    assert taken.is_conflict
    assert taken.found == {"Id": "taken", "V": "theirs"}
    assert not outcome.maybe_done_before
    assert DynamoStore(world).get("T", {"Id": "free"}) is None


def test_a_missing_table_names_the_command_that_makes_it(world: Any) -> None:
    with pytest.raises(TableMissing, match=r"Gone[\s\S]*envctl bootstrap"):
        DynamoStore(world).transact([PutWrite("Gone", to_wire({"Id": "a"}))], "t")


def test_the_response_lost_after_the_commit_is_found_out_by_the_conflict_with_ourselves(
    world: Any,
) -> None:
    tries = []

    def lose_first_answer(event_name: str, request: Any, **_: Any) -> None:
        tries.append(request)
        if len(tries) == 1:
            botocore_stubber(event_name, request)
            raise LOST

    world.meta.events.register_first("before-send.dynamodb.TransactWriteItems", lose_first_answer)
    outcome = DynamoStore(world).transact([put("a", condition=ABSENT)], "t")
    assert isinstance(outcome, Cancelled)
    assert outcome.maybe_done_before
    assert DynamoStore(world).get("T", {"Id": "a"}) == {"Id": "a", "V": 1}


@pytest.mark.parametrize(
    ("steps", "error", "because"),
    [
        ([LOST] * 4, OutcomeUnknown, "no try was answered"),
        ([LOST, REFUSED, REFUSED, REFUSED], OutcomeUnknown, "the first may have been done"),
        ([LOST, THROTTLED, THROTTLED, THROTTLED], OutcomeUnknown, "the first may have been done"),
        ([json_error("InternalServerError", 500)] * 4, OutcomeUnknown, "AWS does not know either"),
        (
            [json_error("TransactionInProgressException")] * 4,
            OutcomeUnknown,
            "an earlier try is under way",
        ),
        ([REFUSED] * 4, Unreachable, "nothing ever left"),
        ([THROTTLED] * 4, Throttled, "turned away each time"),
        ([json_error("AccessDeniedException")], AccessDenied, "not retried"),
        ([json_error("IdempotentParameterMismatchException")], RefusedByAws, "not retried"),
        ([json_error("ResourceNotFoundException")], TableMissing, "not retried"),
        ([json_error("TransactionCanceledException")], RefusedByAws, "reasons not aligned"),
        (
            [
                json_error(
                    "TransactionCanceledException",
                    CancellationReasons=[{"Code": "ThrottlingError"}],
                )
            ]
            * 4,
            Throttled,
            "cancelled for throttling alone",
        ),
        (
            [
                LOST,
                *[
                    json_error(
                        "TransactionCanceledException",
                        CancellationReasons=[{"Code": "ThrottlingError"}],
                    )
                ]
                * 3,
            ],
            OutcomeUnknown,
            "the first may have been done, the rest were throttled",
        ),
    ],
)
def test_a_failure_says_whether_something_may_have_been_written(
    client: Any, scripted: Script, steps: list[Any], error: type[Exception], because: str
) -> None:
    sent = scripted(client, steps)
    with pytest.raises(error) as caught:
        DynamoStore(client).transact([put("a")], "t")
    assert type(caught.value) is error, because
    assert len(sent) == len(steps)
    assert caught.value.__cause__ is not None


def test_an_answer_after_a_lost_one_settles_it(client: Any, scripted: Script) -> None:
    sent = scripted(client, [LOST, json_answer(200, {})])
    assert DynamoStore(client).transact([put("a")], "t") == Committed()
    assert sent[0].body == sent[1].body


def test_contention_is_tried_again_with_the_same_token(client: Any, scripted: Script) -> None:
    contended = json_error(
        "TransactionCanceledException",
        CancellationReasons=[{"Code": "TransactionConflict"}, {"Code": "None"}],
    )
    sent = scripted(client, [contended, contended, json_answer(200, {})])
    assert DynamoStore(client).transact([put("a"), put("b")], "tok") == Committed()
    assert {b'"ClientRequestToken":"tok"' in request.body for request in sent} == {True}


def test_a_failed_condition_is_not_tried_again(client: Any, scripted: Script) -> None:
    sent = scripted(client, [CONDITION_FAILED])
    assert DynamoStore(client).transact([put("a")], "t") == Cancelled(
        (Reason("ConditionalCheckFailed"),)
    )
    assert len(sent) == 1


def test_the_reason_of_a_write_that_is_wrong_in_itself_is_no_conflict() -> None:
    assert not Reason("ValidationError", "item too large").is_conflict
    assert Reason("TransactionConflict").is_conflict


@pytest.mark.parametrize("count", [0, 101])
def test_a_transaction_holds_one_to_a_hundred_writes(client: Any, count: int) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        DynamoStore(client).transact([put(str(n)) for n in range(count)], "t")


def test_the_size_of_a_transaction_counts_items_keys_and_expression_values() -> None:
    key = to_wire({"Id": "abc"})
    writes: list[Write] = [
        PutWrite("T", key, "a = :v", values=to_wire({":v": "xy"})),
        DeleteWrite("T", key),
    ]
    assert transaction_bytes(writes) == 5 + 4 + 5


def test_a_single_write_tells_what_was_there_or_is_now(world: Any) -> None:
    assert DynamoStore(world).write(put("a", 1)) is None
    assert DynamoStore(world).write(put("a", 2)) == {"Id": "a", "V": 1}
    update = UpdateWrite(
        "T",
        to_wire({"Id": "a"}),
        update="SET #v = :v",
        names={"#v": "V"},
        values=to_wire({":v": 3}),
    )
    assert DynamoStore(world).write(update) == {"Id": "a", "V": 3}
    assert DynamoStore(world).write(DeleteWrite("T", to_wire({"Id": "a"}))) == {"Id": "a", "V": 3}


def test_a_single_write_whose_condition_fails_is_a_conflict(world: Any) -> None:
    DynamoStore(world).write(put("a", condition=ABSENT))
    with pytest.raises(Conflict):
        DynamoStore(world).write(put("a", condition=ABSENT))
    with pytest.raises(TableMissing):
        DynamoStore(world).write(PutWrite("Gone", to_wire({"Id": "a"})))
