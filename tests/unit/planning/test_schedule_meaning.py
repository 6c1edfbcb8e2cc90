"""What exchanging schedules means, in hours, instances and moments."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.model.plan import ScheduleMeaning, ScheduleShift
from controller.planning.schedule_meaning import (
    Counted,
    EnvironmentFollowing,
    Following,
    RoleFollowing,
    schedule_meaning,
    with_found,
)
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.schedule import InvalidSchedule
from controller.views.plan.schedule_text import meaning_json, meaning_lines, tally_of
from controller.views.time_text import relative_day_text

NOW = datetime(2026, 11, 24, 10, 12, tzinfo=UTC)
TEXTS = {
    "office": "start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London",
    "extended": "start: 0 7 * * 1-5; stop: 0 21 * * 1-5 | Europe/London",
    "night": "start: 0 20 * * *; stop: 0 6 * * *",
    "on": "on",
    "off": "off",
    "noschedule": "noschedule",
}


def following(name: str) -> Following:
    return Following(name, parse_schedule(TEXTS[name]))


def environment(name: str, **roles: int | tuple[int, str]) -> EnvironmentFollowing:
    made = {
        role: RoleFollowing(given)
        if isinstance(given, int)
        else RoleFollowing(given[0], following(given[1]))
        for role, given in roles.items()
    }
    return EnvironmentFollowing(following(name), made)


def told(before: EnvironmentFollowing, after: EnvironmentFollowing) -> ScheduleMeaning | None:
    return schedule_meaning({"c50": before}, {"c50": after}, NOW)


@pytest.mark.parametrize(
    ("before", "after", "environment_hours", "instance_hours", "switches"),
    [
        ("office", "extended", 15, 60, ""),
        ("extended", "office", -15, -60, ""),
        ("office", "on", 113, 452, ""),
        ("office", "off", -55, -220, "off"),
        ("night", "office", -15, -60, "on"),
        ("office", "noschedule", 0, 0, ""),
    ],
)
def test_hours_are_a_weeks(
    before: str, after: str, environment_hours: float, instance_hours: float, switches: str
) -> None:
    meaning = told(environment(before, Web=4), environment(after, Web=4))

    assert meaning is not None
    assert meaning.environment_hours == environment_hours
    assert meaning.instance_hours == instance_hours
    assert meaning.shifts[0].switches_now == switches
    assert meaning.switching("off") == (4 if switches == "off" else 0)


def test_a_role_with_a_schedule_of_its_own_does_not_move_with_its_environment() -> None:
    meaning = told(
        environment("office", Web=4, Db=(1, "on")), environment("on", Web=4, Db=(1, "on"))
    )

    assert meaning is not None
    assert [one.instances for one in meaning.shifts] == [4]


def test_a_role_that_gets_one_is_told_by_its_name() -> None:
    meaning = told(environment("office", Web=4), environment("office", Web=(4, "off")))

    assert meaning is not None
    (line, total, now) = meaning_lines(meaning, expand=False)
    assert line == ("Environment c50", "role Web  office → off  on per week 55 h → 0 h")
    assert total.title.startswith("in total ±0 environment hours, -220 instance hours a week")
    assert now.title == "now (Tue 24 Nov 10:12 GMT): 4 instances stopped; first difference now"


def test_instances_that_were_seen_count_in_place_of_those_asked_for() -> None:
    meaning = told(environment("on", Web=4, Db=(1, "on")), environment("off", Web=4, Db=(1, "on")))
    assert meaning is not None
    found = {
        ("c50", "Web"): Counted(6, 5),
        ("c50", ""): Counted(1, 1),
        ("c50", "Db"): Counted(9, 9),
        ("c51", "Web"): Counted(9, 9),
    }

    seen = with_found(meaning, found)

    assert (seen.shifts[0].instances, seen.switching("off")) == (7, 6)
    assert (seen.instance_hours, seen.environment_hours) == (7 * -168, -168)
    assert "(7 instances, found)" in list(meaning_lines(seen, expand=False))[1].title
    assert meaning_json(seen)["instancesAre"] == "found"


def test_what_comes_or_goes_exchanges_nothing() -> None:
    assert schedule_meaning({}, {"c50": environment("on", Web=4)}, NOW) is None
    assert schedule_meaning({"c50": environment("on", Web=4)}, {}, NOW) is None
    assert told(environment("on", Web=4), environment("on", Web=9)) is None


def test_a_schedule_that_cannot_be_told_is_left_alone() -> None:
    broken = EnvironmentFollowing(Following("broken", InvalidSchedule("no", "write one")), {})

    meaning = told(environment("office"), broken)

    assert meaning is not None
    assert "55 h → left alone" in next(meaning_lines(meaning, expand=False)).remark
    assert list(meaning_lines(meaning, expand=False))[-1].title.endswith(
        "no difference within a year"
    )


def test_environments_alike_share_a_line() -> None:
    before = {f"c{n:02}": environment("office", Web=2) for n in range(12)}
    after = {name: environment("extended", Web=2) for name in before}

    meaning = schedule_meaning(before, after, NOW)

    assert meaning is not None
    assert tally_of(meaning) == "12 environments"
    assert len(meaning.shifts) == 1
    assert "…" in next(meaning_lines(meaning, expand=False)).title
    assert "c11" in next(meaning_lines(meaning, expand=True)).title
    assert len(meaning_json(meaning)["exchanges"][0]["environments"]) == 12


@given(
    st.sampled_from(sorted(TEXTS)),
    st.sampled_from(sorted(TEXTS)),
    st.integers(min_value=0, max_value=9),
)
def test_there_and_back_is_nothing(one: str, other: str, count: int) -> None:
    there = told(environment(one, Web=count), environment(other, Web=count))
    back = told(environment(other, Web=count), environment(one, Web=count))

    assert (there is None) == (back is None) == (one == other)
    if there is not None and back is not None:
        assert there.instance_hours == -back.instance_hours
        assert there.first_difference == back.first_difference


def test_a_schedule_that_says_otherwise_under_its_name_and_a_far_difference() -> None:
    shift = ScheduleShift(
        environments=("c50",),
        role="Web",
        before="office",
        after="office",
        hours_before=55,
        hours_after=57.5,
        instances=1,
        switches_now="",
        first_difference=datetime(2027, 1, 4, 8, tzinfo=UTC),
    )
    meaning = ScheduleMeaning((shift,), NOW, 2.5, 2.5, "found")

    lines = list(meaning_lines(meaning, expand=False))

    assert lines[0].remark == "role Web  office changes  on per week 55 h → 57.5 h"
    assert lines[1].title.startswith("in total +2.5 environment hours, +2.5 instance hours")
    assert lines[2].title.endswith("nothing switches; first difference Mon 4 Jan 2027 08:00 UTC")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 11, 24, 23, tzinfo=UTC), "today"),
        (datetime(2026, 11, 25, tzinfo=UTC), "tomorrow"),
        (datetime(2026, 12, 4, tzinfo=UTC), "Fri 4 Dec"),
        (datetime(2027, 1, 4, tzinfo=UTC), "Mon 4 Jan 2027"),
    ],
)
def test_a_day(at: datetime, told: str) -> None:
    assert relative_day_text(at, NOW) == told
