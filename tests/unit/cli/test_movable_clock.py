"""The clock of the tour: it is moved, nobody waits for it, and it is the real one before and after."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.cli.process import movable_clock, process_context, utc_now

HOUR = timedelta(hours=1)


def ahead() -> timedelta:
    return utc_now() - datetime.now(UTC)


def test_it_is_later_for_all_that_the_process_does_and_then_as_before() -> None:
    with movable_clock() as move:
        before = process_context()
        move(HOUR)
        assert before.clock() - datetime.now(UTC) > HOUR - timedelta(minutes=1)
        assert ahead() > HOUR - timedelta(minutes=1)
    assert ahead() < timedelta(minutes=1)


def test_who_sleeps_moves_it() -> None:
    with movable_clock():
        process_context().sleep(3600)
        assert ahead() > HOUR - timedelta(minutes=1)


def test_it_is_the_real_one_again_after_an_error() -> None:
    def interrupted() -> None:
        with movable_clock() as move:
            move(HOUR)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ahead() < timedelta(minutes=1)
    context = process_context()
    assert context.sleep == context.interruption.wait
