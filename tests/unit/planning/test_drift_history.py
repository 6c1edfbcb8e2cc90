"""When an object is left to those who fight over it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.engine.state.rows import history_of_row
from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef
from controller.planning.drift_history import FLIPS, SOMEBODY, WITHIN, DriftHistory

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WEB = ResourceRef("Group", "staging-eu/eu-west-1/c50-ta-Web")
OTHER = ResourceRef("Group", "staging-eu/eu-west-1/c51-ta-Web")


def change(ref: ResourceRef = WEB, cause: Cause = Cause.DRIFTED) -> Change:
    return Change("update", "groups", ref, cause, (), b"{}", b"{}", b"{}", "", b"{}")


def minutes_ago(*minutes: int) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(minutes=ago) for ago in minutes)


@pytest.mark.parametrize(
    ("flips", "cause", "stormy"),
    [
        ((), Cause.DRIFTED, False),
        (minutes_ago(20, 10), Cause.DRIFTED, False),
        (minutes_ago(29, 20, 1), Cause.DRIFTED, True),
        (minutes_ago(30, 20, 1), Cause.DRIFTED, False),
        (minutes_ago(29, 20, 1), Cause.EDITED, False),
    ],
)
def test_three_flips_in_half_an_hour(
    flips: tuple[datetime, ...], cause: Cause, *, stormy: bool
) -> None:
    found = DriftHistory({WEB: flips}).storms([change(cause=cause)], NOW, ours="envctl", theirs={})
    assert bool(found) is stormy


def test_both_writers_are_named() -> None:
    flips = {WEB: minutes_ago(20, 10, 1), OTHER: minutes_ago(20, 10, 1)}
    changes = [change(), change(OTHER)]
    first, second = DriftHistory(flips).storms(
        changes, NOW, ours="envctl", theirs={WEB: "terraform"}
    )
    assert (first.ours, first.theirs, second.theirs) == ("envctl", "terraform", SOMEBODY)
    assert first.until == NOW + WITHIN - timedelta(minutes=1)
    assert "envctl and terraform" in first.text


@given(st.lists(st.integers(0, 3600), max_size=12))
def test_who_heals_less_than_three_times_in_half_an_hour_is_never_stopped(gaps: list[int]) -> None:
    history = DriftHistory()
    now = NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        found = history.storms([change()], now, ours="", theirs={})
        window = [at for at in history.flips.get(WEB, ()) if now - at < WITHIN]
        assert bool(found) is (len(window) >= FLIPS)
        if not found:
            history = history.with_done([change()], now)
        assert all(len(moments) <= FLIPS for moments in history.flips.values())


def test_a_storm_is_told_once() -> None:
    history = DriftHistory({WEB: minutes_ago(20, 10, 1)})
    found = history.storms([change()], NOW, ours="", theirs={})
    assert history.untold(found) == found
    told = history.with_told(found, NOW)
    assert told.untold(found) == ()
    after = told.with_done([change(OTHER), change(WEB, Cause.EDITED)], NOW)
    assert after.told == {WEB}
    assert set(after.flips) == {WEB, OTHER}
    assert after.with_done((), NOW + WITHIN) == DriftHistory()


@pytest.mark.parametrize("row", [{}, {"Flips": {"x": [1]}}, {"Flips": {"A/b": ["soon"]}}])
def test_what_is_damaged_is_forgotten(row: dict[str, object]) -> None:
    assert history_of_row(row) == DriftHistory()
