"""A worker does what a row says, once, and keeps what came of it: an answer, an error, or that it is our bug."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from controller.api.put_back.operation_jobs import OperationJobs, kept_of
from controller.engine.live.accounts import LiveAccounts
from controller.engine.state.operations import BEGUN_WITHIN, Kind, Operation, Operations
from controller.errors import Interrupted, WrongUsage
from controller.events import discard_event
from controller.model.work import Job, Work
from controller.views.answer import Answer
from tests.support.estate import PREFIX, START, Estate

ASKED = Operation(id="01K5", kind=Kind.VERIFY, asked={"snapshot": "x"}, actor="ada", asked_at=START)
WORK = Work(
    scope="snapshots",
    job=Job.OPERATION,
    dedup="d",
    asked_at=START,
    trigger="ada",
    details={"operation": ASKED.id},
)
DONE = Answer(document="snapshot", fields=lambda: {"id": "x"}, text=lambda: "verified x")


class Night:
    """Rows in memory, a clock, and a job whose doing each test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.estate, self.patch, self.done = Estate(), monkeypatch, 0
        self.operations = Operations(self.estate.store, f"{PREFIX}EnvctlState")
        process = SimpleNamespace(clock=lambda: self.estate.clock.now)
        master = SimpleNamespace(
            store=self.estate.store, state_table=self.operations.table, process=process
        )
        accounts = SimpleNamespace(installation=SimpleNamespace(master=master))
        self.jobs = OperationJobs(
            accounts=cast("LiveAccounts", accounts), own=None, owner="a", emit=discard_event
        )

    def does(self, doing: Callable[[], Answer]) -> None:
        def counted(_jobs: OperationJobs, _operation: Operation) -> Answer:
            self.done += 1
            return doing()

        self.patch.setattr(OperationJobs, "_done", counted)

    @property
    def kept(self) -> Mapping[str, Any] | None:
        found = self.operations.find(ASKED.id)
        assert found is not None
        return found.answer


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> Night:
    made = Night(monkeypatch)
    made.operations.ask(ASKED)
    return made


def fails(error: Exception) -> Callable[[], Answer]:
    def failing() -> Answer:
        raise error

    return failing


def test_it_is_done_once_and_its_answer_kept(night: Night) -> None:
    night.does(lambda: DONE)
    night.jobs.do(WORK)
    night.jobs.do(WORK)

    assert night.done == 1
    assert night.kept is not None
    assert (night.kept["text"], night.kept["fields"]["id"]) == ("verified x", "x")


def test_what_nobody_waits_for_is_not_begun(night: Night) -> None:
    night.does(lambda: DONE)
    night.jobs.do(replace(WORK, details={"operation": "another"}))
    night.estate.clock.sleep(BEGUN_WITHIN.total_seconds() + 1)
    night.jobs.do(WORK)

    assert night.done == 0


def test_what_a_daemon_began_and_did_not_end_is_begun_anew_within_an_hour(night: Night) -> None:
    night.does(lambda: DONE)
    night.operations.begin(ASKED, START)
    night.estate.clock.sleep(BEGUN_WITHIN.total_seconds() + 1)
    night.jobs.do(WORK)

    assert night.done == 0
    assert night.kept is not None
    assert night.kept["problem"]["code"] == "NotInTime", night.kept["problem"]


def test_an_error_is_kept_and_told_to_the_worker(night: Night) -> None:
    night.does(fails(WrongUsage("there is no snapshot")))
    with pytest.raises(WrongUsage):
        night.jobs.do(WORK)

    assert night.kept is not None
    assert (night.kept["exit_code"], night.kept["problem"]["message"]) == (
        64,
        "there is no snapshot",
    )


def test_of_a_bug_nothing_is_kept_but_that_it_is_one(night: Night) -> None:
    night.does(fails(ValueError("what was read")))
    with pytest.raises(ValueError, match="what was read"):
        night.jobs.do(WORK)

    assert night.kept is not None
    assert night.kept["exit_code"] == 70
    assert "what was read" not in str(night.kept)


def test_one_that_was_interrupted_is_done_by_the_next(night: Night) -> None:
    night.does(fails(Interrupted("asked to end")))
    with pytest.raises(Interrupted):
        night.jobs.do(WORK)
    assert night.kept is None

    night.does(lambda: DONE)
    night.jobs.do(WORK)
    assert night.kept is not None


def test_a_document_without_room_is_left_out() -> None:
    digits = [f"{number * 7919 % 1_000_003:06d}" for number in range(200_000)]
    long = replace(DONE, fields=lambda: {"id": digits})

    assert kept_of(DONE).fields is not None
    kept = kept_of(long)
    assert (kept.fields, kept.text) == (None, "verified x")
