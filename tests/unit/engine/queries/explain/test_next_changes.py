"""The next changes of what is wanted, whatever comes to decide."""

from datetime import UTC, datetime, timedelta

from controller.engine.queries.explain.next_changes import next_wanted
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import State
from controller.scheduling.timeline import state_at

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
OFFICE = parse_schedule("start: 0 8 * * 1-5; stop: 0 19 * * 1-5")


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_schedule_alone() -> None:
    found = next_wanted(lambda moment: state_at(OFFICE, moment), [OFFICE, None], [], NOW)

    assert [(one.at, one.state) for one in found] == [
        (at(25, 8), "on"),
        (at(25, 19), "off"),
        (at(26, 8), "on"),
    ]


def test_an_override_that_ends_in_between_hides_what_it_covers() -> None:
    until = at(25, 21)

    def wanted(moment: datetime) -> State:
        return State.ON if moment < until else state_at(OFFICE, moment)

    found = next_wanted(wanted, [OFFICE], [until], NOW)

    assert [(one.at, one.state) for one in found] == [
        (until, "off"),
        (at(26, 8), "on"),
        (at(26, 19), "off"),
    ]


def test_what_never_changes_ends() -> None:
    assert next_wanted(lambda _: State.ON, [parse_schedule("on")], [], NOW) == ()
    assert next_wanted(lambda _: State.ON, [OFFICE], [NOW - timedelta(days=1)], NOW) == ()
