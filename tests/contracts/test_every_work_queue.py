"""What every work queue must do: in memory, on SQS as moto has it, and on a second SQS where that is installed."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from moto import mock_aws

from benchmarks.ministack import MINISTACK, ministack
from controller.aws.clients import Clients
from controller.aws.errors import Place
from controller.aws.sqs_queue import SqsQueue
from controller.daemon.memory_queue import MemoryQueue
from controller.daemon_ports import WorkQueue
from controller.errors import NoLongerHeld, RefusedByAws, WrongUsage
from controller.model.work import Job, Work, dedup_id
from controller.redactor import REDACTOR
from tests.support.work_queues import make_fifo, redrive

PLACE = Place("", "eu-west-1")
HOLD_S = 1


@dataclass(frozen=True)
class Case:
    """A new queue, and where its dead letters are read with their reasons."""

    queue: WorkQueue
    dead: Callable[[], list[str]]


def utc_now() -> datetime:
    return datetime.now(UTC)


def in_memory() -> Case:
    queue = MemoryQueue(utc_now, hold_s=HOLD_S)
    return Case(queue, lambda: [given_up.reason for given_up in queue.given_up])


def on_sqs() -> Case:
    client = Clients().client(PLACE, "sqs")
    name = uuid.uuid4().hex
    dead = make_fifo(client, f"{name}-dead.fifo")
    url = make_fifo(client, f"{name}.fifo", RedrivePolicy=redrive(client, dead))

    def reasons() -> list[str]:
        found = client.receive_message(
            QueueUrl=dead, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            message.get("MessageAttributes", {}).get("Reason", {}).get("StringValue", "")
            for message in found.get("Messages", [])
        ]

    queue = SqsQueue(client, url, utc_now, hold_s=HOLD_S)
    queue.check()
    return Case(queue, reasons)


@pytest.fixture(
    scope="module", params=["memory", "moto", pytest.param("ministack", marks=pytest.mark.slow)]
)
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[], Case]]:
    if request.param == "memory":
        yield in_memory
    elif request.param == "moto":
        # As the sandbox has it: moto alone forgets an id with its message.
        import_module("controller.sandbox.additions.fifo_queues")
        with mock_aws():
            yield on_sqs
    else:
        if not MINISTACK.exists():
            pytest.skip("ministack is not installed: make servers")
        with ministack() as address, pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL", address)
            yield on_sqs


@pytest.fixture
def case(make: Callable[[], Case]) -> Case:
    return make()


@pytest.fixture
def queue(case: Case) -> WorkQueue:
    return case.queue


def work(scope: str = "config", bucket: str = "") -> Work:
    return Work(
        scope=scope,
        job=Job.LOOK,
        dedup=dedup_id(scope, Job.LOOK, bucket or uuid.uuid4().hex),
        asked_at=datetime(2026, 3, 2, 8, tzinfo=UTC),
        trigger="tick",
        details={"commit": "9f1e0aa"},
    )


def test_a_work_comes_back_as_it_was_put_and_is_gone_when_it_is_ended(queue: WorkQueue) -> None:
    put = work("012345670123/eu-west-1")
    queue.put(put)
    delivery = queue.take(0)
    assert delivery is not None
    assert delivery.work == put
    assert delivery.attempts == 1
    queue.end(delivery)
    assert queue.take(0) is None
    assert queue.backlog()[:3] == (0, 0, 0)


def test_works_of_a_scope_are_taken_one_at_a_time_in_their_order(queue: WorkQueue) -> None:
    works = [work() for _ in range(3)]
    for put in works:
        queue.put(put)
    taken = []
    while (delivery := queue.take(0)) is not None:
        assert queue.take(0) is None, "somebody holds the scope"
        taken.append(delivery.work)
        queue.end(delivery)
    assert taken == works


def test_scopes_are_worked_on_side_by_side(queue: WorkQueue) -> None:
    for scope in ("a", "b", "c"):
        queue.put(work(scope))
    deliveries = [queue.take(0) for _ in range(3)]
    assert {delivery.work.scope for delivery in deliveries if delivery} == {"a", "b", "c"}


def test_a_work_with_an_id_that_was_put_before_is_dropped(queue: WorkQueue) -> None:
    queue.put(work("a", "08:00"))
    queue.put(work("a", "08:00"))
    queue.put(work("a", "08:01"))
    assert queue.backlog().waiting == 2


def test_an_id_counts_though_its_work_was_ended(queue: WorkQueue) -> None:
    queue.put(work("a", "08:00"))
    delivery = queue.take(0)
    assert delivery is not None
    queue.end(delivery)
    queue.put(work("a", "08:00"))
    assert queue.take(0) is None


def test_what_is_handed_back_keeps_its_place(queue: WorkQueue) -> None:
    first, second = work(), work()
    queue.put(first)
    queue.put(second)
    delivery = queue.take(0)
    assert delivery is not None
    queue.hand_back(delivery)
    again = queue.take(0)
    assert again is not None
    assert (again.work, again.attempts) == (first, 2)


def test_who_holds_a_work_for_too_long_loses_it_to_the_next(queue: WorkQueue) -> None:
    queue.put(work())
    late = queue.take(0)
    assert late is not None
    time.sleep(HOLD_S + 0.2)
    taken = queue.take(0)
    assert taken is not None
    for act in (queue.extend, queue.end, queue.hand_back):
        with pytest.raises(NoLongerHeld):
            act(late)
    with pytest.raises(NoLongerHeld):
        queue.give_up(late, "late")
    queue.end(taken)


def test_who_extends_keeps_it(queue: WorkQueue) -> None:
    queue.put(work())
    delivery = queue.take(0)
    assert delivery is not None
    for _ in range(3):
        time.sleep(HOLD_S * 0.6)
        queue.extend(delivery)
    assert queue.take(0) is None
    queue.end(delivery)


@pytest.mark.parametrize("make", ["moto"], indirect=True)
def test_one_thread_may_prolong_what_another_ends(
    make: Callable[[], Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = make().queue
    assert isinstance(queue, SqsQueue)
    queue.put(work())
    delivery = queue.take(0)
    assert delivery is not None
    asked, change = [], queue.client.change_message_visibility

    def ended_meanwhile(**values: Any) -> Any:
        asked.append(values["VisibilityTimeout"])
        if len(asked) == 1:
            queue.end(delivery)
        return change(**values)

    with monkeypatch.context() as patch:
        patch.setattr(queue.client, "change_message_visibility", ended_meanwhile)
        with suppress(NoLongerHeld):
            queue.extend(delivery)
    assert asked == [HOLD_S, HOLD_S], "it was held when it was ended"
    assert queue.backlog()[:2] == (0, 0)


def test_what_is_given_up_lies_where_people_find_it_with_the_reason(case: Case) -> None:
    case.queue.put(work())
    delivery = case.queue.take(0)
    assert delivery is not None
    case.queue.give_up(delivery, "the scope has no such table")
    assert case.queue.take(0) is None
    assert case.queue.backlog().dead == 1
    assert case.dead() == ["the scope has no such table"]


def test_no_secret_lies_among_the_dead_letters(case: Case) -> None:
    REDACTOR.tell("CANARY-licence-key")
    case.queue.put(work())
    delivery = case.queue.take(0)
    assert delivery is not None
    case.queue.give_up(delivery, "the answer was CANARY-licence-key")
    assert case.dead() == ["the answer was ***"]


def test_a_taker_waits_for_a_work_and_no_longer_than_asked(queue: WorkQueue) -> None:
    before = time.monotonic()
    assert queue.take(1) is None
    assert 0.8 < time.monotonic() - before < 5


def test_what_is_taken_too_often_without_an_end_is_given_up(case: Case) -> None:
    case.queue.put(work())
    for _ in range(5):
        delivery = case.queue.take(0)
        assert delivery is not None
        case.queue.hand_back(delivery)
    assert case.queue.take(0) is None
    assert len(case.dead()) == 1


def test_the_lag_is_how_long_the_one_taken_last_had_waited(queue: WorkQueue) -> None:
    for scope in ("a", "b"):
        queue.put(work(scope))
    time.sleep(0.3)
    queue.take(0)
    assert 0.2 < queue.backlog().lag_s < 30


HOSTILE = [
    "",
    "no JSON",
    "[]",
    "{}",
    '{"formatVersion": 2}',
    "x" * (65 << 10),
    *(
        json.dumps(json.loads(work().body()) | {name: value})
        for name, value in (
            ("job", "terminate"),
            ("job", ["look"]),
            ("scope", "another"),
            ("scope", "a b"),
            ("dedup", ""),
            ("trigger", "x" * 200),
            ("askedAt", "yesterday"),
            ("askedAt", "2026-03-02T08:00:00"),
            ("details", {"a": 1}),
            ("details", {str(number): "" for number in range(40)}),
            ("details", {"a": "x" * 2000}),
        )
    ),
]


@pytest.mark.parametrize("make", ["moto"], indirect=True)
@pytest.mark.parametrize("body", HOSTILE[1:])
def test_what_is_no_work_of_ours_goes_to_the_dead_letters_at_once(
    make: Callable[[], Case], body: str
) -> None:
    case = make()
    queue = case.queue
    assert isinstance(queue, SqsQueue)
    queue.client.send_message(
        QueueUrl=queue.url, MessageBody=body, MessageGroupId="config", MessageDeduplicationId="x"
    )
    good = work()
    queue.put(good)
    delivery = queue.take(0)
    assert delivery is not None
    assert delivery.work == good
    (reason,) = case.dead()
    assert reason


@pytest.mark.parametrize("make", ["moto"], indirect=True)
def test_a_queue_that_cannot_be_used_is_told(make: Callable[[], Case]) -> None:
    client = Clients().client(PLACE, "sqs")
    plain = client.create_queue(QueueName=uuid.uuid4().hex)["QueueUrl"]
    alone = make_fifo(client, f"{uuid.uuid4().hex}.fifo")
    for url, words in ((plain, "no FIFO queue"), (alone, "dead letters")):
        with pytest.raises(WrongUsage, match=words):
            SqsQueue(client, url, utc_now).check()
    with pytest.raises(RefusedByAws):
        SqsQueue(client, f"{alone[:-5]}x.fifo", utc_now).check()
