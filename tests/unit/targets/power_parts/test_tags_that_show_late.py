"""A group's tag shows later than its sizes do: what is remembered is what it was before this run changed anything."""

from collections.abc import Sequence

from controller.decisions.tag_keys import PARKED
from controller.errors import RefusedByAws
from controller.targets.power_parts.rounds import Goals, GroupGoal
from tests.unit.targets.power_parts.test_drive import (
    NAME,
    OFF,
    ON,
    all_of,
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
