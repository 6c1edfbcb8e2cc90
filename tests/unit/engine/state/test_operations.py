"""What was asked for by HTTP is a row: read back as it was written, told for a week, begun within an hour, ended once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.engine.state.operations import (
    BEGUN_WITHIN,
    KEPT,
    MOST_BYTES,
    Kind,
    Operation,
    Operations,
    State,
    fits,
    operation_of_row,
    row_of_operation,
)
from tests.support.estate import PREFIX, START, Estate

ASKED = Operation(
    id="01K5", kind=Kind.RESTORE, asked={"snapshot": "latest"}, actor="ada", asked_at=START
)
ANSWER = {"exit_code": 0, "text": "1 applied"}


@pytest.fixture
def operations() -> Operations:
    return Operations(Estate().store, f"{PREFIX}EnvctlState")


def test_it_is_read_as_it_was_written(operations: Operations) -> None:
    operations.ask(ASKED)
    assert operations.find("01K5") == ASKED
    assert operations.find("01K6") is None

    begun = operations.begin(ASKED, START + timedelta(seconds=1))
    assert operations.find("01K5") == begun

    operations.end(begun, ANSWER, START + timedelta(seconds=2))
    found = operations.find("01K5")
    assert found is not None
    assert (found.answer, found.ended_at) == (ANSWER, START + timedelta(seconds=2))


def test_what_has_ended_stays_as_it_ended(operations: Operations) -> None:
    operations.ask(ASKED)
    operations.end(ASKED, ANSWER, START)
    operations.end(ASKED, {"exit_code": 1}, START + timedelta(seconds=1))

    found = operations.find("01K5")
    assert found is not None
    assert found.answer == ANSWER


def test_those_of_long_ago_are_forgotten(operations: Operations) -> None:
    operations.ask(ASKED)
    later = replace(ASKED, id="01K6", asked_at=START + KEPT)
    operations.ask(later)
    assert operations.find("01K5") == ASKED

    last = replace(ASKED, id="01K7", asked_at=START + KEPT + timedelta(seconds=1))
    operations.ask(last)
    assert operations.find("01K5") is None
    assert operations.find("01K6") == later


def test_what_nobody_began_in_time_is_begun_by_nobody() -> None:
    last = START + BEGUN_WITHIN
    begun = replace(ASKED, begun_at=last)

    assert ASKED.state(last) is State.WAITING
    assert ASKED.state(last + timedelta(seconds=1)) is State.EXPIRED
    assert begun.state(last + timedelta(days=1)) is State.RUNNING
    assert replace(begun, ended_at=last).state(last) is State.DONE


@pytest.mark.parametrize(
    "wrong",
    [{"Kind": "other"}, {"Asked": "{"}, {"AskedAt": 1}, {"BegunAt": "then"}, {"Answer": b"raw"}],
)
def test_a_damaged_row_is_no_operation(wrong: dict[str, object]) -> None:
    row = row_of_operation(replace(ASKED, ended_at=START, answer=ANSWER))

    assert operation_of_row(row) is not None
    assert operation_of_row({**row, **wrong}) is None


def test_an_answer_has_room_or_not() -> None:
    digits = "".join(f"{number * 7919 % 1_000_003:06d}" for number in range(MOST_BYTES // 2))

    assert fits(ANSWER)
    assert fits({"text": "again " * MOST_BYTES})
    assert not fits({"text": digits})
