"""Schedules are remembered as they are, and what cannot be read back is not known."""

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decisions.schedule_memory import NOTHING_KNOWN, ScheduleMemory, from_json, to_json
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
from controller.scheduling.schedule import ExceptDates, Schedule, State

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OFFICE = compile_periods(
    "Europe/London",
    (Period("mon-fri", "08:00", "19:00"), Period("sat", "22:00", "04:00")),
    (ExceptDates(NOON.date(), NOON.date(), "Founders' day"),),
)
SCHEDULES = st.sampled_from(
    [
        parse_schedule("on"),
        parse_schedule("off"),
        parse_schedule("noschedule"),
        parse_schedule("start: 0 8 * * 1-5; stop: 0 19 * * 1-5 | Europe/London"),
        parse_schedule("stop: 27 16 L * * 2026"),
        OFFICE,
    ]
)
NAMES = st.sampled_from(["c50", "c51", "pr1"])


@given(
    st.dictionaries(NAMES, SCHEDULES),
    st.dictionaries(st.tuples(NAMES, st.sampled_from(["web", "db"])), SCHEDULES),
)
def test_what_is_written_is_read_back(
    environments: dict[str, Schedule], roles: dict[tuple[str, str], Schedule]
) -> None:
    memory = ScheduleMemory(environments, roles)
    assert from_json(json.loads(json.dumps(to_json(memory)))) == memory


def test_equal_schedules_are_written_once() -> None:
    memory = ScheduleMemory({f"c{number}": OFFICE for number in range(100)})
    assert len(to_json(memory)["schedules"]) == 1


def test_a_role_goes_before_its_environment() -> None:
    memory = ScheduleMemory({"c50": parse_schedule("on")}, {("c50", "web"): OFFICE})
    assert memory.wanted("C50", "Web", NOON) is State.OFF
    assert memory.wanted("c50", "Db", NOON) is State.ON
    assert memory.wanted("c51", "Web", NOON) is None


@pytest.mark.parametrize(
    "change",
    [
        {"schedules": [["start: 61 * * * *"]]},
        {"schedules": [["start: 0 8 * * * | UTC", ["2026-13-01", "2026-13-01", "x"]]]},
        {"schedules": []},
        {"schedules": None},
        {"environments": {"c50": "first"}},
    ],
)
def test_what_is_damaged_is_not_known(change: dict[str, object]) -> None:
    written = copy.deepcopy(to_json(ScheduleMemory({"c50": OFFICE})))
    assert from_json({**written, **change}) == NOTHING_KNOWN
    assert from_json({}) == NOTHING_KNOWN
