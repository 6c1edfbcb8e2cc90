"""What one look asks for, over all groups and instances of a scope."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from controller.model.live import LiveLook
from controller.scheduling.schedule import State
from controller.targets.power_parts.goals import Goals, situation_of
from controller.targets.power_parts.next_steps import next_steps
from controller.targets.power_parts.retrying import Patience
from controller.targets.power_parts.situation import GroupSituation
from controller.targets.power_parts.steps import GroupSteps

THERE: Final = {State.ON: "running", State.OFF: "stopped"}
_FROM: Final = {State.ON: "stopped", State.OFF: "running"}


@dataclass(frozen=True, slots=True)
class Round:
    """Requests to send now, and what is not yet where it is wanted. What was given up is in neither."""

    groups: Mapping[str, GroupSteps]
    start: tuple[str, ...]
    stop: tuple[str, ...]
    waits: frozenset[str]
    """Instances and groups."""
    stays: Mapping[str, str]
    """Group -> why something of it is left as it is that should not be."""


def round_of(goals: Goals, look: LiveLook, patience: Patience) -> Round:
    """Return what is to be done after a look."""
    groups: dict[str, GroupSteps] = {}
    stays: dict[str, str] = {}
    start: list[str] = []
    stop: list[str] = []
    waits: set[str] = set()
    members: set[str] = set()
    for name in goals.groups:
        group = look.groups.get(name)
        if group is None:
            continue
        situation = _left(situation_of(group, goals, look), patience)
        members.update(member.instance_id for member in situation.members)
        steps = next_steps(situation)
        if steps.stays:
            stays[name] = steps.stays
        if patience.given_up(name):
            continue
        if steps.chain and patience.may_try(name):
            groups[name] = steps
        start += filter(patience.may_try, steps.start)
        stop += filter(patience.may_try, steps.stop)
        waits |= _waiting(situation, steps)
    for instance_id, wanted in goals.power.items():
        instance = look.instances.get(instance_id)
        if instance_id in members or instance is None or instance.state == THERE[wanted]:
            continue
        if not patience.given_up(instance_id):
            waits.add(instance_id)
            if instance.state == _FROM[wanted] and patience.may_try(instance_id):
                (start if wanted is State.ON else stop).append(instance_id)
    return Round(groups, tuple(start), tuple(stop), frozenset(waits), stays)


def _left(group: GroupSituation, patience: Patience) -> GroupSituation:
    """Leave members that were given up as they are."""
    members = tuple(
        member._replace(wanted=State.NONE) if patience.given_up(member.instance_id) else member
        for member in group.members
    )
    return replace(group, members=members)


def _waiting(group: GroupSituation, steps: GroupSteps) -> set[str]:
    if steps.stays and not steps.any:
        return set()
    waiting = {member.instance_id for member in group.members if not member.is_there}
    return waiting | ({group.name} if steps.chain else set())
