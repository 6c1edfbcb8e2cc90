"""The heap of next changes says what changed since the last look."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import Schedule, State
from controller.scheduling.timeline import state_at
from controller.scheduling.wakeups import Wakeups
from tests.unit.scheduling.strategies import schedules

OFFICE = parse_schedule("start: 0 8 * * *; stop: 0 19 * * *")
LATE = parse_schedule("start: 0 10 * * *; stop: 0 22 * * *")
MORNING = datetime(2026, 11, 24, 7, tzinfo=UTC)


def test_a_key_is_due_once_for_each_change() -> None:
    wakeups: Wakeups[str] = Wakeups()
    wakeups.put("office", OFFICE, MORNING)
    wakeups.put("late", LATE, MORNING)

    assert wakeups.next_at() == MORNING.replace(hour=8)
    assert wakeups.due(MORNING.replace(hour=7, minute=59)) == []
    assert wakeups.due(MORNING.replace(hour=8)) == [("office", State.ON, MORNING.replace(hour=8))]
    assert wakeups.due(MORNING.replace(hour=8)) == []
    assert wakeups.next_at() == MORNING.replace(hour=10)


def test_missed_ticks_cost_nothing() -> None:
    wakeups: Wakeups[str] = Wakeups()
    wakeups.put("office", OFFICE, MORNING)

    due = wakeups.due(MORNING + timedelta(days=3, hours=2))

    assert due == [("office", State.ON, MORNING.replace(hour=8) + timedelta(days=3))]
    assert wakeups.next_at() == MORNING.replace(hour=19) + timedelta(days=3)


def test_what_is_replaced_or_removed_is_not_due() -> None:
    wakeups: Wakeups[str] = Wakeups()
    wakeups.put("a", OFFICE, MORNING)
    wakeups.put("b", OFFICE, MORNING)
    wakeups.put("a", LATE, MORNING)
    wakeups.remove("b")
    wakeups.remove("nobody")

    assert len(wakeups._serials) == 1
    assert wakeups.due(MORNING.replace(hour=9)) == []
    wakeups.put("b", OFFICE, MORNING)
    wakeups.remove("b")
    assert wakeups.next_at() == MORNING.replace(hour=10)
    wakeups.remove("a")
    assert wakeups.next_at() is None


def test_replacing_again_and_again_takes_no_room() -> None:
    wakeups: Wakeups[str] = Wakeups()
    for minutes in range(500):
        wakeups.put("office", OFFICE, MORNING + timedelta(seconds=minutes))
        wakeups.put("late", LATE, MORNING + timedelta(seconds=minutes))

    assert len(wakeups._heap) < 100
    assert [due.key for due in wakeups.due(MORNING.replace(hour=11))] == ["office", "late"]


def test_what_never_changes_is_never_due() -> None:
    wakeups: Wakeups[str] = Wakeups()
    for text in ("on", "start: 0 8 * * *", "stop: 0 8 30 2 *", "stop: 0 8 1 1 * 2016"):
        wakeups.put(text, parse_schedule(text), MORNING)

    assert len(wakeups._serials) == 0
    assert wakeups.due(MORNING + timedelta(days=3660)) == []


def test_the_last_change_of_all_is_due_and_then_none() -> None:
    wakeups: Wakeups[str] = Wakeups()
    wakeups.put("once", parse_schedule("stop: 0 8 24 11 * 2026"), MORNING)

    assert [due.state for due in wakeups.due(MORNING.replace(hour=9))] == [State.OFF]
    assert len(wakeups._serials) == 0


@settings(max_examples=30)
@given(st.lists(schedules, min_size=1, max_size=5), st.lists(st.integers(1, 3000), max_size=30))
def test_whoever_listens_knows_every_state(watched: list[Schedule], steps: list[int]) -> None:
    now = datetime(2017, 3, 24, tzinfo=UTC)
    wakeups: Wakeups[int] = Wakeups()
    states = {}
    for key, schedule in enumerate(watched):
        wakeups.put(key, schedule, now)
        states[key] = state_at(schedule, now)

    for minutes in steps:
        now += timedelta(minutes=minutes)
        for due in wakeups.due(now):
            states[due.key] = due.state

    assert states == {key: state_at(schedule, now) for key, schedule in enumerate(watched)}
