"""The sizes an auto-scaling group should have, for those who size it and those who park it.

An instance put into Standby leaves the desired capacity, so a group with parked members is right at
less than its role says, and its minimum must not be above what is left in service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.scheduling.facts import WhenOff
from controller.scheduling.schedule import State

STANDING_BY: Final = frozenset({"Standby", "EnteringStandby"})
"""Lifecycle states of members that the desired capacity does not count."""

_LEAVING = ("Terminat", "Detach")


class GroupSizes(NamedTuple):
    """MinSize, DesiredCapacity, MaxSize."""

    minimum: int
    desired: int | None
    """None: whatever it is, it is right."""
    maximum: int


@dataclass(frozen=True, slots=True)
class RoleSizes:
    """What a role says about the size of its group."""

    minimum: int
    desired: int
    maximum: int
    desired_is_external: bool = False
    """Others (a scaling policy) own the desired capacity."""
    when_off: WhenOff = "standby"


class GroupMember(NamedTuple):
    """One instance of the group."""

    lifecycle: str
    """The lifecycle state the group lists it with."""
    wanted: State
    """What its own decision wants: a member with a tag of its own may stay on."""


@dataclass(frozen=True, slots=True)
class GroupPower:
    """What the schedule wants of the group, and what it had when it was parked."""

    wanted: State
    parked_desired: int | None = None
    """Desired capacity before it was parked, as its tag remembers; None when it is not parked."""


def group_sizes(role: RoleSizes, power: GroupPower, members: Sequence[GroupMember]) -> GroupSizes:
    """Return the sizes both compare with; 0 ≤ minimum ≤ desired ≤ maximum always holds.

    Only OFF lowers anything: NOSCHEDULE and NONE leave the group as its role says.
    """
    if power.wanted is State.OFF and role.when_off == "scaleToZero":
        return GroupSizes(0, 0, role.maximum)
    if power.wanted is State.OFF and role.when_off == "standby":
        # What somebody else put into Standby does not count: only what is wanted on is brought back.
        staying = sum(
            member.wanted is State.ON
            if member.lifecycle in STANDING_BY
            else member.wanted is not State.OFF and not member.lifecycle.startswith(_LEAVING)
            for member in members
        )
        desired = min(staying, role.maximum)
        return GroupSizes(min(role.minimum, desired), desired, role.maximum)
    standing_by = sum(member.lifecycle in STANDING_BY for member in members)
    if not role.desired_is_external:
        desired = max(0, role.desired - standing_by)
    elif power.parked_desired is not None:
        desired = min(max(0, power.parked_desired - standing_by), role.maximum)
    elif standing_by:
        # how many of them the others count on is not ours to say: keep the minimum out of the way
        return GroupSizes(max(0, role.minimum - standing_by), None, role.maximum)
    else:
        return GroupSizes(role.minimum, None, role.maximum)
    return GroupSizes(min(role.minimum, desired), desired, role.maximum)
