"""How long a commit took to be applied, as far as it says when it was made."""

from datetime import UTC, datetime

import pytest

from controller.daemon.jobs import _seconds_since

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("2026-11-24T09:59:00+00:00", 60.0),
        ("2026-11-24T11:59:30+02:00", 30.0),
        ("2026-11-24T10:05:00Z", 0.0),
        ("2026-11-24T09:59:00", None),
        ("", None),
        ("yesterday", None),
    ],
)
def test_a_commit_is_as_old_as_its_date_says(date: str, seconds: float | None) -> None:
    assert _seconds_since(date, NOW) == seconds
