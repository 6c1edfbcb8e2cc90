"""Workers: a work is done, ended, handed back or given up; no bug of a job ends its worker."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from controller.daemon.memory_queue import MemoryQueue
from controller.daemon.worker import Workers
from controller.daemon_ports import Delivery
from controller.engine.commit.interruption import Interruption
from controller.errors import Interrupted, NoLongerHeld, ScopeFromTheFuture, Unreachable
from controller.events import Event, WorkDone, WorkFailed, WorkGivenUp
from controller.model.work import Job, Work, dedup_id

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def work(scope: str = "config", job: Job = Job.LOOK) -> Work:
    return Work(scope=scope, job=job, dedup=dedup_id(scope, job, "1"), asked_at=NOW, trigger="tick")


class Shop:
    """Workers on a queue in memory, and all that they said."""

    def __init__(self, handler: Callable[[Work], None], count: int = 1) -> None:
        self.queue = MemoryQueue(lambda: datetime.now(UTC))
        self.events: list[Event] = []
        self.bugs: list[Exception] = []
        self.later: list[Work] = []
        self.interruption = Interruption()
        self.workers = Workers(
            queue=self.queue,
            handlers={Job.LOOK: handler},
            count=count,
            interruption=self.interruption,
            emit=self.events.append,
            keep_traceback=self.bugs.append,
            put_one=self.put_one,
        )

    def put_one(self) -> None:
        if self.later:
            self.queue.put(self.later.pop(0))

    @property
    def said(self) -> list[type[Event]]:
        return [type(event) for event in self.events]


def test_what_is_done_is_ended() -> None:
    done: list[Work] = []
    shop = Shop(done.append)
    shop.queue.put(work())
    assert shop.workers.do_next(0)
    assert not shop.workers.do_next(0)
    assert done == [work()]
    assert shop.said == [WorkDone]


def test_what_cannot_be_done_is_ended_too_and_said() -> None:
    def fail(_work: Work) -> None:
        raise Unreachable("no answer")

    shop = Shop(fail)
    shop.queue.put(work())
    shop.workers.do_next(0)
    assert shop.said == [WorkFailed]
    assert shop.queue.backlog()[:3] == (0, 0, 0)


def test_a_work_of_a_newer_version_is_left_to_its_daemons_before_it_is_ended() -> None:
    def refuse(_work: Work) -> None:
        raise ScopeFromTheFuture("format 2")

    shop = Shop(refuse)
    shop.queue.put(work())
    for _ in range(2):
        with pytest.raises(ScopeFromTheFuture):
            shop.workers.do_next(0)
        assert shop.queue.backlog()[:3] == (1, 0, 0)
    assert shop.workers.do_next(0)
    assert shop.queue.backlog()[:3] == (0, 0, 0)
    assert shop.said == [WorkFailed] * 3


def test_what_is_interrupted_is_handed_back() -> None:
    def stop(_work: Work) -> None:
        raise Interrupted("interrupted")

    shop = Shop(stop)
    shop.queue.put(work())
    shop.workers.do_next(0)
    assert shop.queue.backlog().waiting == 1
    assert shop.said == []


def test_a_bug_gives_the_work_up_with_its_name_and_is_kept() -> None:
    def break_(_work: Work) -> None:
        raise KeyError("what was read: a licence key")

    shop = Shop(break_)
    shop.queue.put(work())
    shop.workers.do_next(0)
    assert [type(bug) for bug in shop.bugs] == [KeyError]
    (given_up,) = shop.queue.given_up
    assert given_up.reason == "a bug of envctl: KeyError"
    assert shop.said == [WorkGivenUp]


def test_a_job_that_nobody_does_is_given_up() -> None:
    shop = Shop(lambda _work: None)
    shop.queue.put(work(job=Job.SNAPSHOT))
    shop.workers.do_next(0)
    assert shop.queue.given_up[0].reason == "nobody here does snapshot"


def test_who_lost_the_scope_says_so_and_goes_on() -> None:
    shop = Shop(lambda _work: None)

    def lost(_delivery: object) -> None:
        raise NoLongerHeld("look", "config")

    shop.queue.put(work())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shop.queue, "end", lost)
        assert shop.workers.do_next(0)
    assert shop.said == [WorkDone, WorkFailed]


def test_a_stop_waits_for_what_is_under_way_and_takes_nothing_more() -> None:
    began = threading.Event()

    def slow(_work: Work) -> None:
        began.set()
        time.sleep(0.3)

    shop = Shop(slow, count=2)
    shop.queue.put(work("a"))
    shop.workers.start()
    assert began.wait(5)
    assert shop.workers.under_way == (work("a"),)
    assert shop.workers.stop(5)
    shop.queue.put(work("b"))
    assert shop.said == [WorkDone]
    assert shop.queue.backlog().waiting == 1
    assert not shop.interruption.asked.is_set()


def test_what_does_not_end_is_interrupted_and_handed_back() -> None:
    began = threading.Event()
    shop: Shop

    def wait_for_aws(_work: Work) -> None:
        began.set()
        while True:
            shop.interruption.check()
            time.sleep(0.02)

    shop = Shop(wait_for_aws)
    shop.queue.put(work())
    shop.workers.start()
    assert began.wait(5)
    assert shop.workers.stop(1)
    assert shop.queue.backlog().waiting == 1


def test_a_queue_that_does_not_answer_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(lambda _work: None)
    failed = threading.Event()

    def out(_wait_s: float) -> None:
        failed.set()
        raise Unreachable("no answer")

    monkeypatch.setattr(shop.queue, "take", out)
    shop.workers.start()
    assert failed.wait(5)
    assert shop.workers.stop(5)
    assert WorkFailed in shop.said


def test_a_work_is_held_for_as_long_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    release, extended = threading.Event(), threading.Event()

    def wait(_work: Work) -> None:
        release.wait(5)

    shop = Shop(wait)
    shop.queue.hold_s = 1
    extend = shop.queue.extend

    def told(delivery: Delivery) -> None:
        extend(delivery)
        extended.set()

    monkeypatch.setattr(shop.queue, "extend", told)
    shop.queue.put(work())
    shop.workers.start()
    assert extended.wait(5)
    release.set()
    assert shop.workers.stop(5)
    assert shop.said == [WorkDone]


def test_a_worker_that_ends_unseen_is_told_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(lambda _work: None)

    def break_(_wait_s: float) -> None:
        raise KeyError("Attributes")

    monkeypatch.setattr(shop.queue, "take", break_)
    shop.workers.start()
    assert shop.workers.broken.wait(5)
    assert shop.workers.stop(5)
    assert [type(bug) for bug in shop.bugs] == [KeyError]


def test_a_person_does_not_wait_for_all_that_is_to_be_done_again() -> None:
    done: list[str] = []
    shop = Shop(lambda asked: done.append(asked.scope))
    shop.later = [work(f"waiting-{number}") for number in range(3)]
    assert shop.workers.do_next(0)

    shop.queue.put(work("asked"))
    while shop.workers.do_next(0):
        pass

    assert done == ["waiting-0", "asked", "waiting-1", "waiting-2"]


def test_of_those_with_nothing_to_do_one_waits_and_all_work_that_comes_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together, first = threading.Barrier(4), threading.Event()
    counting, waiting, seen = threading.Lock(), list[float](), set[int]()

    def meet(_work: Work) -> None:
        together.wait(30)

    shop = Shop(meet, count=4)
    take = shop.queue.take

    def watched(wait_s: float) -> Delivery | None:
        if not wait_s:
            return take(wait_s)
        with counting:
            waiting.append(wait_s)
            seen.add(len(waiting))
        first.set()
        try:
            return take(wait_s)
        finally:
            with counting:
                waiting.pop()

    monkeypatch.setattr(shop.queue, "take", watched)
    shop.workers.start()
    assert first.wait(30)
    for scope in "abcd":
        shop.queue.put(work(scope))
    while len(shop.events) < 4:
        time.sleep(0.01)

    assert shop.workers.stop(30)
    assert shop.said == [WorkDone] * 4
    assert seen == {1}


def test_what_comes_as_it_ends_is_handed_back() -> None:
    shop = Shop(lambda _work: None)
    assert shop.workers.stop(0)
    shop.queue.put(work())

    assert not shop.workers.do_next(0)

    assert shop.said == []
    assert shop.queue.take(0) is not None
