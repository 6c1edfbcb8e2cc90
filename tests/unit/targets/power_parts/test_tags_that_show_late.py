"""A group's tag shows later than its sizes do: what is remembered is what it was before this run changed anything."""

import copy
from collections.abc import Sequence

import pytest

from controller.decisions.tag_keys import PARKED
from controller.errors import RefusedByAws
from controller.scheduling.schedule import State
from controller.targets.power_parts.patience import TAG_SHOWS_WITHIN_S
from controller.targets.power_parts.rounds import Goals, GroupGoal
from controller.targets.power_parts.steps import HELD_BACK
from tests.support.in_memory_groups import InMemoryHands, Killed, StillClock
from tests.unit.targets.power_parts.test_drive import (
    NAME,
    OFF,
    ON,
    all_of,
    assert_off,
    drive,
    errors,
    naming,
    web,
)


def test_a_tag_that_does_not_show_yet_is_not_written_anew_from_sizes_that_are_lower() -> None:
    hands = web()
    hands.hidden_tags = 50
    hands.refuse = naming(NAME, "ScalingActivityInProgress", 1, only="EnterStandby")

    assert errors(drive(hands, all_of(hands, OFF))) == []

    assert hands.calls.count("tag") == 1
    assert hands.kept[NAME].tags == {PARKED: "min=2 desired=3"}


def test_a_tag_that_shows_still_is_not_taken_off_again() -> None:
    hands = web()
    drive(hands, all_of(hands, OFF))
    hands.groups()
    hands.hidden_tags = 50

    assert errors(drive(hands, all_of(hands, ON))) == []

    assert hands.calls.count("untag") == 1
    assert (hands.kept[NAME].minimum, hands.kept[NAME].desired) == (2, 3)


def test_a_tag_that_was_seen_holds_for_the_run_though_a_later_look_lacks_it() -> None:
    hands = web()
    goals = all_of(hands, OFF)
    hands.enters_standby = False
    drive(hands, Goals({"i-0": OFF}, {NAME: GroupGoal(OFF)}))
    tag = hands.kept[NAME].tags[PARKED]
    hands.groups()

    def refuse(call: str, ids: Sequence[str]) -> None:
        if call == "EnterStandby" and PARKED in hands.kept[NAME].tags:
            del hands.kept[NAME].tags[PARKED]
            raise RefusedByAws("AWS refused", "ScalingActivityInProgress", instances=ids)

    hands.refuse = refuse
    hands.enters_standby = True
    assert errors(drive(hands, goals)) == []
    assert "tag" not in hands.calls[1:]
    assert tag == "min=2 desired=3"


def begun(hands: InMemoryHands, requests: int) -> None:
    """Let a run that parks end after so many requests, and another follow at once: tags do not show yet."""
    hands.budget = requests
    with pytest.raises(Killed):
        drive(hands, all_of(hands, OFF))
    hands.budget, hands.hidden_tags = None, 3


@pytest.mark.parametrize("requests", [1, 2, 3, 4])
def test_the_run_after_does_not_write_the_tag_anew_from_what_parking_left(requests: int) -> None:
    hands = web(members=45)
    begun(hands, requests)
    clock = StillClock()

    assert errors(drive(hands, all_of(hands, OFF), clock)) == []

    assert hands.kept[NAME].tags == {PARKED: "min=2 desired=45"}
    assert_off(hands)
    assert clock.seconds < TAG_SHOWS_WITHIN_S


def test_of_a_group_whose_processes_somebody_suspended_the_tag_is_written_after_a_while() -> None:
    hands = web()
    hands.kept[NAME].suspended = set(HELD_BACK)
    before = copy.deepcopy(hands.kept[NAME])
    clock = StillClock()

    assert errors(drive(hands, all_of(hands, OFF), clock)) == []

    assert_off(hands)
    assert TAG_SHOWS_WITHIN_S <= clock.seconds < 2 * TAG_SHOWS_WITHIN_S
    assert errors(drive(hands, all_of(hands, ON))) == []
    assert hands.kept[NAME] == before


def test_a_group_that_scales_is_remembered_as_it_was_also_by_the_run_after() -> None:
    hands = web()
    goals = Goals(groups={NAME: GroupGoal(OFF, scales=True)})
    hands.budget = 2
    with pytest.raises(Killed):
        drive(hands, goals)
    hands.budget, hands.hidden_tags = None, 3

    assert errors(drive(hands, goals)) == []

    assert hands.kept[NAME].tags == {PARKED: "min=2 desired=3"}
    assert hands.kept[NAME].desired == 0


@pytest.mark.parametrize("wanted", [OFF, ON])
def test_a_tag_that_shows_still_is_not_what_the_next_parking_goes_by(wanted: State) -> None:
    hands = web()
    drive(hands, all_of(hands, OFF))
    drive(hands, all_of(hands, ON))
    hands.groups()
    hands.shown_tags = {NAME: {PARKED: "min=2 desired=3"}}
    hands.hidden_tags = 6
    goals = Goals({"i-0": OFF}, {NAME: GroupGoal(wanted)})

    assert errors(drive(hands, goals)) == []

    assert hands.kept[NAME].tags == {PARKED: "min=2 desired=3"}
