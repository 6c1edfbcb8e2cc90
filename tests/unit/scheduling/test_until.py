"""Until when: what people write, in the zone of what it is about."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.schedule import InvalidSchedule
from controller.scheduling.until import parse_override_tag, parse_until

LONDON = ZoneInfo("Europe/London")
TUESDAY = datetime(2026, 11, 24, 19, 30, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10:00", at(25, 10)),
        ("9:05", at(25, 9, 5)),
        ("20:00", at(24, 20)),
        ("19:30", at(25, 19, 30)),
        ("fri", at(27, 0)),
        ("Fri 18:00", at(27, 18)),
        ("friday 18:00", at(27, 18)),
        ("tue 20:00", at(24, 20)),
        ("tue 19:00", at(1, 19, month=12)),
        ("tomorrow 09:00", at(25, 9)),
        ("today 23:00", at(24, 23)),
        ("+2h", at(24, 21, 30)),
        ("+90m", at(24, 21)),
        ("+1d2h", at(25, 21, 30)),
        ("2026-11-25T10:00", at(25, 10)),
        ("2026-11-25 10:00", at(25, 10)),
        ("2026-11-25T10:00+01:00", at(25, 9)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_until(text, TUESDAY, LONDON) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "+",
        "25:00",
        "2026-11-25",
        "2026-11-24T10:00",
        "fr",
        "fri 25:00",
        "2029-01-01T00:00",
        "+999d",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_until(text, TUESDAY, LONDON)


def test_a_time_of_day_is_that_of_the_zone() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert parse_until("10:00", summer, LONDON) == datetime(2026, 7, 2, 9, tzinfo=UTC)


def test_a_skipped_time_is_the_jump_and_a_repeated_one_its_first_pass() -> None:
    before_spring = datetime(2027, 3, 27, 20, tzinfo=UTC)
    before_autumn = datetime(2026, 10, 24, 20, tzinfo=UTC)

    assert parse_until("01:30", before_spring, LONDON) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert parse_until("01:30", before_autumn, LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(st.integers(0, 2 * 365 * 24 * 60), st.integers(0, 23), st.integers(0, 59))
def test_a_time_of_day_is_within_a_day_and_an_hour(ahead: int, hour: int, minute: int) -> None:
    now = TUESDAY + timedelta(minutes=ahead)

    until = parse_until(f"{hour:02}:{minute:02}", now, LONDON)

    assert 0 < (until - now).total_seconds() <= 25 * 3600


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("on until 2027-03-25T10:00Z", "2027-03-25T10:00+00:00"),
        (" ON  until 2027-03-25 10:00+01:00 ", "2027-03-25T09:00+00:00"),
        ("on until 2027-03-25 10:00", "2027-03-25T10:00+00:00"),
    ],
)
def test_until_when(text: str, until: str) -> None:
    parsed = parse_override_tag(text)

    assert parsed == datetime.fromisoformat(until)
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "on", "off until 2027-03-25T10:00Z", "on until", "on until 10:00", "on until 2027-03-25"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        parse_override_tag(text)
    assert "on until 2027-03-25T10:00Z" in caught.value.fix
