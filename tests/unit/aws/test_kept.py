"""A value that is read again and again; who relies on it is in the tests of HTTP credentials, too."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.aws.kept import FAILED_FOR, LONGEST_UNREAD, READ_AGAIN, Kept
from controller.errors import Unreachable
from tests.support.clock import Clock


def test_what_was_changed_counts_within_a_minute() -> None:
    clock, held = Clock(datetime(2026, 11, 24, 12, tzinfo=UTC)), ["old"]
    kept = Kept(lambda: held[-1], clock)
    assert kept.young is None
    assert kept.current() == "old"
    held.append("new")

    clock.now += READ_AGAIN
    assert kept.current() == kept.young == "old"
    clock.now += timedelta(seconds=1)
    assert kept.young is None
    assert kept.current() == kept.young == "new"


def test_what_cannot_be_read_again_counts_for_a_while_and_no_longer() -> None:
    clock, answers = Clock(datetime(2026, 11, 24, 12, tzinfo=UTC)), ["old"]

    def read() -> str:
        if not answers:
            raise Unreachable("S3 does not answer")
        return answers.pop()

    kept = Kept(read, clock)
    kept.current()
    clock.now += LONGEST_UNREAD
    assert kept.current() == "old"
    clock.now += READ_AGAIN + timedelta(seconds=1)
    with pytest.raises(Unreachable):
        kept.current()
    answers.append("new")
    with pytest.raises(Unreachable):
        kept.current()
    clock.now += FAILED_FOR
    assert kept.current() == "new"
