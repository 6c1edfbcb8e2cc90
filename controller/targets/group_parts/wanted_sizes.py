"""The sizes a group is to have now, where they are ours to say."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.scheduling.decision import decide
from controller.scheduling.facts import EnvironmentFacts, GroupFacts, InstanceFacts, RoleFacts
from controller.scheduling.group_sizes import GroupMember, GroupPower, group_sizes
from controller.scheduling.schedule import State
from controller.targets.group_parts.attributes import SIZES
from controller.targets.group_parts.design import GroupDesign
from controller.targets.group_parts.found import FoundAttributes

Sizes = dict[str, int]

_BY_SCHEDULES = ("min_capacity", "desired_capacity", "max_capacity")


def wanted_state(design: GroupDesign, now: datetime) -> State:
    """Return what the schedules want of a group's instances as such, tags and overrides of single ones left aside."""
    decision = decide(
        InstanceFacts(instance_id=design.name, state="running"),
        GroupFacts(design.name, lifecycle="InService"),
        EnvironmentFacts(design.environment, design.power.environment),
        now.astimezone(UTC),
        role=RoleFacts(design.role, design.power.role, design.sizes.when_off),
    )
    return decision.wanted


def sizes_at_creation(design: GroupDesign, now: datetime) -> Sizes:
    """Return the sizes of a new group. One that its schedule wants off begins without instances."""
    sizes = group_sizes(design.sizes, GroupPower(wanted_state(design, now)), ())
    desired = design.sizes.desired if sizes.desired is None else sizes.desired
    return dict(zip(SIZES, (sizes.minimum, desired, sizes.maximum), strict=True))


def sizes_now(
    design: GroupDesign, found: Mapping[str, Any], seen: FoundAttributes, now: datetime
) -> tuple[Sizes, frozenset[str]]:
    """Return the sizes a group that exists is to have, and those of them that are ours to say.

    While it is parked, or about to be, they are left to the schedules; what its scaling schedules set is left to those.
    """
    as_found = {name: int(found[name]) for name in SIZES}
    state = wanted_state(design, now)
    off = state is State.OFF and design.sizes.when_off != "ignore"
    if seen["parked"] or off:
        return as_found, frozenset()
    members = [GroupMember(lifecycle, State.ON) for lifecycle in seen["lifecycles"]]
    sizes = group_sizes(design.sizes, GroupPower(state), members)
    wanted = dict(zip(SIZES, sizes, strict=True))
    owned = {name for name, size in wanted.items() if size is not None}
    for name, attribute in zip(SIZES, _BY_SCHEDULES, strict=True):
        if any(
            getattr(scaling_schedule, attribute) is not None
            for scaling_schedule in design.scaling_schedules
        ):
            owned.discard(name)
    result = {name: wanted[name] if name in owned else as_found[name] for name in SIZES}
    low, high = result["minSize"] or 0, result["maxSize"] or 0
    if "desiredCapacity" not in owned:
        # AWS moves it into new bounds by itself.
        result["desiredCapacity"] = min(max(result["desiredCapacity"] or 0, low), high)
    return {name: int(size or 0) for name, size in result.items()}, frozenset(owned)
