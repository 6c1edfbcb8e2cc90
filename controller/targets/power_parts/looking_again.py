"""What has to be looked at again after a round, and no more: a whole look is most of the work of switching a scope off."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from controller.model.live import FoundInstance, LiveLook
from controller.scheduling.schedule import State
from controller.targets.power_parts.goals import Goals
from controller.targets.power_parts.power_client import PowerClient
from controller.targets.power_parts.rounds import Round

NOT_OFF: Final = ("pending", "running", "shutting-down", "stopping")
"""States that are looked for where all are to be stopped: what is in none of them is off, or gone."""


def look_again(hands: PowerClient, goals: Goals, before: LiveLook, asked: Round) -> LiveLook:
    """Return the look that the next round needs.

    Where something is to be on everything is looked at. Where all is to be off, groups alone as long as members are on their
    way out of them, then the instances that are not off yet.
    """
    if goals.replaced or any(wanted is State.ON for wanted in goals.power.values()):
        return hands.look()
    if asked.groups or _members_leave(goals, before):
        instances = _with_state(before.instances, asked.stop, "stopping")
        return replace(before, groups=hands.groups(), instances=instances)
    still = hands.instances(NOT_OFF)
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
