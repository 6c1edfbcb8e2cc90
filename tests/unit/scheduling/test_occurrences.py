"""Which days the day fields of a cron match."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.occurrences import (
    FIRST_DAY,
    LAST_DAY,
    events_of_day,
    matches_day,
    next_day,
    previous_day,
)
from tests.unit.scheduling.strategies import crons


def days_of(day_of_month: str, weekday: str, year: int, month: int) -> list[int]:
    entries = parse_schedule(f"start: 0 8 {day_of_month} * {weekday}").entries
    length = calendar.monthrange(year, month)[1]
    return [
        day
        for day in range(1, length + 1)
        if matches_day(entries[0], date(year, month, day).toordinal())
    ]


@pytest.mark.parametrize(
    ("day_of_month", "weekday", "year", "month", "days", "because"),
    [
        ("*", "1", 2026, 11, [2, 9, 16, 23, 30], "every Monday"),
        ("1-7", "1", 2026, 11, [2], "both day fields must match"),
        ("L", "*", 2024, 2, [29], "the last day of a leap February"),
        ("15,L", "*", 2026, 4, [15, 30], "a list with the last day"),
        ("LW", "*", 2026, 5, [29], "31 May is a Sunday: the last weekday is Friday"),
        ("LW", "*", 2026, 10, [30], "31 October is a Saturday"),
        ("LW", "*", 2026, 11, [30], "30 November is a Monday"),
        ("15W", "*", 2026, 8, [14], "the 15th is a Saturday: Friday is nearest"),
        ("15W", "*", 2026, 11, [16], "the 15th is a Sunday: Monday is nearest"),
        ("16W", "*", 2026, 11, [16], "a weekday is its own nearest"),
        ("1W", "*", 2026, 8, [3], "Saturday the 1st: not before the month, so Monday"),
        ("31W", "*", 2026, 5, [29], "Sunday the 31st: not after the month, so Friday"),
        ("31W", "*", 2026, 6, [], "no 31st, no weekday near it"),
        ("1W,15W", "*", 2026, 11, [2, 16], "several"),
        ("*", "5L", 2026, 11, [27], "the last Friday"),
        ("*", "1#1", 2026, 11, [2], "the first Monday"),
        ("*", "1#5", 2026, 11, [30], "a fifth Monday"),
        ("*", "2#5", 2026, 11, [], "no fifth Tuesday"),
        ("*", "sun,fri#2", 2026, 11, [1, 8, 13, 15, 22, 29], "a list of both sorts"),
        ("29", "*", 2023, 2, [], "no 29 February"),
    ],
)
def test_days_of_a_month(
    day_of_month: str, weekday: str, year: int, month: int, days: list[int], because: str
) -> None:
    assert days_of(day_of_month, weekday, year, month) == days, because


@given(crons, st.integers(FIRST_DAY, LAST_DAY - 800))
def test_the_next_day_is_the_first_that_matches(cron: str, day: int) -> None:
    entries = parse_schedule(f"stop: {cron}").entries
    found = next_day(entries, day)
    ahead = range(day, day + 800)

    first = next((candidate for candidate in ahead if matches_day(entries[0], candidate)), None)

    assert found == first or (first is None and (found is None or found not in ahead))


@given(crons, st.integers(FIRST_DAY + 800, LAST_DAY))
def test_the_previous_day_is_the_last_that_matches(cron: str, day: int) -> None:
    entries = parse_schedule(f"stop: {cron}").entries
    found = previous_day(entries, day)
    behind = range(day, day - 800, -1)

    last = next((candidate for candidate in behind if matches_day(entries[0], candidate)), None)

    assert found == last or (last is None and (found is None or found not in behind))


def test_nothing_happens_outside_of_the_known_years() -> None:
    entries = parse_schedule("stop: 0 8 * * *").entries
    before = (date(1970, 1, 1) - timedelta(days=1)).toordinal()
    after = date(2100, 1, 1).toordinal()

    assert next_day(entries, before) == before + 1
    assert previous_day(entries, before) is None
    assert next_day(entries, after) is None
    assert previous_day(entries, after) == after - 1
    assert events_of_day(entries, before) == events_of_day(entries, after) == (0, 0)


def test_of_two_entries_at_one_minute_the_first_written_counts() -> None:
    start_first = parse_schedule("start: 0 8 * * *; stop: 0,30 8 * * *").entries
    stop_first = parse_schedule("stop: 0 8 * * *; start: 0,30 8 * * *").entries
    day = date(2026, 11, 24).toordinal()

    assert events_of_day(start_first, day) == (1 << 480, 1 << 510)
    assert events_of_day(stop_first, day) == (1 << 510, 1 << 480)
