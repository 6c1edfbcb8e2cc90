"""One group on its way to where the schedule wants it, as a look found it, and the tag that remembers what it was like before."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from controller.decisions.group_tags import PARKED
from controller.model.live import FoundGroup, FoundInstance
from controller.scheduling.group_sizes import (
    GroupMember,
    GroupPower,
    GroupSizes,
    RoleSizes,
    group_sizes,
)
from controller.scheduling.schedule import State

STANDING_BY: Final = frozenset({"Standby", "EnteringStandby"})
HELD_BACK: Final = frozenset({"ScheduledActions", "AlarmNotification", "AZRebalance"})
"""Processes suspended while a group is parked: they would resize it, or end what is left of it.

Never ``Launch``: a member that dies meanwhile is replaced, and a group that is woken can grow.
"""

_FORM = re.compile(r"min=(\d+) desired=(\d+)(?: suspended=([A-Za-z]+(?:/[A-Za-z]+)*))?")


@dataclass(frozen=True, slots=True)
class Parked:
    """Sizes and suspended processes a group gets back when it wakes."""

    minimum: int
    desired: int
    suspended: frozenset[str] = frozenset()
    """Processes that somebody had suspended before: they stay suspended."""

    def __str__(self) -> str:
        """Return the tag's value, of characters that tags take everywhere."""
        suspended = f" suspended={'/'.join(sorted(self.suspended))}" if self.suspended else ""
        return f"min={self.minimum} desired={self.desired}{suspended}"


@dataclass(frozen=True, slots=True)
class UnreadableTag:
    """The group carries the tag, but not as we write it: what it was like cannot be told."""

    text: str


def parked_of(group: FoundGroup) -> Parked | UnreadableTag | None:
    """Return what a group's tag remembers; None where it has none, so is not parked."""
    text = group.tag(PARKED)
    if text is None:
        return None
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return UnreadableTag(text)
    suspended = frozenset(match[3].split("/")) if match[3] else frozenset()
    return Parked(int(match[1]), int(match[2]), suspended)


class MemberSituation(NamedTuple):
    """One member. ``wanted`` is ON or OFF where it is to be brought there, anything else where it is left as it is."""

    instance_id: str
    lifecycle: str
    state: str
    """EC2's name; empty where EC2 did not list the instance."""
    wanted: State

    @property
    def is_there(self) -> bool:
        """Whether nothing is left to be done for it."""
        if self.wanted is State.ON:
            return self.lifecycle == "InService" and self.state == "running"
        if self.wanted is State.OFF:
            return self.lifecycle == "Standby" and self.state == "stopped"
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSituation:
    """A group. ``wanted`` is what the schedule wants of it as such; a member's own tag may want something else."""

    name: str
    minimum: int
    desired: int
    maximum: int
    suspended: frozenset[str] = frozenset()
    parked: Parked | UnreadableTag | None = None
    members: tuple[MemberSituation, ...] = ()
    wanted: State = State.NONE
    scales: bool = False
    """Off means no instances (``scaleToZero``), not stopped ones."""

    def lowest_minimum(self, remembered: Parked) -> int:
        """Return the MinSize that lets every member wanted off leave; never more than it is."""
        return min(self.minimum, self._sizes(State.OFF, remembered, self.members).minimum)

    def sizes_awake(self, remembered: Parked, members: tuple[MemberSituation, ...]) -> Parked:
        """Return what MinSize and DesiredCapacity are once these members are as they are listed."""
        sizes = self._sizes(State.ON, remembered, members)
        assert sizes.desired is not None, "the desired capacity is remembered"
        return Parked(sizes.minimum, sizes.desired)

    def _sizes(
        self, wanted: State, remembered: Parked, members: tuple[MemberSituation, ...]
    ) -> GroupSizes:
        desired = min(remembered.desired, self.maximum)
        role = RoleSizes(min(remembered.minimum, desired), desired, self.maximum)
        counted = [GroupMember(member.lifecycle, member.wanted) for member in members]
        return group_sizes(role, GroupPower(wanted, remembered.desired), counted)


def situation_of(
    group: FoundGroup,
    instances: Mapping[str, FoundInstance],
    wanted: State,
    of_members: Mapping[str, State],
    *,
    scales: bool,
) -> GroupSituation:
    """Return a group as a look found it, with what is wanted of it and, by id, of its members; of others nothing is."""
    return GroupSituation(
        name=group.name,
        minimum=group.minimum,
        desired=group.desired,
        maximum=group.maximum,
        suspended=group.suspended,
        parked=parked_of(group),
        members=tuple(
            MemberSituation(
                member.instance_id,
                member.lifecycle,
                instances[member.instance_id].state if member.instance_id in instances else "",
                of_members.get(member.instance_id, State.NONE),
            )
            for member in group.members
        ),
        wanted=wanted,
        scales=scales,
    )
