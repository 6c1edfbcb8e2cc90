"""What several scopes ask for at once is read once, and anew where it is old."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from controller.aws.shared_reads import SHARED_FOR, SharedReads
from controller.errors import Unreachable

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_many_who_ask_at_once_read_once() -> None:
    reads = SharedReads(lambda: NOON)
    read: list[int] = []

    def one() -> int:
        read.append(1)
        return len(read)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: reads.read("deployments", one), range(8))) == {1}
    assert reads.read("others", one) == 2


def test_what_is_old_is_read_again() -> None:
    now = [NOON]
    reads = SharedReads(lambda: now[0])
    reads.read("deployments", lambda: 1)
    now[0] += SHARED_FOR
    assert reads.read("deployments", lambda: 2) == 1
    now[0] += timedelta(seconds=1)
    assert reads.read("deployments", lambda: 2) == 2


def test_a_clock_that_is_set_back_keeps_nothing() -> None:
    now = [NOON]
    reads = SharedReads(lambda: now[0])
    reads.read("deployments", lambda: 1)
    now[0] -= timedelta(minutes=10)
    assert reads.read("deployments", lambda: 2) == 2


def test_what_could_not_be_read_is_tried_by_the_next() -> None:
    reads = SharedReads(lambda: NOON)

    def fail() -> int:
        raise Unreachable("AWS is away")

    with pytest.raises(Unreachable):
        reads.read("deployments", fail)
    assert reads.read("deployments", lambda: 3) == 3
