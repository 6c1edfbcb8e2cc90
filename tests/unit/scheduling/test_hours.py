"""Hours on per week, and what exchanging one schedule for another changes."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
from controller.scheduling.schedule import ExceptDates, Schedule
from controller.scheduling.timeline import first_difference, hours_per_week, state_at
from tests.unit.scheduling.strategies import schedules_and_moments

NOW = datetime(2026, 11, 24, 10, 12, tzinfo=UTC)
OFFICE = compile_periods(
    "Europe/London",
    [Period("mon-fri", "08:00", "19:00")],
    [ExceptDates(date(2026, 11, 26), date(2026, 11, 27), "Away days")],
)
EXTENDED = compile_periods("Europe/London", [Period("mon-fri", "08:00", "22:00")])


@pytest.mark.parametrize(
    ("text", "hours", "because"),
    [
        ("on", 168, "always"),
        ("off", 0, "never"),
        ("start: 0 8 * * 1-5; stop: 0 19 * * 1-5", 55, "office hours"),
        ("start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London", 55, "clocks do not count"),
        ("start: 0 0 1 * *; stop: 0 0 2 * *", 12 * 24 / 52, "a mean where weeks differ"),
        ("start: 0 0 * * 1#1; stop: 0 0 * * 2", 12 * 24 / 52, "a mean where weeks differ"),
        ("start: 0 8 * * *; stop: 0 19 * * * 2020", 168, "the stops have come to an end"),
    ],
)
def test_hours_per_week(text: str, hours: float, because: str) -> None:
    assert hours_per_week(parse_schedule(text), NOW) == pytest.approx(hours), because


def test_excepted_dates_do_not_count_in_an_ordinary_week() -> None:
    assert hours_per_week(OFFICE, NOW) == 55


def test_longer_hours() -> None:
    assert (hours_per_week(OFFICE, NOW), hours_per_week(EXTENDED, NOW)) == (55, 70)
    assert first_difference(OFFICE, EXTENDED, NOW) == datetime(2026, 11, 24, 19, tzinfo=UTC)


def test_shorter_hours() -> None:
    assert first_difference(EXTENDED, OFFICE, NOW) == datetime(2026, 11, 24, 19, tzinfo=UTC)


def test_a_change_that_switches_at_once() -> None:
    assert first_difference(OFFICE, parse_schedule("off"), NOW) == NOW


@pytest.mark.parametrize(
    ("before", "after", "because"),
    [
        ("start: 0 8 * * *", "start: 0 8 * * *", "equal"),
        ("start: 0 8 * * *; stop: 0 9 * * *", "start: 0 8 * * *; stop: 0,30 9 * * *", "in effect"),
        ("on", "start: 0 8 * * *", "in effect"),
    ],
)
def test_no_difference(before: str, after: str, because: str) -> None:
    assert first_difference(parse_schedule(before), parse_schedule(after), NOW) is None, because


@given(schedules_and_moments(), schedules_and_moments())
def test_the_first_difference_is_one(
    case: tuple[Schedule, datetime], other: tuple[Schedule, datetime]
) -> None:
    (before, now), after = case, other[0]

    at = first_difference(before, after, now)

    assert at == first_difference(after, before, now)
    if at is not None:
        assert at >= now
        assert state_at(before, at) is not state_at(after, at)
