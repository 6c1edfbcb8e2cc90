"""Which snapshots are kept."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.snapshots.retention import Known, Retention, to_remove

NOW = datetime(2026, 11, 28, 3, tzinfo=UTC)


def nightly(days: int, *, verified: bool = True) -> list[Known]:
    """One snapshot a night at two, the last this night; its id is its age in days."""
    return [Known(f"{age:03}", NOW - timedelta(days=age, hours=1), verified) for age in range(days)]


def kept(known: list[Known], **settings: int) -> list[int]:
    gone = {found.id for found in to_remove(known, Retention(**settings), NOW)}
    return [int(found.id) for found in known if found.id not in gone]


def test_all_of_the_last_days_are_kept() -> None:
    assert kept(nightly(10), keep_days=3) == [0, 1, 2]


def test_of_older_ones_the_newest_of_each_week_and_month() -> None:
    # This day is a Saturday: the weeks end on the Sundays 6, 13, … days ago.
    assert kept(nightly(20), keep_days=1, weekly=3) == [0, 6, 13]
    assert kept(nightly(70), keep_days=1, monthly=3) == [0, 28, 59]
    assert kept(nightly(5), keep_days=0, daily=2) == [0, 1]


def test_several_of_a_day_leave_the_newest() -> None:
    morning = Known("100", NOW - timedelta(hours=2), verified=True)
    evening = Known("001", NOW - timedelta(hours=1), verified=True)

    assert kept([morning, evening], keep_days=0, daily=5) == [1]


def test_the_last_good_one_is_never_removed() -> None:
    doubtful = nightly(3, verified=False)
    good = Known("050", NOW - timedelta(days=50), verified=True)

    assert kept([*doubtful, good], keep_days=0) == [50]


def test_where_none_is_good_the_newest_is_kept() -> None:
    assert kept(nightly(3, verified=False), keep_days=0) == [0]


def test_nothing_there_nothing_to_remove() -> None:
    assert to_remove([], Retention(), NOW) == ()


@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=30),
    st.integers(0, 40),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_whatever_is_kept_something_good_is_among_it(
    found: list[tuple[int, bool]], days: int, weekly: int, monthly: int
) -> None:
    known = [
        Known(f"{place:03}", NOW - timedelta(days=age), good)
        for place, (age, good) in enumerate(found)
    ]
    retention = Retention(keep_days=days, weekly=weekly, monthly=monthly)

    gone = to_remove(known, retention, NOW)
    left = [snapshot for snapshot in known if snapshot not in gone]

    assert bool(left) == bool(known)
    assert any(snapshot.verified for snapshot in left) == any(s.verified for s in known)
    assert to_remove(left, retention, NOW) == ()
