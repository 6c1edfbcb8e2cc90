"""How much is asked of AWS to switch a scope: what nobody can do without, a look for each step, and tags."""

from collections import Counter
from datetime import timedelta
from math import ceil

import pytest

from controller.scheduling.schedule import State
from controller.targets.power_parts.drive import Drive, Pace
from controller.targets.power_parts.patience import Patience
from controller.targets.power_parts.rounds import Goals, GroupGoal, look_again, round_of
from tests.support.in_memory_groups import Group, InMemoryHands, StillClock

GROUPS, MEMBERS, ALONE = 60, 30, 600
TYPES = ("m6i.large", "m6i.xlarge", "c6i.large", "r6i.large")
STEPS = 2
"""Of switching: members leave, then instances stop; instances start, then members return."""
LOOK = 2
"""Requests of a look at everything: groups, and instances."""


def fleet() -> InMemoryHands:
    """Groups and instances of none, in turns of four types; all of it is on, and AWS does at once what it is asked for."""
    hands = InMemoryHands()
    names = [f"c{number}-ta-Web" for number in range(GROUPS)]
    hands.kept = {
        name: Group(0, MEMBERS, MEMBERS, {f"i-{name}-{n}": "InService" for n in range(MEMBERS)})
        for name in names
    }
    members = {
        member: TYPES[place % 4]
        for place, group in enumerate(hands.kept.values())
        for member in group.lifecycles
    }
    hands.types = members | {f"i-{number}": TYPES[number % 4] for number in range(ALONE)}
    hands.states = dict.fromkeys(hands.types, "running")
    hands.at_once = True
    return hands


def switched(hands: InMemoryHands, wanted: State) -> tuple[Counter[str], int]:
    """Switch everything; return the requests that change something, by kind, and how many look at something."""
    hands.calls.clear()
    hands.looks = 0
    goals = Goals(
        dict.fromkeys(hands.states, wanted), {name: GroupGoal(wanted) for name in hands.kept}
    )
    clock = StillClock()
    Drive(goals, hands, Pace(sleep=clock.sleep), Patience(clock.steady_s)).run()
    return Counter(hands.calls), hands.looks


STANDBY = GROUPS * ceil(MEMBERS / 20)
FLOOR = {
    # Those in no group do not wait for members.
    State.OFF: {"Suspend": GROUPS, "EnterStandby": STANDBY, "stop": ceil(ALONE / 500) + ceil(GROUPS * MEMBERS / 500)},
    State.ON: {"start": 4 * ceil((GROUPS * MEMBERS + ALONE) / 4 / 50), "ExitStandby": STANDBY, "Resume": GROUPS},
}  # fmt: skip
"""What a script sends that knows how everything stands, and looks no more."""
TAGS = {State.OFF: {"tag": ceil(GROUPS / 25)}, State.ON: {"untag": ceil(GROUPS / 25)}}


@pytest.mark.parametrize("wanted", [State.OFF, State.ON])
def test_after_each_step_only_what_it_changed_is_looked_at(wanted: State) -> None:
    hands = fleet()
    if wanted is State.ON:
        switched(hands, State.OFF)

    requests, looks = switched(hands, wanted)

    assert requests == FLOOR[wanted] | TAGS[wanted]
    assert looks == LOOK + STEPS
    there = {State.OFF: "stopped", State.ON: "running"}[wanted]
    assert set(hands.states.values()) == {there}


def test_no_step_of_a_group_is_taken_by_an_older_look_than_the_last_start() -> None:
    hands = InMemoryHands({"c1-ta-Web": Group(0, 0, 1, {"i-1": "Standby"})}, i_1="stopped")
    goals = Goals({"i-1": State.ON}, {"c1-ta-Web": GroupGoal(State.ON)})
    before, patience = hands.look(), Patience(StillClock().steady_s)
    starting = round_of(goals, before, patience)
    hands.start(starting.start)
    patience.started(starting.start)
    hands.settles, hands.at = False, hands.at + timedelta(seconds=3)
    hands.kept["c1-ta-Web"].desired = 1

    pending = look_again(hands, goals, before, starting)
    waiting = look_again(hands, goals, pending, round_of(goals, pending, patience))

    assert (pending.at, pending.instances["i-1"].state) == (hands.at, "pending")
    assert pending.groups["c1-ta-Web"].desired == 0
    assert waiting.groups["c1-ta-Web"].desired == 1


def test_what_is_listed_no_more_as_off_runs() -> None:
    hands = InMemoryHands(i_1="stopped", i_2="stopped", i_3="stopped")
    goals = Goals({"i-1": State.ON, "i-2": State.ON})
    before = hands.look()
    hands.states |= {"i-1": "running", "i-2": "terminated", "i-3": "running"}

    found = look_again(hands, goals, before, round_of(goals, before, Patience(StillClock().steady_s)))  # fmt: skip

    states = {name: one.state for name, one in found.instances.items()}
    # Of what is not to be switched nothing is told.
    assert states == {"i-1": "running", "i-2": "terminated", "i-3": "stopped"}


def test_one_type_of_four_that_is_out_costs_few_requests_and_keeps_no_other_off() -> None:
    hands = fleet()
    switched(hands, State.OFF)
    requests, looks = switched(hands, State.ON)
    usual = requests.total() + looks
    switched(hands, State.OFF)
    hands.capacity = {TYPES[3]: 0}

    requests, looks = switched(hands, State.ON)

    off = {name for name, state in hands.states.items() if state == "stopped"}
    assert off == {name for name, kind in hands.types.items() if kind == TYPES[3]}
    assert requests.total() + looks <= 1.3 * usual
