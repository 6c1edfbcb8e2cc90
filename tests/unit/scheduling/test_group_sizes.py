"""The sizes of a group, awake and parked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.scheduling.facts import WhenOff
from controller.scheduling.group_sizes import (
    GroupMember,
    GroupPower,
    GroupSizes,
    RoleSizes,
    group_sizes,
)
from controller.scheduling.schedule import State

ROLE = RoleSizes(2, 4, 6)
EXTERNAL = RoleSizes(2, 4, 6, desired_is_external=True)
ON, OFF = State.ON, State.OFF


def members(in_service: int = 0, standby: int = 0, wanted: State = OFF) -> list[GroupMember]:
    return [GroupMember("InService", wanted)] * in_service + [
        GroupMember("Standby", wanted)
    ] * standby


@pytest.mark.parametrize(
    ("role", "power", "of", "sizes", "because"),
    [
        (ROLE, GroupPower(ON), members(4, 0, ON), (2, 4, 6), "as the role says"),
        (ROLE, GroupPower(ON), [], (2, 4, 6), "as the role says, before any instance is there"),
        (ROLE, GroupPower(ON), members(1, 3, ON), (1, 1, 6), "three are still to be woken"),
        (ROLE, GroupPower(ON), members(0, 5, ON), (0, 0, 6), "never below nought"),
        (ROLE, GroupPower(OFF), members(4, 0), (0, 0, 6), "to be parked"),
        (ROLE, GroupPower(OFF), members(0, 4), (0, 0, 6), "parked"),
        (
            ROLE,
            GroupPower(OFF),
            [*members(3), GroupMember("InService", ON)],
            (1, 1, 6),
            "one has a tag of its own and stays",
        ),
        (
            ROLE,
            GroupPower(OFF),
            [*members(1), GroupMember("InService", State.NOSCHEDULE)],
            (1, 1, 6),
            "one that nobody may touch stays",
        ),
        (
            ROLE,
            GroupPower(OFF),
            [GroupMember("Standby", State.NOSCHEDULE), GroupMember("Terminating:Wait", ON)],
            (0, 0, 6),
            "put aside by others, or leaving: not in service",
        ),
        (ROLE, GroupPower(OFF), [GroupMember("Standby", ON)], (1, 1, 6), "to be brought back"),
        (ROLE, GroupPower(OFF), members(9, 0, ON), (2, 6, 6), "never above the maximum"),
        (ROLE, GroupPower(State.NOSCHEDULE), members(4), (2, 4, 6), "left as the role says"),
        (ROLE, GroupPower(State.NONE), members(4), (2, 4, 6), "nothing is wanted yet"),
        (RoleSizes(2, 4, 6, when_off="scaleToZero"), GroupPower(OFF), members(4), (0, 0, 6), "0"),
        (RoleSizes(2, 4, 6, when_off="ignore"), GroupPower(OFF), members(4), (2, 4, 6), "as ever"),
        (EXTERNAL, GroupPower(ON), members(5, 0, ON), (2, None, 6), "others own the desired size"),
        (EXTERNAL, GroupPower(ON, 5), members(2, 3, ON), (2, 2, 6), "waking to what it had"),
        (EXTERNAL, GroupPower(ON, 9), members(2, 0, ON), (2, 6, 6), "never above the maximum"),
        (EXTERNAL, GroupPower(ON), members(4, 1, ON), (1, None, 6), "one is put aside"),
        (EXTERNAL, GroupPower(OFF), members(4), (0, 0, 6), "off is off"),
    ],
)
def test_sizes(
    role: RoleSizes,
    power: GroupPower,
    of: list[GroupMember],
    sizes: tuple[int, int | None, int],
    because: str,
) -> None:
    assert group_sizes(role, power, of) == GroupSizes(*sizes), because


@given(
    st.lists(st.integers(0, 9), min_size=3, max_size=3).map(sorted),
    st.booleans(),
    st.sampled_from(["standby", "scaleToZero", "ignore"]),
    st.sampled_from(State),
    st.none() | st.integers(0, 12),
    st.lists(
        st.builds(
            GroupMember,
            st.sampled_from(["InService", "Standby", "Pending", "Terminating"]),
            st.sampled_from(State),
        ),
        max_size=12,
    ),
)
def test_aws_accepts_the_sizes(
    role: list[int],
    external: bool,
    when_off: WhenOff,
    wanted: State,
    parked: int | None,
    of: list[GroupMember],
) -> None:
    low, middle, high = role
    minimum, desired, maximum = group_sizes(
        RoleSizes(low, middle, high, external, when_off), GroupPower(wanted, parked), of
    )

    assert maximum == high
    assert 0 <= minimum <= (maximum if desired is None else desired) <= maximum
