"""What one look asks for, over all groups and instances of a scope, and what has to be looked at again after it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from controller.model.live import FoundInstance, LiveLook
from controller.scheduling.schedule import State
from controller.targets.power_parts.goals import Goals
from controller.targets.power_parts.power_client import PowerClient
from controller.targets.power_parts.retrying import Patience
from controller.targets.power_parts.situation import GroupSituation, situation_of
from controller.targets.power_parts.steps import GroupSteps, next_steps

THERE: Final = {State.ON: "running", State.OFF: "stopped"}
NOT_OFF: Final = ("pending", "running", "shutting-down", "stopping")
"""States that are looked for where all are to be stopped: what is in none of them is off, or gone."""
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
    for name, goal in goals.groups.items():
        group = look.groups.get(name)
        if group is None:
            continue
        members.update(member.instance_id for member in group.members)
        # Members that were given up are left as they are.
        of_members = {
            member.instance_id: goals.power[member.instance_id]
            for member in group.members
            if member.instance_id in goals.power and not patience.given_up(member.instance_id)
        }
        situation = situation_of(group, look.instances, goal.wanted, of_members, scales=goal.scales)
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


def _waiting(group: GroupSituation, steps: GroupSteps) -> set[str]:
    if steps.stays and not steps.any:
        return set()
    waiting = {member.instance_id for member in group.members if not member.is_there}
    return waiting | ({group.name} if steps.chain else set())


def look_again(client: PowerClient, goals: Goals, before: LiveLook, asked: Round) -> LiveLook:
    """Return the look that the next round needs, and no more: a whole look is most of the work of switching a scope off.

    Where something is to be on everything is looked at. Where all is to be off, groups alone as long as members are on their
    way out of them, then the instances that are not off yet.
    """
    if goals.replaced or any(wanted is State.ON for wanted in goals.power.values()):
        return client.look()
    if asked.groups or _members_leave(goals, before):
        instances = _with_state(before.instances, asked.stop, "stopping")
        return replace(before, groups=client.groups(), instances=instances)
    still = client.instances(NOT_OFF)
    off = [name for name in goals.power if name in before.instances and name not in still]
    instances = {**_with_state(before.instances, off, "stopped"), **still}
    return replace(before, instances=instances)


def _members_leave(goals: Goals, look: LiveLook) -> bool:
    return any(
        goals.power.get(member.instance_id) is State.OFF and member.lifecycle != "Standby"
        for name in goals.groups
        if name in look.groups
        for member in look.groups[name].members
    )


def _with_state(
    instances: Mapping[str, FoundInstance], names: Collection[str], state: str
) -> dict[str, FoundInstance]:
    return {
        **instances,
        **{name: replace(instances[name], state=state) for name in names if name in instances},
    }
