"""A permission that lacks stops a group where it is: nothing after it is asked for, and once it is given the group comes to rest."""

from collections.abc import Sequence

import pytest

from controller.errors import AccessDenied
from tests.support.in_memory_groups import InMemoryHands
from tests.unit.targets.power_parts.test_drive import (  # fmt: skip
    NAME,
    OFF,
    ON,
    all_of,
    assert_off,
    drive,
    errors,
    web,
)

PARKING = ["tag", "Suspend", "Resize", "EnterStandby", "stop"]


def deny(hands: InMemoryHands, denied: str) -> None:
    def refuse(call: str, _ids: Sequence[str]) -> None:
        if call == denied:
            raise AccessDenied(f"access denied to {call}")

    hands.refuse = refuse


@pytest.mark.parametrize("denied", PARKING)
def test_a_group_is_not_parked(denied: str) -> None:
    hands = web()
    deny(hands, denied)

    found = errors(drive(hands, all_of(hands, OFF)))

    assert any(f"access denied to {denied}" in one for one in found)
    assert set(hands.states.values()) == {"running"}
    assert set(hands.calls) <= set(PARKING[: PARKING.index(denied) + 1])
    deny(hands, "")
    assert errors(drive(hands, all_of(hands, OFF))) == []
    assert_off(hands)


@pytest.mark.parametrize("denied", ["start", "ExitStandby", "Resize", "Resume", "untag"])
def test_a_group_is_not_woken_for_good(denied: str) -> None:
    hands = web()
    drive(hands, all_of(hands, OFF))
    deny(hands, denied)

    found = errors(drive(hands, all_of(hands, ON)))

    assert any(f"access denied to {denied}" in one for one in found)
    deny(hands, "")
    assert errors(drive(hands, all_of(hands, ON))) == []
    group = hands.kept[NAME]
    assert (group.minimum, group.desired, group.suspended, group.tags) == (2, 3, set(), {})
    assert set(group.lifecycles.values()) == {"InService"}
