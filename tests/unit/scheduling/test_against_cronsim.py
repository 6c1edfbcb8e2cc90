"""Event by event against cronsim, where its rules and ours are the same.

They differ where both day fields are given (cronsim: either matches, unless one begins with a star),
in the sixth field (cronsim: seconds), in dW, and in the repeated hour for a minute or hour that
begins with a star (cronsim: both passes).
"""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.timeline import events_between, previous_event
from controller.scheduling.wall_clock import zone_of
from tests.unit.scheduling.strategies import ZONES, moments

EVENTS = 40

_MINUTES = st.one_of(
    st.integers(0, 59).map(str), st.sampled_from(["0,30", "10-50/20", "5/25", "15-45/15"])
)
_HOURS = st.one_of(
    st.integers(0, 4).map(str), st.integers(0, 23).map(str), st.sampled_from(["8-18", "0/6", "1,2"])
)
_STARRED = st.sampled_from(["*", "*/7"])
_MONTHS = st.sampled_from(["*", "mar", "1-6", "4,10", "*/3", "sep-dec/2"])
_DAYS = st.one_of(
    st.tuples(
        st.sampled_from(["*", "1", "L", "LW", "1-7", "28,29", "*/2", "5-25/10"]), st.just("*")
    ),
    st.tuples(
        st.just("*"), st.sampled_from(["1-5", "sun", "0,6", "5L", "1#1", "tue,wed#3", "*/2"])
    ),
)


def ours(cron: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Return the distinct moments of the events; those the clocks jump over share one."""
    events = events_between(parse_schedule(f"start: {cron} | {zone}"), start, end)
    return list(dict.fromkeys(event.at.astimezone(UTC) for event in events))


def theirs(cron: str, zone: str, start: datetime, *, reverse: bool = False) -> list[datetime]:
    local = start.astimezone(zone_of(zone))
    found = islice(CronSim(cron, local, reverse=reverse), EVENTS)
    return list(dict.fromkeys(at.astimezone(UTC) for at in found))


def check(cron: str, zone: str, start: datetime) -> None:
    expected = theirs(cron, zone, start)

    assert ours(cron, zone, start, expected[-1]) == expected


@given(
    st.builds("{0} {1} {3[0]} {2} {3[1]}".format, _MINUTES, _HOURS, _MONTHS, _DAYS),
    st.sampled_from(ZONES).flatmap(lambda name: st.tuples(st.just(name), moments(name))),
)
def test_events_at_fixed_times_in_any_zone(cron: str, case: tuple[str, datetime]) -> None:
    zone, at = case
    if at.astimezone(zone_of(zone)).fold:
        at -= timedelta(hours=3)  # cronsim begins at the wall clock, whichever pass it is

    check(cron, zone, at)


@given(
    st.builds(
        "{0} {1} {3[0]} {2} {3[1]}".format,
        st.one_of(_MINUTES, _STARRED),
        st.one_of(_HOURS, _STARRED),
        _MONTHS,
        _DAYS,
    ),
    moments("UTC"),
)
def test_events_of_any_shape_in_utc(cron: str, at: datetime) -> None:
    check(cron, "UTC", at)


@given(
    st.builds("{0} {1} {3[0]} {2} {3[1]}".format, _MINUTES, _HOURS, _MONTHS, _DAYS), moments("UTC")
)
def test_the_previous_event_in_utc(cron: str, at: datetime) -> None:
    event = previous_event(parse_schedule(f"stop: {cron}"), at)

    assert event is not None
    assert event.at == theirs(cron, "UTC", at + timedelta(seconds=1), reverse=True)[0]


@pytest.mark.parametrize("cron", ["0 8 1 * 1", "0 8 1-7 * 1", "0 8 L * 5L"])
def test_where_both_day_fields_are_given_we_take_fewer_days(cron: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = start + timedelta(days=365)
    either = {at for at in islice(CronSim(cron, start), 500) if at <= end}

    assert set(ours(cron, "UTC", start, end)) < either
