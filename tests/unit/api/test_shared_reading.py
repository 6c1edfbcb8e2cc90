"""Many who ask at once cost one read."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.api.shared_reading import SharedReading
from controller.errors import Unreachable


def test_who_asks_at_the_same_time_gets_the_same_answer() -> None:
    reads: list[int] = []

    def read() -> int:
        time.sleep(0.05)
        reads.append(1)
        return len(reads)

    shared = SharedReading(read, keep_s=60)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shared.get(), range(100)))

    assert (set(found), len(reads), shared.kept) == ({1}, 1, 1)


def test_what_is_too_old_is_read_again() -> None:
    counted = iter(range(10))
    shared = SharedReading(lambda: next(counted), keep_s=0)

    assert (shared.get(), shared.kept, shared.get()) == (0, None, 1)


def test_who_asks_for_something_younger_has_it_read() -> None:
    counted = iter(range(10))
    shared = SharedReading(lambda: next(counted), keep_s=60)

    assert (shared.get(), shared.get(within_s=60), shared.get(within_s=0)) == (0, 0, 1)
    assert shared.kept == 1


def test_an_error_is_kept_as_long_and_is_no_answer() -> None:
    tries: list[int] = []

    def read() -> int:
        tries.append(1)
        raise Unreachable("AWS does not answer")

    shared = SharedReading(read, keep_s=60)
    for _ in range(3):
        with pytest.raises(Unreachable):
            shared.get(within_s=0)

    assert (len(tries), shared.kept) == (1, None)
