"""Moments of what recurs: each name has its own, every machine the same."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.daemon.cadence import due_moment

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@given(st.text(min_size=1), st.integers(5, 90000), st.lists(st.integers(1, 4000), max_size=20))
def test_it_is_due_once_in_every_period_however_the_ticks_come(
    name: str, every_s: int, pauses: list[int]
) -> None:
    since, found = NOW, []
    for pause in pauses:
        now = since + timedelta(seconds=pause)
        moment = due_moment(name, every_s, since, now)
        if moment is not None:
            assert since < moment <= now
            found.append(moment)
        since = now
    assert found == sorted(set(found))
    whole = int((since - NOW).total_seconds()) // every_s
    # Ticks further apart than a period have only its last moment.
    assert len(found) <= whole + 1
    if all(pause <= every_s for pause in pauses):
        assert len(found) >= whole


def test_names_spread_over_the_period() -> None:
    ticks = [NOW + timedelta(seconds=10 * number) for number in range(90)]
    due = Counter(
        now
        for name in (f"account-{number}/eu-west-1" for number in range(900))
        for now in ticks
        if due_moment(name, 900, now - timedelta(seconds=10), now)
    )
    assert sum(due.values()) == 900
    assert max(due.values()) < 30
