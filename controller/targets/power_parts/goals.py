"""Where instances and groups are to be brought: what a drive is given, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from controller.errors import EnvctlError
from controller.model.live import FoundGroup, LiveLook
from controller.scheduling.schedule import State
from controller.targets.power_parts.parked import parked_of
from controller.targets.power_parts.situation import GroupSituation, MemberSituation


class GroupGoal(NamedTuple):
    """What is wanted of a group as such."""

    wanted: State
    scales: bool = False
    """Off means no instances."""


@dataclass(frozen=True, slots=True)
class Goals:
    """Instances by id and groups by name; what is not named is left as it is."""

    power: Mapping[str, State] = field(default_factory=dict)
    """ON or OFF."""
    groups: Mapping[str, GroupGoal] = field(default_factory=dict)
    """Also of groups whose members alone are to be switched."""
    replaced: frozenset[str] = frozenset()
    """Members to be ended for another, once."""


class Outcome(NamedTuple):
    """What came of one instance or group. ``error`` None: it is where it was wanted, or on its way there."""

    error: EnvctlError | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of everything, by instance id and by name of the group."""

    instances: Mapping[str, Outcome]
    groups: Mapping[str, Outcome]


def situation_of(group: FoundGroup, goals: Goals, look: LiveLook) -> GroupSituation:
    """Return a group as it was found with what is wanted of it and its members."""
    goal = goals.groups.get(group.name, GroupGoal(State.NONE))
    members = []
    for member in group.members:
        instance = look.instances.get(member.instance_id)
        members.append(
            MemberSituation(
                member.instance_id,
                member.lifecycle,
                instance.state if instance else "",
                goals.power.get(member.instance_id, State.NONE),
            )
        )
    return GroupSituation(
        name=group.name,
        minimum=group.minimum,
        desired=group.desired,
        maximum=group.maximum,
        suspended=group.suspended,
        parked=parked_of(group),
        members=tuple(members),
        wanted=goal.wanted,
        scales=goal.scales,
    )
