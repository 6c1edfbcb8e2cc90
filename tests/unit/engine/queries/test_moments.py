from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.queries.moments import parse_duration, parse_moment, parse_period
from controller.errors import WrongUsage
from controller.ledger.questions import Period

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("2h", 7200),
        ("7d", 604_800),
        ("1w", 604_800),
        ("3 days", 259_200),
    ],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 fortnights", "5 d", "-5m", "1e3", "١m" * 9])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(WrongUsage, match="no length of time"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T09:30", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-24T09:30+01:00", datetime(2026, 11, 24, 8, 30, tzinfo=UTC)),
        ("2h", NOW - timedelta(hours=2)),
        ("1w ago", NOW - timedelta(days=7)),
        ("yesterday", datetime(2026, 11, 23, tzinfo=UTC)),
        ("yesterday 18:00", datetime(2026, 11, 23, 18, tzinfo=UTC)),
        ("today 18:00+01:00", datetime(2026, 11, 24, 17, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["tomorrow", "yesterday evening", "999999d", ""])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(WrongUsage, match="no moment"):
        parse_moment(text, NOW)


DAY_BEFORE = datetime(2026, 11, 23, tzinfo=UTC)
END_OF_IT = datetime(2026, 11, 23, 23, 59, 59, 999000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("7d", Period(NOW - timedelta(days=7))),
        ("yesterday", Period(DAY_BEFORE, END_OF_IT)),
        ("2026-11-23", Period(DAY_BEFORE, END_OF_IT)),
        ("yesterday 18:00..", Period(DAY_BEFORE.replace(hour=18))),
        ("yesterday 18:00..2h", Period(DAY_BEFORE.replace(hour=18), NOW - timedelta(hours=2))),
        ("..yesterday", Period(None, END_OF_IT)),
        ("2026-11-23T09:30", Period(DAY_BEFORE.replace(hour=9, minute=30))),
    ],
)
def test_periods(text: str, period: Period) -> None:
    assert parse_period(text, NOW) == period


@pytest.mark.parametrize("text", ["..", "x..", "", "2h..7d"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(WrongUsage):
        parse_period(text, NOW)
