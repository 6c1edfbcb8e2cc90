"""What a rollback takes back is said in one way, and a time as seen from now is written out."""

from datetime import UTC, datetime, timedelta

import pytest

from controller.engine.queries.rollback_asked import RollbackAsked, end_of
from controller.errors import WrongUsage

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "asked",
    [
        RollbackAsked(),
        RollbackAsked("01K5", "abcdef0"),
        RollbackAsked(commit="abcdef"),
        RollbackAsked(commit="ABCDEF0"),
    ],
)
def test_it_is_one_thing_and_a_commit_is_one(asked: RollbackAsked) -> None:
    with pytest.raises(WrongUsage):
        asked.check()


@pytest.mark.parametrize(
    ("to", "settled"),
    [
        ("2h", "2026-11-28T10:00:00+00:00"),
        ("2026-11-24T19:00", "2026-11-24T19:00:00+00:00"),
        ("20261124", "2026-11-24T00:00:00+00:00"),
        ("abcdef0", "abcdef0"),
        (None, None),
    ],
)
def test_a_time_is_written_out_and_a_revision_stays(to: str | None, settled: str | None) -> None:
    assert RollbackAsked(to=to).settled(NOW) == RollbackAsked(to=settled)


def test_what_is_yet_to_come_is_not_taken_back() -> None:
    with pytest.raises(WrongUsage, match="yet to come"):
        RollbackAsked(to="2026-11-29").settled(NOW)


def test_what_is_no_end_is_refused() -> None:
    assert end_of(None, NOW) is None
    assert end_of("+2h", NOW) == NOW + timedelta(hours=2)
    with pytest.raises(WrongUsage, match="--until"):
        end_of("yesterday", NOW)
