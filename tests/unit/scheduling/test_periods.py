"""The form for people: periods of the week, overnight ones too, and dates excepted."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import (
    Period,
    compile_periods,
    not_in_text,
    parse_clock,
    parse_days,
    periods_of,
)
from controller.scheduling.schedule import ALWAYS_OFF, ExceptDates, InvalidSchedule, Schedule, State
from controller.scheduling.timeline import changes_between, previous_event, state_at
from tests.unit.scheduling.strategies import people

WEEKEND = ExceptDates(date(2027, 3, 26), date(2027, 3, 29), "Easter", "england-holidays")


@pytest.mark.parametrize(
    ("periods", "text", "because"),
    [
        (
            [Period("mon-fri", "08:00", "19:00")],
            "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5",
            "office hours",
        ),
        (
            [Period(["mon", "tue,wed"], "8:00", "19:30")],
            "start: 0 8 * * 1,2,3; stop: 30 19 * * 1,2,3",
            "lists of days",
        ),
        (
            [Period("fri", "22:00", "06:00")],
            "start: 0 22 * * 5; stop: 0 6 * * 6",
            "overnight ends on the next day",
        ),
        (
            [Period("sat", "22:00", "06:00")],
            "start: 0 22 * * 6; stop: 0 6 * * 0",
            "and goes around the end of the week",
        ),
        (
            [Period("sat-sun", "10:00", "24:00")],
            "start: 0 10 * * 0,6; stop: 0 0 * * 0,1",
            "midnight is the beginning of the next day",
        ),
        (
            [Period("mon-fri", "00:00", "24:00")],
            "start: 0 0 * * 1; stop: 0 0 * * 6",
            "days that touch are one stretch",
        ),
        ([Period("mon-sun", "00:00", "24:00")], "start: 0 0 * * *", "always on"),
        (
            [Period("mon-sun", "08:00", "08:00")],
            "start: 0 0 * * *",
            "an end equal to the start is a whole day later",
        ),
        (
            [Period("mon-fri", "08:00", "19:00"), Period("mon", "18:00", "21:00")],
            "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 2,3,4,5; stop: 0 21 * * 1",
            "overlapping periods are joined",
        ),
        (
            [Period("mon-fri", "08:00", "12:00"), Period("mon-fri", "12:00", "19:00")],
            "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5",
            "touching periods are joined",
        ),
    ],
)
def test_periods_become_entries(periods: list[Period], text: str, because: str) -> None:
    schedule = compile_periods("europe/LONDON", periods)

    assert schedule == parse_schedule(f"{text} | Europe/London"), because
    assert schedule.text == f"{text} | Europe/London"


@pytest.mark.parametrize(
    ("zone", "period", "message", "fix"),
    [
        ("Europe/Londn", Period("mon", "08:00", "19:00"), "unknown time zone", "Europe/London"),
        ("UTC", Period("fri-mon", "08:00", "19:00"), "run backwards", "write 'fri-sun,mon'"),
        ("UTC", Period("sun-tue", "08:00", "19:00"), "run backwards", "write 'sun,mon-tue'"),
        ("UTC", Period("monday", "08:00", "19:00"), "no day of the week", "write 'mon'"),
        ("UTC", Period("mon,", "08:00", "19:00"), "no day of the week", "mon-fri"),
        ("UTC", Period([], "08:00", "19:00"), "no days", "write days"),
        ("UTC", Period("mon", "8", "19:00"), "'8' is no time of day", "00:00 to 23:59"),
        ("UTC", Period("mon", "24:00", "19:00"), "no time of day", "00:00 to 23:59"),
        ("UTC", Period("mon", "08:00", "24:01"), "no time of day", "00:00 to 24:00"),
        ("UTC", Period("mon", "08:60", "19:00"), "no time of day", "00:00 to 23:59"),
    ],
)
def test_what_is_no_period_is_refused(zone: str, period: Period, message: str, fix: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        compile_periods(zone, [period])

    assert message in caught.value.message
    assert fix in caught.value.fix


def test_no_periods_are_refused() -> None:
    with pytest.raises(InvalidSchedule, match="without periods"):
        compile_periods("UTC", [])


def test_dates_that_end_before_they_begin_are_refused() -> None:
    backwards = ExceptDates(WEEKEND.last, WEEKEND.first, "Easter")
    with pytest.raises(InvalidSchedule, match="Easter: 2027-03-26 is before 2027-03-29"):
        compile_periods("UTC", [Period("mon", "08:00", "19:00")], [backwards])


def test_days_and_clocks_can_be_read_alone() -> None:
    assert parse_days("Mon-Fri") == 0b0111110
    assert parse_clock("24:00", end=True) == 1440


def test_what_the_text_cannot_say_is_noted() -> None:
    one_day = ExceptDates(date(2027, 5, 3), date(2027, 5, 3), "May Day")
    schedule = compile_periods("UTC", [Period("mon-fri", "08:00", "19:00")], [WEEKEND, one_day])

    assert schedule.text == "start: 0 8 * * 1,2,3,4,5; stop: 0 19 * * 1,2,3,4,5"
    assert not_in_text(schedule).startswith(
        "5 excepted dates (england-holidays, May Day) cannot be written"
    )


def test_one_date_is_noted_in_the_singular() -> None:
    one_day = ExceptDates(date(2027, 5, 3), date(2027, 5, 3), "May Day")
    schedule = compile_periods("UTC", [Period("mon-fri", "08:00", "19:00")], [one_day])
    assert not_in_text(schedule).startswith("1 excepted date (May Day)")


def test_a_fixed_state_is_its_own_expression() -> None:
    assert ALWAYS_OFF.text == "off"


@given(people)
def test_the_expression_is_the_schedule_without_its_exceptions(schedule: Schedule) -> None:
    again = parse_schedule(schedule.text)

    assert again.entries == schedule.entries
    assert again.zone == schedule.zone


NIGHTS = compile_periods(
    "Europe/London",
    [Period("mon-sun", "20:00", "06:00")],
    [ExceptDates(date(2027, 1, 5), date(2027, 1, 6), "Stock-taking")],
)


@pytest.mark.parametrize(
    ("at", "state", "cause", "because"),
    [
        ("2027-01-04T23:59", State.ON, "start: 0 20 * * *", "the evening before is as ever"),
        ("2027-01-05T00:00", State.OFF, "Stock-taking", "the night ends as the date begins"),
        ("2027-01-05T20:00", State.OFF, "Stock-taking", "nothing starts on the date"),
        ("2027-01-06T12:00", State.OFF, "Stock-taking", "nor on the next"),
        ("2027-01-07T00:00", State.ON, "end of Stock-taking", "the night is as ever afterwards"),
        ("2027-01-07T06:00", State.OFF, "stop: 0 6 * * *", "and ends as ever"),
    ],
)
def test_a_night_shift_around_excepted_dates(
    at: str, state: State, cause: str, because: str
) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    event = previous_event(NIGHTS, moment)

    assert state_at(NIGHTS, moment) is state, because
    assert event is not None
    assert (event.state, event.cause) == (state, cause)


ONE_DAY = ExceptDates(date(2027, 1, 5), date(2027, 1, 5), "Stock-taking")


def test_a_schedule_without_stops_is_off_on_excepted_dates_and_on_again_after() -> None:
    always = compile_periods("UTC", [Period("mon-sun", "00:00", "24:00")], [ONE_DAY])

    changes = list(
        changes_between(always, datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    )

    assert [(change.at, change.state) for change in changes] == [
        (datetime(2027, 1, 5, tzinfo=UTC), State.OFF),
        (datetime(2027, 1, 6, tzinfo=UTC), State.ON),
    ]
    event = previous_event(always, datetime(2027, 1, 6, tzinfo=UTC))
    assert event is not None
    assert event.cause == "start: 0 0 * * *"


def test_dates_that_touch_or_overlap_are_one_stretch() -> None:
    days = [(5, 6), (6, 6), (7, 8), (10, 10)]
    schedule = compile_periods(
        "UTC",
        [Period("mon-sun", "08:00", "19:00")],
        [ExceptDates(date(2027, 1, a), date(2027, 1, b), f"{a}-{b}") for a, b in days],
    )

    changes = changes_between(
        schedule, datetime(2027, 1, 4, 20, tzinfo=UTC), datetime(2027, 1, 12, tzinfo=UTC)
    )

    assert [f"{change.at:%d %H} {change.state}" for change in changes] == [
        "09 08 on",
        "09 19 off",
        "11 08 on",
        "11 19 off",
    ]


def test_nothing_is_known_before_the_first_event_of_all() -> None:
    schedule = compile_periods(
        "UTC",
        [Period("fri", "08:00", "19:00")],
        [ExceptDates(date(1970, 1, 1), date(1970, 1, 1), "Epoch")],
    )

    assert state_at(schedule, datetime(1970, 1, 2, 7, tzinfo=UTC)) is State.OFF
    assert state_at(schedule, datetime(1970, 1, 2, 8, tzinfo=UTC)) is State.ON


DAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1).map(
    lambda names: ",".join(dict.fromkeys(names))
)
CLOCK = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02d}:{minute % 60:02d}")


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("start: 0 8 * * 1-5; stop: 0 19 * * 1-5", [("mon-fri", "08:00", "19:00")]),
        ("Start: 0 8 * * 1,2,3,4,5; Stop: 0 19 * * 1,2,3,4,5", [("mon-fri", "08:00", "19:00")]),
        (
            "start: 0 8 * * 1-5; start: 0 10 * * 6; stop: 0 19 * * 1-5; stop: 0 16 * * 6",
            [("mon-fri", "08:00", "19:00"), ("sat", "10:00", "16:00")],
        ),
        ("start: 0 22 * * 1; stop: 0 6 * * 2", [("mon", "22:00", "06:00")]),
        (
            "start: 0 8 * * 1; stop: 0 19 * * 2",
            [("mon", "08:00", "24:00"), ("tue", "00:00", "19:00")],
        ),
        ("start: 0 8 1 * *; stop: 0 19 * * *", None),
        ("start: 0 8 * * 1 2026; stop: 0 19 * * *", None),
        ("start: 0 8 * * 1; stop: 0 8 * * 1", None),
        ("start: 0 8 * * 1", None),
        ("start: 0 * * * *; stop: 30 * * * *", None),
        ("on", None),
    ],
)
def test_texts(text: str, periods: list[tuple[str, str, str]] | None) -> None:
    found = periods_of(parse_schedule(text))
    assert found == (None if periods is None else tuple(Period(*one) for one in periods))


def test_what_is_on_over_several_days_has_a_period_for_each() -> None:
    found = periods_of(parse_schedule("start: 0 8 * * *; stop: 0 19 * * 1-5"))

    assert found is not None
    assert compile_periods("UTC", found) == compile_periods(
        "UTC",
        [
            Period("mon-fri", "08:00", "19:00"),
            Period("sat", "08:00", "24:00"),
            Period("sun", "00:00", "24:00"),
            Period("mon", "00:00", "08:00"),
        ],
    )


@given(st.lists(st.builds(Period, DAYS, CLOCK, CLOCK), min_size=1, max_size=4))
def test_what_periods_compile_to_is_read_back(periods: list[Period]) -> None:
    compiled = compile_periods("Europe/London", periods)
    found = periods_of(parse_schedule(compiled.text))
    if found is not None:
        again = compile_periods("Europe/London", found)
        assert (again.text, again) == (compiled.text, compiled)
    elif len(periods) == 1:
        assert compiled.text.count("stop") == 0
