"""Pauses between tries: they grow, and never beyond the longest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.backoff import Backoff

BACKOFFS = st.builds(Backoff, st.floats(0.01, 60), st.floats(60, 900), st.floats(1, 3))


@given(BACKOFFS, st.integers(1, 100_000))
def test_each_pause_is_at_least_the_one_before_and_at_most_the_longest(
    backoff: Backoff, tries: int
) -> None:
    assert backoff.first_s <= backoff.pause_s(tries)
    assert backoff.pause_s(tries) <= backoff.pause_s(tries + 1) <= backoff.longest_s


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [
        (Backoff(1, 4), [1, 1, 2, 4, 4]),
        (Backoff(60, 900), [60, 60, 120, 240, 480]),
        (Backoff(3, 15, factor=1.5), [3, 3, 4.5, 6.75, 10.125]),
    ],
)
def test_pauses_after_so_many_tries(backoff: Backoff, pauses: list[float]) -> None:
    assert [backoff.pause_s(tries) for tries in range(5)] == pauses
