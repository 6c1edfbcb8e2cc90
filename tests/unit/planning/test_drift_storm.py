"""When an object is left to those who fight over it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.engine.state.flips import FlipMemory, FlipRow, flip_row_of
from controller.model.plan import Cause, Change
from controller.model.ref import ResourceRef
from controller.planning.drift_storm import FLIPS, SOMEBODY, WITHIN, storms, with_flips

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WEB = ResourceRef("Group", "staging-eu/eu-west-1/c50-ta-Web")
OTHER = ResourceRef("Group", "staging-eu/eu-west-1/c51-ta-Web")


def change(ref: ResourceRef = WEB, cause: Cause = Cause.DRIFTED) -> Change:
    return Change("update", "groups", ref, cause, (), b"{}", b"{}", b"{}", "", b"{}")


def minutes_ago(*minutes: int) -> list[datetime]:
    return [NOW - timedelta(minutes=one) for one in minutes]


@pytest.mark.parametrize(
    ("flips", "cause", "stormy"),
    [
        ([], Cause.DRIFTED, False),
        (minutes_ago(20, 10), Cause.DRIFTED, False),
        (minutes_ago(29, 20, 1), Cause.DRIFTED, True),
        (minutes_ago(30, 20, 1), Cause.DRIFTED, False),
        (minutes_ago(29, 20, 1), Cause.EDITED, False),
    ],
)
def test_three_flips_in_half_an_hour(flips: list[datetime], cause: Cause, *, stormy: bool) -> None:
    found = storms({WEB: flips}, [change(cause=cause)], NOW, ours="envctl", theirs={})
    assert bool(found) is stormy


def test_both_writers_are_named() -> None:
    flips = {WEB: minutes_ago(20, 10, 1), OTHER: minutes_ago(20, 10, 1)}
    changes = [change(), change(OTHER)]
    first, second = storms(flips, changes, NOW, ours="envctl", theirs={WEB: "terraform"})
    assert (first.ours, first.theirs, second.theirs) == ("envctl", "terraform", SOMEBODY)
    assert first.until == NOW + WITHIN - timedelta(minutes=1)
    assert "envctl and terraform" in first.text


@given(st.lists(st.integers(0, 3600), max_size=12))
def test_who_heals_less_than_three_times_in_half_an_hour_is_never_stopped(gaps: list[int]) -> None:
    flips: dict[ResourceRef, tuple[datetime, ...]] = {}
    now = NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        found = storms(flips, [change()], now, ours="", theirs={})
        window = [at for at in flips.get(WEB, ()) if now - at < WITHIN]
        assert bool(found) is (len(window) >= FLIPS)
        if not found:
            flips = with_flips(flips, [change()], now)
        assert all(len(moments) <= FLIPS for moments in flips.values())


def test_a_storm_is_told_once_and_what_is_remembered_is_read_back() -> None:
    written: list[FlipRow] = []
    memory = FlipMemory(FlipRow({WEB: minutes_ago(20, 10, 1)}), written.append)
    found = storms({WEB: minutes_ago(20, 10, 1)}, [change()], NOW, ours="", theirs={})
    assert memory.tell_once(found, NOW) == found
    assert memory.tell_once(found, NOW) == ()
    memory.remember([change(OTHER), change(WEB, Cause.EDITED)], NOW)
    last = written[-1]
    assert last.told == {WEB}
    assert set(last.flips) == {WEB, OTHER}


@pytest.mark.parametrize("row", [{}, {"Flips": {"x": [1]}}, {"Flips": {"A/b": ["soon"]}}])
def test_what_is_damaged_is_forgotten(row: dict[str, object]) -> None:
    assert flip_row_of(row) == FlipRow()
