"""Schedules are remembered as they are, and what cannot be read back is not known."""

import copy
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decisions.evaluator import Evaluator, power_rules_of
from controller.decisions.power_map import power_map
from controller.decisions.schedule_memory import (
    NOTHING_KNOWN,
    ScheduleMemory,
    from_json,
    left_to_switch,
    memory_of,
    to_json,
)
from controller.model.live import FoundGroup, FoundInstance
from controller.scheduling.grammar import parse_schedule
from controller.scheduling.periods import Period, compile_periods
from controller.scheduling.schedule import ExceptDates, Schedule, State
from tests.support.live_account import FLEET, accepted_of
from tests.unit.decisions.looks import group, instance, look

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
    st.dictionaries(st.sampled_from(["i-1", "i-2"]), st.datetimes(timezones=st.just(UTC))),
)
def test_what_is_written_is_read_back(
    environments: dict[str, Schedule],
    roles: dict[tuple[str, str], Schedule],
    cannot_stop: dict[str, datetime],
) -> None:
    memory = ScheduleMemory(environments, roles, cannot_stop)
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
        {"cannotStop": {"i-1": "yesterday"}},
        {"cannotStop": {"i-1": 5}},
        {"cannotStop": {"i-1": "9999-12-31T23:59:59-23:00"}},
        {"cannotStop": ["i-1"]},
    ],
)
def test_what_is_damaged_is_not_known(change: dict[str, object]) -> None:
    written = copy.deepcopy(to_json(ScheduleMemory({"c50": OFFICE})))
    assert from_json({**written, **change}) == NOTHING_KNOWN
    assert from_json({}) == NOTHING_KNOWN


def test_a_row_of_a_version_that_kept_no_refusals_is_read() -> None:
    written = to_json(ScheduleMemory({"c50": OFFICE}))
    del written["cannotStop"]
    assert from_json(written) == ScheduleMemory({"c50": OFFICE})


ON, OFF = (
    ScheduleMemory({"c50": parse_schedule("on")}),
    ScheduleMemory({"c50": parse_schedule("off")}),
)
UNTIL = "on until 2026-11-24T13:00Z"


def left(
    *found: FoundInstance | FoundGroup,
    now: str = "off",
    before: ScheduleMemory = ON,
    switched: tuple[str, ...] = (),
    when_off: str = "standby",
) -> set[str]:
    documents = copy.deepcopy(FLEET)
    documents["Environment", "c50"]["schedule"] = now
    documents["DeploymentMap", "web"]["roles"][0]["whenOff"] = when_off
    accepted = accepted_of(documents)
    power = power_map(accepted)
    evaluator = Evaluator(look(*found, at=NOON), power, NOON, power_rules_of(accepted.options))
    return set(left_to_switch(evaluator.instances, before, memory_of(power), switched, NOON))


@pytest.mark.parametrize(
    ("found", "because"),
    [
        (instance("i-1"), "it runs: refused, or its stop failed"),
        (instance("i-1", launched_at=NOON), "its stop waits for its grace"),
        (instance("i-1", Maintenance="true"), "its stop waits for the end of its maintenance"),
        (instance("i-1", envctl__override=UNTIL), "its stop waits for the end of an override"),
        (instance("i-1", "pending"), "its stop waits until it has started"),
    ],
)
def test_an_edit_has_something_left_to_switch(found: FoundInstance, because: str) -> None:
    assert left(found) == {"c50"}, because


@pytest.mark.parametrize(
    ("found", "because"),
    [
        (instance("i-1", "stopped"), "it is as the edit wants it"),
        (instance("i-1", "stopping"), "it is nearly so"),
        (instance("i-1", environment="c99"), "nobody knows its environment"),
        (instance("i-1", environment="c51"), "its environment was not edited"),
        (instance("i-1", Schedule="on"), "it follows the tag of a person, not the document"),
        (instance("i-1", Schedule="noschedule"), "a person wants it left alone"),
        (instance("i-1", aws__autoscaling__groupName="c50-ta-Web"), "its group lists it not"),
    ],
)
def test_nothing_of_an_edit_is_left(found: FoundInstance, because: str) -> None:
    assert left(found) == set(), because


def test_what_was_switched_just_now_is_not_left() -> None:
    member = group("c50-ta-Web", {"i-1": "InService"})
    assert left(instance("i-1"), member) == {"c50"}
    assert left(instance("i-1"), member, switched=("i-1",)) == set()
    assert left(instance("i-1"), member, switched=("c50-ta-Web",)) == set(), "its group went to 0"


def test_what_a_role_ignores_is_never_switched() -> None:
    assert left(instance("i-1"), when_off="ignore") == set()


@pytest.mark.parametrize(
    ("state", "now", "before", "expected"),
    [
        ("stopped", "on", OFF, {"c50"}),
        ("running", "on", OFF, set()),
        ("stopped", "noschedule", ON, set()),
        ("running", "off", OFF, set()),
        ("running", "off", NOTHING_KNOWN, {"c50"}),
    ],
)
def test_it_counts_what_the_schedule_before_wanted(
    state: str, now: str, before: ScheduleMemory, expected: set[str]
) -> None:
    assert left(instance("i-1", state), now=now, before=before) == expected
