"""Names of time zones, and when a wall clock minute happens."""

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.wall_clock import (
    FIRST_DAY,
    LAST_DAY,
    Wall,
    canonical_zone,
    events_of_day,
    last_wall,
    moment_of,
    nearest_day,
    offset_changes,
    zone_of,
)
from tests.unit.scheduling.strategies import SWITCHES, ZONES, crons, moments


def wall(text: str) -> Wall:
    moment = datetime.fromisoformat(text)
    return Wall(moment.toordinal(), moment.hour * 60 + moment.minute)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("europe/london", "Europe/London"),
        (" EUROPE/LONDON ", "Europe/London"),
        ("utc", "UTC"),
        ("us/eastern", "US/Eastern"),
    ],
)
def test_names_are_spelled_as_the_data_do(name: str, wanted: str) -> None:
    assert canonical_zone(name) == wanted


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("Europe/Londn", "did you mean 'Europe/London'?"),
        ("new york", "did you mean 'America/New_York'?"),
        ("Factory", "write an IANA name such as Europe/London"),
        ("", "write an IANA name such as Europe/London"),
    ],
)
def test_unknown_names_are_refused(name: str, fix: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        canonical_zone(name)
    assert caught.value.fix == fix


@pytest.mark.parametrize(
    ("zone", "local", "utc", "skipped", "because"),
    [
        ("UTC", "2017-03-26T01:30", "2017-03-26T01:30", False, "no change of the clocks"),
        ("Europe/London", "2017-03-26T00:59", "2017-03-26T00:59", False, "before the jump"),
        ("Europe/London", "2017-03-26T01:00", "2017-03-26T01:00", True, "first skipped minute"),
        ("Europe/London", "2017-03-26T01:59", "2017-03-26T01:00", True, "last skipped minute"),
        ("Europe/London", "2017-03-26T02:00", "2017-03-26T01:00", False, "the jump itself"),
        ("Europe/London", "2017-10-29T01:30", "2017-10-29T00:30", False, "repeated: first pass"),
        ("Europe/London", "2017-10-29T02:00", "2017-10-29T02:00", False, "after the repetition"),
        ("America/New_York", "2017-03-12T02:30", "2017-03-12T07:00", True, "skipped"),
        ("America/New_York", "2017-11-05T01:30", "2017-11-05T05:30", False, "first pass"),
        ("Australia/Sydney", "2017-10-01T02:30", "2017-09-30T16:00", True, "southern spring"),
        ("Australia/Lord_Howe", "2017-10-01T02:15", "2017-09-30T15:30", True, "half an hour"),
        ("Australia/Lord_Howe", "2017-10-01T02:30", "2017-09-30T15:30", False, "the jump"),
        ("Australia/Lord_Howe", "2017-04-02T01:45", "2017-04-01T14:45", False, "first pass"),
        ("America/Sao_Paulo", "2017-10-15T00:00", "2017-10-15T03:00", True, "no midnight"),
        ("America/Sao_Paulo", "2017-02-18T23:30", "2017-02-19T01:30", False, "before midnight"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00", True, "a day that never was"),
        ("Africa/Casablanca", "2017-05-21T02:30", "2017-05-21T01:30", False, "Ramadan begins"),
    ],
)
def test_when_a_wall_clock_minute_happens(
    zone: str, local: str, utc: str, skipped: bool, because: str
) -> None:
    moment = moment_of(wall(local), zone_of(zone))

    assert moment.at.astimezone(UTC) == datetime.fromisoformat(utc + "Z"), because
    assert moment.skipped is skipped


@pytest.mark.parametrize(
    ("zone", "utc", "local", "because"),
    [
        ("Europe/London", "2017-10-29T00:59:59", "2017-10-29T01:59", "first pass"),
        ("Europe/London", "2017-10-29T01:00:00", "2017-10-29T01:59", "all of the hour has been"),
        ("Europe/London", "2017-10-29T01:59:59", "2017-10-29T01:59", "all of the hour has been"),
        ("Europe/London", "2017-10-29T02:00:00", "2017-10-29T02:00", "time goes on"),
        ("Australia/Lord_Howe", "2017-04-01T15:10:00", "2017-04-02T01:59", "second pass"),
        ("Europe/London", "2017-03-26T01:00:00", "2017-03-26T02:00", "the skipped hour has been"),
    ],
)
def test_the_last_minute_whose_events_have_happened(
    zone: str, utc: str, local: str, because: str
) -> None:
    assert last_wall(datetime.fromisoformat(utc + "Z"), zone_of(zone)) == wall(local), because


@given(st.sampled_from(ZONES).flatmap(lambda name: st.tuples(st.just(name), moments(name))))
def test_the_last_minute_has_happened_and_the_one_after_has_not(
    case: tuple[str, datetime],
) -> None:
    zone, at = zone_of(case[0]), case[1]
    last = last_wall(at, zone)
    after = Wall(*divmod(last.day * 1440 + last.minute + 1, 1440))

    assert moment_of(last, zone).at.astimezone(UTC) <= at
    assert moment_of(after, zone).at.astimezone(UTC) > at


@given(
    st.sampled_from(sorted(SWITCHES)).flatmap(
        lambda name: st.tuples(st.just(name), moments(name), st.integers(0, 3000))
    )
)
def test_later_on_the_wall_is_never_earlier_in_reality(case: tuple[str, datetime, int]) -> None:
    name, at, minutes = case
    first = last_wall(at, zone_of(name))
    later = Wall(*divmod(first.day * 1440 + first.minute + minutes, 1440))

    moments_of_both = [
        moment_of(which, zone_of(name)).at.astimezone(UTC) for which in (first, later)
    ]

    assert moments_of_both == sorted(moments_of_both)


def test_changes_of_the_clocks_are_found_to_the_second() -> None:
    year = datetime(2017, 1, 1, 0, 0, 0, 5, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC)

    for zone, switches in SWITCHES.items():
        found = offset_changes(zone_of(zone), *year)
        wanted = [datetime.fromisoformat(text + "Z") for text in switches]
        assert {at for at in wanted if at.year == 2017} <= set(found), zone
    assert offset_changes(zone_of("UTC"), *year) == []
    at = datetime(2017, 3, 26, 1, tzinfo=UTC)
    london = zone_of("Europe/London")
    assert offset_changes(london, at - timedelta(seconds=1), at) == [at]
    assert offset_changes(london, at, at + timedelta(days=2)) == []


def days_of(day_of_month: str, weekday: str, year: int, month: int) -> list[int]:
    entries = parse_schedule(f"start: 0 8 {day_of_month} * {weekday}").entries
    length = calendar.monthrange(year, month)[1]
    return [
        day
        for day in range(1, length + 1)
        if any(events_of_day(entries[:1], date(year, month, day).toordinal()))
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
    found = nearest_day(entries, day, 1)
    ahead = range(day, day + 800)

    first = next(
        (candidate for candidate in ahead if any(events_of_day(entries[:1], candidate))), None
    )

    assert found == first or (first is None and (found is None or found not in ahead))


@given(crons, st.integers(FIRST_DAY + 800, LAST_DAY))
def test_the_previous_day_is_the_last_that_matches(cron: str, day: int) -> None:
    entries = parse_schedule(f"stop: {cron}").entries
    found = nearest_day(entries, day, -1)
    behind = range(day, day - 800, -1)

    last = next(
        (candidate for candidate in behind if any(events_of_day(entries[:1], candidate))), None
    )

    assert found == last or (last is None and (found is None or found not in behind))


def test_nothing_happens_outside_of_the_known_years() -> None:
    entries = parse_schedule("stop: 0 8 * * *").entries
    before = (date(1970, 1, 1) - timedelta(days=1)).toordinal()
    after = date(2100, 1, 1).toordinal()

    assert nearest_day(entries, before, 1) == before + 1
    assert nearest_day(entries, before, -1) is None
    assert nearest_day(entries, after, 1) is None
    assert nearest_day(entries, after, -1) == after - 1
    assert events_of_day(entries, before) == events_of_day(entries, after) == (0, 0)


def test_of_two_entries_at_one_minute_the_first_written_counts() -> None:
    start_first = parse_schedule("start: 0 8 * * *; stop: 0,30 8 * * *").entries
    stop_first = parse_schedule("stop: 0 8 * * *; start: 0,30 8 * * *").entries
    day = date(2026, 11, 24).toordinal()

    assert events_of_day(start_first, day) == (1 << 480, 1 << 510)
    assert events_of_day(stop_first, day) == (1 << 510, 1 << 480)
