from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.queries.moments import parse_duration, parse_moment
from controller.errors import WrongUsage

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("7d", 604_800)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 weeks", "-5m", "1e3", "١m" * 9])
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
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["yesterday", "999999d", ""])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(WrongUsage, match="no moment"):
        parse_moment(text, NOW)
