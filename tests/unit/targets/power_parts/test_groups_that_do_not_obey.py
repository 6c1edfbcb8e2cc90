"""Members that are lost in standby, may not be stopped, or are not taken back: a state with words, and never a loop."""

from controller.decisions.tag_keys import PARKED
from controller.scheduling.schedule import State
from controller.targets.power_parts.drive import Drive, Pace
from controller.targets.power_parts.patience import Patience
from controller.targets.power_parts.rounds import Goals, GroupGoal, Outcomes
from tests.support.in_memory_groups import Group, InMemoryHands, StillClock

NAME = "c50-ta-Web"
ON, OFF = State.ON, State.OFF


def web() -> InMemoryHands:
    """A group of three that runs as it should."""
    ids = [f"i-{number}" for number in range(3)]
    hands = InMemoryHands({NAME: Group(2, 3, 5, dict.fromkeys(ids, "InService"))})
    hands.states |= dict.fromkeys(ids, "running")
    return hands


def drive(hands: InMemoryHands, wanted: State) -> Outcomes:
    clock = StillClock()
    goals = Goals(dict.fromkeys(hands.states, wanted), {NAME: GroupGoal(wanted)})
    return Drive(goals, hands, Pace(sleep=clock.sleep), Patience(clock.steady_s)).run()


def errors(outcomes: Outcomes) -> dict[str, str]:
    every = {**outcomes.instances, **outcomes.groups}
    return {name: one.error.message for name, one in every.items() if one.error}


def test_a_member_that_ended_in_standby_is_put_back_when_its_group_wakes_and_replaced() -> None:
    hands = web()
    drive(hands, OFF)
    del hands.states["i-1"]
    hands.calls.clear()

    assert errors(drive(hands, OFF)) == {}
    assert hands.calls == []
    assert errors(drive(hands, ON)) == {}

    group = hands.kept[NAME]
    assert group.lifecycles == dict.fromkeys(["i-0", "i-2", "i-for-i-1"], "InService")
    assert (group.minimum, group.desired, group.tags, group.suspended) == (2, 3, {}, set())


def test_a_member_that_is_not_replaced_is_told_by_the_run_that_put_it_back() -> None:
    hands = web()
    drive(hands, OFF)
    del hands.states["i-1"]
    hands.cannot_launch = {NAME}

    told = f"{NAME}: 2 of 3 in service; AWS's last activity failed: Launching EC2 instance failed"
    assert errors(drive(hands, ON)) == {NAME: told}
    assert hands.states == {"i-0": "running", "i-2": "running"}
    assert hands.kept[NAME].tags == {}


def test_a_member_that_may_not_be_stopped_goes_back_into_service_and_is_not_taken_out_again() -> (
    None
):
    hands = web()
    hands.protected = {"i-1"}

    found = errors(drive(hands, OFF))

    assert list(found) == ["i-1"]
    assert "OperationNotPermitted" in found["i-1"]
    group = hands.kept[NAME]
    assert group.lifecycles == {"i-0": "Standby", "i-1": "InService", "i-2": "Standby"}
    assert hands.states == {"i-0": "stopped", "i-1": "running", "i-2": "stopped"}
    assert group.tags == {PARKED: "min=2 desired=3 cannotStop=i-1"}
    assert hands.calls.count("ExitStandby") == 1

    assert errors(drive(hands, ON)) == {}
    assert (group.minimum, group.desired, group.tags) == (2, 3, {})


def test_while_launch_is_suspended_the_group_says_why_its_members_stay_in_standby() -> None:
    hands = web()
    drive(hands, OFF)
    hands.kept[NAME].suspended.add("Launch")
    hands.calls.clear()

    found = errors(drive(hands, ON))

    told = f"{NAME}: its process Launch is suspended, so AWS takes no member back into service: resume it (3 wait)"
    assert found[NAME] == told
    assert "ExitStandby" not in hands.calls
    hands.kept[NAME].suspended.remove("Launch")
    assert errors(drive(hands, ON)) == {}
    assert set(hands.kept[NAME].lifecycles.values()) == {"InService"}


def scale(hands: InMemoryHands, wanted: State) -> Outcomes:
    clock = StillClock()
    goals = Goals(groups={NAME: GroupGoal(wanted, scales=True)})
    return Drive(goals, hands, Pace(sleep=clock.sleep), Patience(clock.steady_s)).run()


def test_a_group_that_cannot_launch_says_why_and_is_waited_for_by_the_next_run() -> None:
    hands = web()
    scale(hands, OFF)
    hands.cannot_launch = {NAME}

    for _ in range(2):
        told = (
            f"{NAME}: 0 of 3 in service; AWS's last activity failed: Launching EC2 instance failed"
        )
        assert errors(scale(hands, ON)) == {NAME: told}
        assert PARKED in hands.kept[NAME].tags

    hands.cannot_launch = set()
    hands.kept[NAME].lifecycles = dict.fromkeys(["i-7", "i-8", "i-9"], "InService")
    assert errors(scale(hands, ON)) == {}
    assert hands.kept[NAME].tags == {}


def test_a_group_that_may_not_launch_as_launch_is_suspended_says_so() -> None:
    hands = web()
    scale(hands, OFF)
    hands.kept[NAME].suspended.add("Launch")
    hands.cannot_launch = {NAME}

    told = f"{NAME}: its process Launch is suspended, so AWS launches no members: resume it"
    assert errors(scale(hands, ON)) == {NAME: told}
    assert PARKED in hands.kept[NAME].tags


def test_members_that_are_protected_from_scale_in_are_told() -> None:
    hands = web()
    hands.protected = {"i-1"}

    told = f"{NAME}: AWS does not end members that are protected from scale-in: take that off i-1"
    assert errors(scale(hands, OFF)) == {NAME: told}
    assert (hands.kept[NAME].minimum, hands.kept[NAME].desired) == (0, 0)
    assert list(hands.kept[NAME].lifecycles) == ["i-1"]


def test_a_group_that_may_not_end_members_as_terminate_is_suspended_says_so() -> None:
    hands = web()
    hands.kept[NAME].suspended.add("Terminate")

    told = f"{NAME}: its process Terminate is suspended, so AWS ends no members: resume it"
    for _ in range(2):
        assert errors(scale(hands, OFF)) == {NAME: told}
    assert (hands.kept[NAME].minimum, hands.kept[NAME].desired) == (0, 0)
    assert hands.calls.count("Resize") == 1


def test_more_members_that_may_not_be_stopped_than_a_tag_takes_are_not_asked_again_either() -> None:
    ids = [f"i-{number}" for number in range(10)]
    hands = InMemoryHands({NAME: Group(0, 10, 12, dict.fromkeys(ids, "InService"))})
    hands.states |= dict.fromkeys(ids, "running")
    hands.protected = set(ids[:9])

    found = errors(drive(hands, OFF))

    assert sorted(found) == ids[:9]
    group = hands.kept[NAME]
    assert group.tags == {PARKED: "min=0 desired=10 cannotStop=any"}
    assert group.lifecycles == dict.fromkeys(ids[:9], "InService") | {"i-9": "Standby"}
    assert errors(drive(hands, ON)) == {}
    assert (group.desired, group.tags) == (10, {})
