"""Trying again within bounds."""

import threading
from typing import Any

import pytest
from botocore import exceptions as aws
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.call_counts import by_operation
from controller.aws.clients import Clients, Retries, RetryLimits, worth_retrying
from controller.aws.errors import Place
from controller.model.backoff import Backoff
from tests.unit.aws.conftest import HOME, Pauses, Script, json_answer, json_error

LIMITS = RetryLimits()
API = ("1", "eu-west-1", "ec2", "DescribeInstances")
TIMED_OUT = aws.ReadTimeoutError(endpoint_url="https://x/")


@given(st.lists(st.floats(0, 50), max_size=60), st.integers(1, 10), st.floats(0.1, 3))
def test_a_budget_never_grants_more_than_it_held_and_gained(
    waits: list[float], capacity: int, refill_per_s: float
) -> None:
    now_s, granted = 0.0, 0
    limits = RetryLimits(budget=capacity, refill_per_s=refill_per_s)
    retries = Retries(limits, clock=lambda: now_s, share=lambda: 0.0)
    for wait_s in waits:
        now_s += wait_s
        granted += retries.pause_before_retry_s(API, 1, now_s) is not None
    assert granted <= capacity + now_s * refill_per_s + 1e-6


def test_a_clock_that_steps_back_grants_nothing_extra() -> None:
    moments = iter([100.0, 50.0])
    limits = RetryLimits(budget=1, refill_per_s=1)
    retries = Retries(limits, clock=lambda: next(moments), share=lambda: 0.0)
    assert retries.pause_before_retry_s(API, 1, 100.0) is not None
    assert retries.pause_before_retry_s(API, 1, 50.0) is None


@given(st.integers(1, 7), st.floats(0, 1, exclude_max=True))
def test_pauses_are_jittered_between_nothing_and_the_longest(tries: int, share: float) -> None:
    retries = Retries(clock=lambda: 0.0, share=lambda: share)
    pause_s = retries.pause_before_retry_s(API, tries, 0.0)
    assert pause_s is not None
    assert 0 <= pause_s <= min(0.1 * 2**tries, LIMITS.backoff.longest_s)


@pytest.mark.parametrize(
    ("parsed", "status", "error", "worth", "because"),
    [
        (None, 0, TIMED_OUT, True, "the network failed"),
        (None, 0, aws.EndpointConnectionError(endpoint_url="x"), True, "nobody listened"),
        (None, 0, aws.SSLError(endpoint_url="x", error=OSError()), False, "a bad certificate stays"),
        (None, 0, aws.NoCredentialsError(), False, "credentials do not appear by waiting"),
        ({}, 200, None, False, "it went well"),
        ({"Error": {"Code": "Throttling"}}, 400, None, True, "asked to slow down"),
        ({"Error": {"Code": "InternalError"}}, 400, None, True, "AWS's fault"),
        ({"Error": {"Code": ""}}, 502, None, True, "a gateway's fault"),
        ({"Error": {"Code": "ValidationException"}}, 400, None, False, "stays wrong"),
        ({"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [
            {"Code": "None"}, {"Code": "TransactionConflict"}]}, 400, None, True, "contention passes"),
        ({"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [
            {"Code": "ConditionalCheckFailed"}, {"Code": "TransactionConflict"}]}, 400, None, False, "a condition failed"),
        ({"Error": {"Code": "TransactionCanceledException"}}, 400, None, False, "no reason told"),
    ],
)  # fmt: skip
def test_what_is_worth_another_try(
    parsed: Any, status: int, error: Any, worth: bool, because: str
) -> None:
    assert worth_retrying(parsed, status, error) is worth


def test_two_throttles_then_success_is_success(
    clients: Clients, scripted: Script, pauses: Pauses
) -> None:
    client = clients.client(HOME, "dynamodb")
    throttle = json_error("ThrottlingException")
    sent = scripted(client, [throttle, throttle, json_answer(200, {"TableNames": ["T"]})])
    assert client.list_tables()["TableNames"] == ["T"]
    assert len(sent) == 3
    assert pauses == [0.1, 0.2]
    assert by_operation(clients.counter) == {"dynamodb.ListTables": 3}


def test_once_it_is_to_stop_child_accounts_are_not_tried_again(
    scripted: Script, pauses: Pauses
) -> None:
    stop = threading.Event()
    clients = Clients(Retries(clock=pauses.clock, sleep=pauses.sleep, stop=stop))
    child, master = Place("012345670123", "eu-west-1"), Place("", "eu-west-1")
    stop.set()
    throttle = json_error("ThrottlingException")

    in_child = clients.client(child, "dynamodb")
    sent = scripted(in_child, [throttle])
    with pytest.raises(aws.ClientError):
        in_child.list_tables()
    assert len(sent) == 1
    in_master = clients.client(master, "dynamodb")
    sent = scripted(in_master, [throttle, json_answer(200, {"TableNames": []})])
    assert in_master.list_tables()["TableNames"] == []
    assert len(sent) == 2, "what is written down is tried on"


@pytest.mark.parametrize("stopped", [True, False])
def test_a_pause_ends_when_it_is_to_stop(scripted: Script, stopped: bool) -> None:
    stop = threading.Event()

    def share() -> float:
        if stopped:
            stop.set()
        return 0.001

    client = Clients(Retries(stop=stop, share=share)).client(
        Place("012345670123", "eu-west-1"), "dynamodb"
    )
    throttle = json_error("ThrottlingException")
    sent = scripted(client, [throttle, json_answer(200, {"TableNames": []})])
    if stopped:
        with pytest.raises(aws.ClientError):
            client.list_tables()
    else:
        client.list_tables()
    assert len(sent) == (1 if stopped else 2)


def test_it_gives_up_after_the_tries_allowed(clients: Clients, scripted: Script) -> None:
    client = clients.client(HOME, "dynamodb")
    sent = scripted(client, [json_error("ThrottlingException")] * 9)
    with pytest.raises(aws.ClientError):
        client.list_tables()
    assert len(sent) == 4


def test_it_gives_up_when_the_next_try_would_come_too_late() -> None:
    pauses = Pauses()
    limits = RetryLimits(max_tries=100, max_seconds=10, backoff=Backoff(3, 3), budget=100)
    retries = Retries(limits, clock=pauses.clock, sleep=pauses.sleep, share=lambda: 1.0)
    api = ("1", "eu-west-1", "ec2", "DescribeInstances")
    for _ in range(3):
        pauses.sleep(retries.pause_before_retry_s(api, 1, 0.0) or 0)
    assert pauses == [3, 3, 3]
    assert retries.pause_before_retry_s(api, 1, 0.0) is None


def test_one_throttled_account_spends_only_its_own_budget() -> None:
    limits = RetryLimits(max_tries=100, budget=2, refill_per_s=1)
    now_s = 0.0
    retries = Retries(limits, clock=lambda: now_s, share=lambda: 0.0)
    busy = ("111111111111", "eu-west-1", "ec2", "StopInstances")
    assert [retries.pause_before_retry_s(busy, 1, 0.0) for _ in range(3)] == [0.0, 0.0, None]
    for other in [
        ("222222222222", *busy[1:]),
        (busy[0], "us-east-1", *busy[2:]),
        (*busy[:3], "StartInstances"),
    ]:
        assert retries.pause_before_retry_s(other, 1, 0.0) == 0.0
    now_s = 1.0
    assert retries.pause_before_retry_s(busy, 1, 0.0) == 0.0


@pytest.mark.parametrize(
    ("needs", "comes_per_s", "calls"),
    [(49 * 2, 1000 / 8, 205), (1, 5, 400)],
    ids=["an eighth of an index for 10,000 items", "hooks of 400 groups"],
)
def test_calls_that_all_have_to_wait_for_their_turn_use_up_no_budget(
    pauses: Pauses, needs: float, comes_per_s: float, calls: int
) -> None:
    retries = Retries(clock=pauses.clock, sleep=pauses.sleep, share=lambda: 0.5)
    client = Clients(retries).client(HOME, "dynamodb")
    left, seen_s, throttled = 0.0, 0.0, 0

    def answer(**_: Any) -> Any:
        nonlocal left, seen_s, throttled
        left = min(left + (pauses.clock() - seen_s) * comes_per_s, needs * 2)
        seen_s = pauses.clock()
        if left >= needs:
            left -= needs
            return json_answer(200, {"TableNames": []})
        throttled += 1
        return json_error("ThrottlingException")

    client.meta.events.register("before-send", answer)
    for _ in range(calls):
        client.list_tables()
    assert throttled > LIMITS.budget + pauses.clock() * LIMITS.refill_per_s


def test_an_exhausted_budget_makes_the_next_call_fail_at_its_first_throttle(
    scripted: Script,
) -> None:
    pauses = Pauses()
    retries = Retries(
        RetryLimits(max_tries=3, budget=2, refill_per_s=0),
        clock=pauses.clock,
        sleep=pauses.sleep,
    )
    clients = Clients(retries)
    place = Place("", "eu-west-1")
    client = clients.client(place, "dynamodb")
    sent = scripted(client, [json_error("ThrottlingException")] * 9)
    for _ in range(2):
        with pytest.raises(aws.ClientError):
            client.list_tables()
    assert len(sent) == 3 + 1
