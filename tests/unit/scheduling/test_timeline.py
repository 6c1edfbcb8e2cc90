"""The state of a schedule at a moment, and the moments at which it changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, zip_longest

import pytest
from hypothesis import given

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import Schedule, ScheduleNeverRuns, State
from controller.scheduling.timeline import (
    Event,
    changes_between,
    ensure_runs,
    events_between,
    following_change,
    hours_on,
    next_change,
    previous_event,
    state_at,
)
from controller.scheduling.wall_clock import last_wall, zone_of
from tests.unit.scheduling.strategies import schedules_and_moments

OFFICE = "start: 0 8 * * 1-5; stop: 0 19 * * 1-5"
AROUND_ONE = "start: 30 0 * * *; stop: 30 1 * * *"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "Z")


@pytest.mark.parametrize(
    ("text", "at", "state", "because"),
    [
        (OFFICE, "2026-11-24T07:59:59", State.OFF, "before the day's start"),
        (OFFICE, "2026-11-24T08:00", State.ON, "the start belongs to the running day"),
        (OFFICE, "2026-11-24T19:00", State.OFF, "the stop belongs to the night"),
        (OFFICE, "2026-11-28T12:00", State.OFF, "no weekend entry"),
        ("on", "2026-11-24T12:00", State.ON, "fixed"),
        ("off", "2026-11-24T12:00", State.OFF, "fixed"),
        ("noschedule", "2026-11-24T12:00", State.NOSCHEDULE, "fixed"),
        ("stop: 0 0 1 1 * 2099", "2026-11-24T12:00", State.NONE, "only future events"),
        ("stop: 0 0 1 1 * 2016", "2026-11-24T12:00", State.OFF, "years gone by still count"),
        ("start: 0 8 * * *; stop: 0 8 * * *", "2026-11-24T12:00", State.ON, "first written"),
        ("stop: 0 8 * * *; start: 0 8 * * *", "2026-11-24T12:00", State.OFF, "first written"),
        (f"{AROUND_ONE} | Europe/London", "2017-10-29T01:05", State.OFF, "second pass: it was"),
        (f"{AROUND_ONE} | America/New_York", "2017-11-05T06:01", State.OFF, "second pass"),
        (f"{AROUND_ONE} | Europe/London", "2017-03-26T00:59", State.ON, "before the jump"),
        (f"{AROUND_ONE} | Europe/London", "2017-03-26T01:00", State.OFF, "at the jump"),
        (
            "stop: 15 1 * * *; start: 45 1 * * * | Europe/London",
            "2017-03-26T01:00",
            State.ON,
            "both are skipped: the later on the wall counts, not the one written first",
        ),
        (
            "stop: 15 2 * * *; start: 0 4 * * * | Australia/Lord_Howe",
            "2017-09-30T15:30",
            State.OFF,
            "half an hour is skipped",
        ),
        (
            "start: 40 1 * * *; stop: 50 1 * * * | Australia/Lord_Howe",
            "2017-04-01T15:15",
            State.OFF,
            "half an hour is repeated",
        ),
        (
            "start: 0 0 * * *; stop: 0 6 * * * | America/Sao_Paulo",
            "2017-10-15T03:00",
            State.ON,
            "midnight is skipped: the start is at the jump",
        ),
        ("start: 0 0 * * *; stop: 0 6 * * * | Pacific/Apia", "2011-12-30T10:00", State.ON, "jump"),
        (
            "start: 0 8 * * *; stop: 0 19 * * * | Asia/Kolkata",
            "2026-11-24T02:30",
            State.ON,
            "+5:30",
        ),
        ("start: 0 8 * * *; stop: 0 19 * * *", "2150-01-01T12:00", State.OFF, "after 2099"),
        ("start: 0 8 * * *; stop: 0 19 * * *", "1969-01-01T12:00", State.NONE, "before 1970"),
    ],
)
def test_state_at_a_moment(text: str, at: str, state: State, because: str) -> None:
    assert state_at(parse_schedule(text), utc(at)) is state, because


@pytest.mark.parametrize(
    ("text", "after", "at", "state", "because"),
    [
        (OFFICE, "2026-11-24T07:00", "2026-11-24T08:00+00:00", State.ON, "today"),
        (OFFICE, "2026-11-24T08:00", "2026-11-24T19:00+00:00", State.OFF, "after, not at"),
        (OFFICE, "2026-11-27T19:00", "2026-11-30T08:00+00:00", State.ON, "over the weekend"),
        (f"{OFFICE} | Europe/London", "2027-03-26T20:00", "2027-03-29T08:00+01:00", State.ON, "BST"),
        ("start: 0 8-18 * * *; stop: 0 20 * * *", "2026-11-24T09:30", "2026-11-24T20:00+00:00", State.OFF, "starts while on change nothing"),
        ("stop: 0 0 1 1 * 2099", "2026-11-24T12:00", "2099-01-01T00:00+00:00", State.OFF, "a year of its own is no mistake"),
        ("start: 0 8 29 2 *; stop: 0 8 1 3 *", "2025-03-02T00:00", "2028-02-29T08:00+00:00", State.ON, "the stop runs every year"),
        (f"{AROUND_ONE} | Europe/London", "2017-03-26T00:30", "2017-03-26T02:00+01:00", State.OFF, "at the jump, in the new time"),
        (f"{AROUND_ONE} | Europe/London", "2017-10-29T00:29", "2017-10-29T01:30+01:00", State.OFF, "first pass"),
        (f"{AROUND_ONE} | Europe/London", "2017-10-29T00:30", "2017-10-30T00:30+00:00", State.ON, "never again in the second"),
        ("stop: 15 1 * * *; start: 45 1 * * * | Europe/London", "2017-03-25T02:00", "2017-03-27T01:15+01:00", State.OFF, "a stop and a start at one jump cancel out"),
        ("start: 0 8 * * *; stop: 0 8,9 * * *", "2026-11-24T08:30", "2026-11-24T09:00+00:00", State.OFF, "first written wins at 08:00"),
        ("start: 0 8 * * *; stop: 0 8 * * *; stop: 0 9 * * 1", "2026-11-24T08:30", "2026-11-30T09:00+00:00", State.OFF, "stops that never count are passed over"),
    ],
)  # fmt: skip
def test_the_next_change(text: str, after: str, at: str, state: State, because: str) -> None:
    change = next_change(parse_schedule(text), utc(after))

    assert change is not None
    # in UTC: a moment in a repeated hour equals none of another zone
    assert change.at.astimezone(UTC) == datetime.fromisoformat(at).astimezone(UTC), because
    assert change.state is state
    assert change.at.utcoffset() == datetime.fromisoformat(at).utcoffset()


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("on", "fixed"),
        ("noschedule", "fixed"),
        ("start: 0 8 * * *", "it is on already and never stops"),
        ("stop: 0 8 1 1 * 2016", "years gone by"),
        ("start: * * * * *; stop: 0 0 * * *", "the stop is always beaten by the start"),
    ],
)
def test_no_change_ever_follows(text: str, because: str) -> None:
    assert next_change(parse_schedule(text), utc("2026-11-24T12:00")) is None, because
    assert (
        list(
            changes_between(parse_schedule(text), utc("2026-11-24T12:00"), utc("2027-11-24T12:00"))
        )
        == []
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("start: 0 8 30 2 *", "2026-11-24T12:00"),
        ("start: 0 8 30 2 *; stop: 0 8 31 4 *", "2026-11-24T12:00"),
        ("stop: 0 8 29 2 *", "2024-03-01T12:00"),
        ("start: 0 8 29 2 *; stop: 0 19 29 2 *", "2026-11-24T12:00"),
    ],
)
def test_a_schedule_that_never_runs_is_refused(text: str, after: str) -> None:
    with pytest.raises(ScheduleNeverRuns, match="never runs in the 366 days from") as caught:
        next_change(parse_schedule(text), utc(after))
    assert "every year" in caught.value.fix


def test_a_leap_day_within_the_year_ahead_runs() -> None:
    change = next_change(parse_schedule("stop: 0 8 29 2 *"), utc("2027-06-01T00:00"))
    assert change is None  # it is off since the last one

    ensure_runs(parse_schedule("stop: 0 8 29 2 *"), utc("2027-06-01T00:00"))


def test_the_end_of_the_data_is_no_proof_that_a_schedule_never_runs() -> None:
    ensure_runs(parse_schedule("start: 0 8 1 1 *"), utc("2099-06-01T00:00"))


def test_hours_are_real_hours() -> None:
    nights = parse_schedule("start: 0 22 * * *; stop: 0 6 * * * | Europe/London")

    def night(day: str) -> float:
        return hours_on(nights, utc(f"{day}T12:00"), utc(f"{day}T12:00") + timedelta(days=1))

    assert night("2017-03-24") == 8
    assert night("2017-03-25") == 7
    assert night("2017-10-28") == 9
    assert hours_on(parse_schedule("on"), utc("2026-01-01T00:00"), utc("2026-01-02T12:00")) == 36
    assert hours_on(nights, utc("2026-01-01T23:00"), utc("2026-01-01T23:30")) == 0.5


def test_events_say_when_and_why() -> None:
    schedule = parse_schedule(f"{AROUND_ONE} | Europe/London")

    events = list(events_between(schedule, utc("2017-03-25T12:00"), utc("2017-03-26T12:00")))

    assert [(event.at.astimezone(UTC), event.state, event.cause) for event in events] == [
        (utc("2017-03-26T00:30"), State.ON, "start: 30 0 * * *"),
        (utc("2017-03-26T01:00"), State.OFF, "stop: 30 1 * * *"),
    ]
    assert events[1].wall == datetime(2017, 3, 26, 1, 30)  # noqa: DTZ001 - a wall clock is naive
    assert previous_event(schedule, utc("2017-03-26T12:00")) == events[1]
    assert previous_event(parse_schedule("stop: 0 0 1 1 * 2099"), utc("2017-03-26T12:00")) is None
    assert (
        list(
            events_between(
                parse_schedule("stop: 0 0 1 1 * 2016"),
                utc("2017-03-25T12:00"),
                utc("2018-03-25T12:00"),
            )
        )
        == []
    )


def window(at: datetime) -> tuple[datetime, datetime]:
    return at - timedelta(days=3), at + timedelta(days=3)


@given(schedules_and_moments())
def test_the_state_is_that_of_the_last_event(case: tuple[Schedule, datetime]) -> None:
    schedule, at = case
    event = previous_event(schedule, at)

    assert state_at(schedule, at) is (event.state if event else State.NONE)
    assert event is None or event.at.astimezone(UTC) <= at


@given(schedules_and_moments())
def test_previous_and_next_form_one_sequence(case: tuple[Schedule, datetime]) -> None:
    schedule, at = case
    start, end = window(at)
    events = list(events_between(schedule, start, end))
    behind: list[Event] = []
    event = previous_event(schedule, end)
    # one step back is the last event of an earlier wall clock minute, so of an earlier moment or,
    # where the clocks jump, of the same
    while event is not None and event.at.astimezone(UTC) > start and len(behind) < 2000:
        behind.append(event)
        event = previous_event(schedule, event.at.astimezone(UTC) - timedelta(seconds=1))

    at_jumps_only_the_last = [
        event
        for event, following in zip_longest(events, events[1:])
        if following is None or event.at.astimezone(UTC) != following.at.astimezone(UTC)
    ]
    assert behind[::-1] == at_jumps_only_the_last
    assert all(first.wall < second.wall for first, second in pairwise(events))


@given(schedules_and_moments())
def test_the_next_change_is_the_first_moment_of_another_state(
    case: tuple[Schedule, datetime],
) -> None:
    schedule, at = case
    start, end = window(at)
    changes = list(changes_between(schedule, start, end))
    state = state_at(schedule, start)
    wanted = []
    for event in events_between(schedule, start, end):
        if state_at(schedule, event.at) is not state:
            state = state_at(schedule, event.at)
            wanted.append((event.at.astimezone(UTC), state))

    assert [(change.at.astimezone(UTC), change.state) for change in changes] == wanted
    for change in changes:
        just_before = change.at.astimezone(UTC) - timedelta(microseconds=1)
        assert state_at(schedule, just_before) is not change.state
        assert change.wall >= last_wall(just_before, zone_of(schedule.zone))
    for first, second in pairwise(changes):
        assert following_change(schedule, first) == second


@given(schedules_and_moments())
def test_hours_on_and_hours_otherwise_add_up(case: tuple[Schedule, datetime]) -> None:
    schedule, at = case
    start, end = window(at)

    whole = hours_on(schedule, start, end)

    assert 0 <= whole <= 144
    assert whole == pytest.approx(hours_on(schedule, start, at) + hours_on(schedule, at, end))
