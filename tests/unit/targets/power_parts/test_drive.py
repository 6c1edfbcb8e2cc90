"""Groups are parked and woken in one go, from any state a run that died may have left."""

import contextlib
import copy
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decisions.tag_keys import PARKED
from controller.errors import Interrupted, RefusedByAws, Throttled
from controller.scheduling.schedule import State
from controller.targets.power_parts.drive import HOLD_S, Drive, Pace
from controller.targets.power_parts.patience import Patience
from controller.targets.power_parts.rounds import Goals, GroupGoal, Outcomes
from controller.targets.power_parts.steps import HELD_BACK
from tests.support.in_memory_groups import Group, InMemoryHands, Killed, StillClock

NAME = "c50-ta-Web"
ON, OFF = State.ON, State.OFF


def web(members: int = 3, minimum: int = 2, spare: int = 2, **more: str) -> InMemoryHands:
    """A group that runs as it should."""
    ids = [f"i-{number}" for number in range(members)]
    group = Group(minimum, members, members + spare, dict.fromkeys(ids, "InService"))
    hands = InMemoryHands({NAME: group}, **more)
    hands.states |= dict.fromkeys(ids, "running")
    return hands


def drive(hands: InMemoryHands, goals: Goals, clock: StillClock | None = None) -> Outcomes:
    clock = clock or StillClock()
    return Drive(goals, hands, Pace(sleep=clock.sleep), Patience(clock.steady_s)).run()


def all_of(hands: InMemoryHands, wanted: State) -> Goals:
    return Goals(dict.fromkeys(hands.states, wanted), {NAME: GroupGoal(wanted)})


def errors(outcomes: Outcomes) -> list[str]:
    return [
        str(one.error)
        for one in (*outcomes.instances.values(), *outcomes.groups.values())
        if one.error
    ]


def assert_off(hands: InMemoryHands) -> None:
    group = hands.kept[NAME]
    assert set(group.lifecycles.values()) <= {"Standby"}
    assert set(hands.states.values()) <= {"stopped"}
    assert (group.minimum, group.desired) == (0, 0)
    assert group.suspended >= HELD_BACK


def test_parking_is_tagged_first_and_stops_last() -> None:
    hands = web()
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert_off(hands)
    assert hands.kept[NAME].tags == {PARKED: "min=2 desired=3"}
    assert hands.calls == ["tag", "Suspend", "Resize", "EnterStandby", "stop"]


def test_launch_is_never_suspended() -> None:
    hands = web()
    drive(hands, all_of(hands, OFF))
    assert "Launch" not in hands.kept[NAME].suspended


def test_waking_gives_back_sizes_and_processes_and_takes_the_tag_off_last() -> None:
    hands = web()
    hands.kept[NAME].suspended = {"AZRebalance"}
    before = copy.deepcopy(hands.kept[NAME])
    drive(hands, all_of(hands, OFF))
    hands.calls.clear()
    assert errors(drive(hands, all_of(hands, ON))) == []
    assert hands.kept[NAME] == before
    assert hands.calls == ["start", "ExitStandby", "Resize", "Resume", "untag"]


def test_a_group_with_minimum_nothing_is_not_resized() -> None:
    hands = web(minimum=0)
    drive(hands, all_of(hands, OFF))
    assert "Resize" not in hands.calls


def test_more_members_than_a_request_takes_go_in_portions() -> None:
    hands = web(members=45)
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert hands.calls.count("EnterStandby") == 3
    assert_off(hands)


def test_a_member_that_stays_on_keeps_the_minimum_it_can() -> None:
    hands = web()
    goals = Goals({"i-0": OFF, "i-1": OFF}, {NAME: GroupGoal(OFF)})
    assert errors(drive(hands, goals)) == []
    group = hands.kept[NAME]
    assert group.lifecycles["i-2"] == "InService"
    assert hands.states["i-2"] == "running"
    assert (group.minimum, group.desired) == (1, 1)


def test_a_single_member_leaves_a_group_that_goes_on() -> None:
    hands = web()
    goals = Goals({"i-0": OFF}, {NAME: GroupGoal(ON)})
    assert errors(drive(hands, goals)) == []
    # Else AWS launches in the zone it is missing in, and ends another one elsewhere.
    assert hands.kept[NAME].suspended == {"AZRebalance"}
    assert (hands.kept[NAME].minimum, hands.kept[NAME].desired) == (2, 2)
    hands.calls.clear()
    assert errors(drive(hands, Goals({}, {NAME: GroupGoal(ON)}))) == []
    assert (hands.calls, hands.kept[NAME].suspended) == ([], {"AZRebalance"})
    assert errors(drive(hands, all_of(hands, ON))) == []
    assert (hands.kept[NAME].suspended, hands.kept[NAME].tags) == (set(), {})


def test_members_lost_while_parked_are_made_up_for() -> None:
    hands = web()
    drive(hands, all_of(hands, OFF))
    del hands.kept[NAME].lifecycles["i-0"], hands.states["i-0"]
    assert errors(drive(hands, all_of(hands, ON))) == []
    assert hands.kept[NAME].desired == 3
    assert hands.kept[NAME].minimum == 2


def test_a_maximum_lowered_meanwhile_leaves_members_in_standby_and_says_so() -> None:
    hands = web(members=3, spare=0)
    drive(hands, all_of(hands, OFF))
    hands.kept[NAME].maximum = 2
    found = errors(drive(hands, all_of(hands, ON)))
    assert any("MaxSize 2 leaves no room for 1" in one for one in found)
    assert sorted(hands.kept[NAME].lifecycles.values()) == ["InService", "InService", "Standby"]


def test_scaling_to_zero_and_back() -> None:
    hands = web()
    goals = Goals(groups={NAME: GroupGoal(OFF, scales=True)})
    assert errors(drive(hands, goals)) == []
    assert hands.states == {}
    assert errors(drive(hands, Goals(groups={NAME: GroupGoal(ON, scales=True)}))) == []
    group = hands.kept[NAME]
    assert (group.minimum, group.desired, group.suspended, group.tags) == (2, 3, set(), {})


def test_a_tag_that_cannot_be_read_leaves_the_group_as_it_is() -> None:
    hands = web()
    hands.kept[NAME].tags[PARKED] = "{}"
    found = errors(drive(hands, all_of(hands, OFF)))
    assert all("cannot be read" in one for one in found)
    assert len(found) == 4
    assert hands.calls == []


def test_instances_outside_groups_are_switched_in_batches() -> None:
    hands = InMemoryHands()
    hands.states = {f"i-{number}": "running" for number in range(1100)}
    assert errors(drive(hands, Goals(dict.fromkeys(hands.states, OFF)))) == []
    assert hands.calls == ["stop"] * 3
    assert set(hands.states.values()) == {"stopped"}


def naming(bad: str, code: str, times: int, only: str = "") -> Callable[[str, Sequence[str]], None]:
    left = [times]

    def refuse(call: str, ids: Sequence[str]) -> None:
        if bad in ids and left[0] and only in ("", call):
            left[0] -= 1
            raise RefusedByAws(f"AWS refused ({code}): {bad}", code, instances=[bad])

    return refuse


def silent(bad: str, code: str) -> Callable[[str, Sequence[str]], None]:
    def refuse(_call: str, ids: Sequence[str]) -> None:
        if bad in ids:
            raise RefusedByAws(f"AWS refused ({code})", code)

    return refuse


@pytest.mark.parametrize(
    "how", [naming("i-7", "Weird", 99), silent("i-7", "Weird")], ids=["named", "silent"]
)
def test_one_bad_id_is_found_and_the_others_go_on(
    how: Callable[[str, Sequence[str]], None],
) -> None:
    hands = InMemoryHands()
    hands.states = {f"i-{number}": "running" for number in range(300)}
    hands.refuse = how
    outcomes = drive(hands, Goals(dict.fromkeys(hands.states, OFF)))
    assert [name for name, one in outcomes.instances.items() if one.error] == ["i-7"]
    assert [name for name, state in hands.states.items() if state != "stopped"] == ["i-7"]
    assert len(hands.calls) <= 20


def test_throttling_of_a_group_holds_no_other_up() -> None:
    hands = web(i_9="running")
    thrown = [2]

    def refuse(call: str, _ids: Sequence[str]) -> None:
        if call == "EnterStandby" and thrown[0]:
            thrown[0] -= 1
            raise Throttled("AWS throttles")

    hands.refuse = refuse
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert_off(hands)


def test_an_instance_gone_meanwhile_is_off_but_cannot_be_started() -> None:
    hands = InMemoryHands(i_1="running")
    outcomes = drive(hands, Goals({"i-1": OFF, "i-2": OFF, "i-3": ON}))
    assert outcomes.instances["i-2"].message == "ended meanwhile"
    assert "no more there" in str(outcomes.instances["i-3"].error)


@pytest.mark.parametrize(
    ("state", "wanted", "message"),
    [
        ("pending", OFF, "on its way"),
        ("stopping", OFF, "asked for; still stopping"),
        ("pending", ON, "asked for; still pending"),
    ],
)
def test_what_aws_takes_long_for_is_handed_back(state: str, wanted: State, message: str) -> None:
    hands = InMemoryHands(i_1=state)
    clock = StillClock()
    outcome = drive(hands, Goals({"i-1": wanted}), clock).instances["i-1"]
    assert (outcome.error, outcome.goes_on, outcome.message) == (None, True, message)
    assert clock.seconds <= HOLD_S
    assert hands.calls == []


@pytest.mark.parametrize(
    ("state", "wanted", "error", "message"),
    [
        ("pending", OFF, "i-1: still pending after 20 s", ""),
        ("stopping", OFF, None, "asked for; still stopping"),
        ("pending", ON, "i-1: still pending after 20 s", ""),
        ("stopped", ON, None, "asked for; still pending since moments ago"),
    ],
)
def test_what_is_still_on_its_way_when_the_run_ends_is_left_to_the_next(
    state: str, wanted: State, error: str | None, message: str
) -> None:
    hands, clock = InMemoryHands(i_1=state), StillClock()
    hands.settles = False
    clock.seconds = 12.0
    pace = Pace(sleep=clock.sleep, within_s=20.0, since_s=0.0)
    done = Drive(Goals({"i-1": wanted}), hands, pace, Patience(clock.steady_s)).run()
    outcome = done.instances["i-1"]
    assert (outcome.goes_on, outcome.message) == (False, message)
    assert error == (outcome.error and outcome.error.message)
    assert clock.seconds <= 20


def test_a_group_that_is_not_off_when_the_run_ends_fails_with_its_members() -> None:
    hands, clock = web(), StillClock()
    hands.enters_standby = False
    pace = Pace(sleep=clock.sleep, within_s=5.0, since_s=0.0)
    goals = all_of(hands, OFF)
    found = errors(Drive(goals, hands, pace, Patience(clock.steady_s)).run())
    assert len(found) == len(goals.power)
    assert all("running after 5 s\n  fix: nothing" in text for text in found)


def test_as_long_as_anything_gets_ready_one_act_goes_on() -> None:
    hands = InMemoryHands(i_1="stopping", i_2="running")
    clock = StillClock()
    hands.refuse = naming("i-2", "IncorrectInstanceState", 2)
    outcomes = drive(hands, Goals({"i-1": OFF, "i-2": OFF}), clock)
    assert outcomes.instances["i-2"].error is None
    assert hands.states["i-2"] == "stopped"
    assert outcomes.instances["i-1"].goes_on


def test_a_group_on_its_way_is_handed_back_and_the_next_look_tells_what_is_next() -> None:
    hands = web()
    hands.enters_standby = False
    outcomes = drive(hands, all_of(hands, OFF))
    assert errors(outcomes) == []
    assert all(outcome.goes_on for outcome in outcomes.instances.values())
    hands.enters_standby = True
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert_off(hands)


def interrupt_from(hands: InMemoryHands, nth: int) -> None:
    """Let a Ctrl-C come before the n-th request from now on."""
    already = len(hands.calls)

    def refuse(_call: str, _ids: Sequence[str]) -> None:
        if len(hands.calls) - already >= nth:
            raise Interrupted("interrupted")

    hands.refuse = refuse


@pytest.mark.parametrize("nth", range(1, 7))
def test_an_interruption_leaves_a_true_answer_for_everything(nth: int) -> None:
    hands = web()
    goals = all_of(hands, OFF)
    interrupt_from(hands, nth)

    outcomes = drive(hands, goals)

    assert outcomes.instances.keys() == goals.power.keys()
    assert len(hands.calls) <= nth
    for name, outcome in outcomes.instances.items():
        asked = hands.states[name] in ("stopping", "stopped")
        assert (outcome.error is None) is asked
        assert asked or isinstance(outcome.error, Interrupted)
        assert not outcome.goes_on
    hands.refuse = lambda _call, _ids: None
    assert errors(drive(hands, goals)) == []
    assert_off(hands)


def test_members_that_were_to_be_ended_are_not_called_so_after_an_interruption() -> None:
    hands = web()
    interrupt_from(hands, 2)

    outcomes = drive(hands, Goals(replaced=frozenset({"i-0", "i-1", "i-2"})))

    assert "i-0" not in hands.states
    assert outcomes.instances["i-0"].error is None
    assert isinstance(outcomes.instances["i-1"].error, Interrupted)
    assert isinstance(outcomes.instances["i-2"].error, Interrupted)


def test_a_stuck_member_is_ended_once() -> None:
    hands = web()
    hands.states["i-0"] = "pending"
    drive(hands, Goals(replaced=frozenset({"i-0"})))
    assert hands.calls == ["replace"]
    assert "i-0" not in hands.states


@given(
    members=st.integers(1, 25),
    minimum=st.integers(0, 25),
    kept=st.frozensets(st.sampled_from(["ScheduledActions", "AZRebalance", "HealthCheck"])),
    kills=st.lists(st.integers(0, 6), max_size=6),
    way=st.lists(st.sampled_from([ON, OFF]), min_size=1, max_size=4),
)
def test_killed_anywhere_the_next_run_converges_and_a_group_gets_everything_back(
    members: int, minimum: int, kept: frozenset[str], kills: list[int], way: list[State]
) -> None:
    hands = web(members, min(minimum, members))
    hands.kept[NAME].suspended = set(kept)
    before = copy.deepcopy(hands.kept[NAME])
    for budget in kills:
        wanted = way[budget % len(way)]
        hands.budget = budget
        with contextlib.suppress(Killed):
            drive(hands, all_of(hands, wanted))
    hands.budget = None
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert_off(hands)
    parked = hands.kept[NAME].tags[PARKED]
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert hands.kept[NAME].tags[PARKED] == parked
    assert errors(drive(hands, all_of(hands, ON))) == []
    assert hands.kept[NAME] == before
    assert set(hands.states.values()) == {"running"}


@given(on=st.frozensets(st.integers(0, 5)), minimum=st.integers(0, 6))
def test_what_is_there_needs_no_request(on: frozenset[int], minimum: int) -> None:
    hands = web(6, minimum)
    goals = Goals(
        {f"i-{number}": ON if number in on else OFF for number in range(6)},
        {NAME: GroupGoal(OFF)},
    )
    assert errors(drive(hands, goals)) == []
    hands.calls.clear()
    drive(hands, goals)
    assert hands.calls == []
