"""The sizes a group is to have, and those of them that are ours to say: not what schedules switch, or set at times."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from controller.scheduling.decision import decide
from controller.scheduling.facts import EnvironmentFacts, GroupFacts, InstanceFacts, RoleFacts
from controller.scheduling.group_sizes import STANDING_BY, GroupMember, GroupPower, group_sizes
from controller.scheduling.schedule import ALWAYS_OFF, State
from controller.targets.group_parts.found import LOST, SIZE_FIELDS, SIZES, FoundAttributes
from controller.targets.group_parts.role_design import GroupDesign

Sizes = dict[str, int]


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


def without_instances(design: GroupDesign) -> str:
    """Return why a new group that is off begins without instances: its schedule, or that there is none."""
    followed = design.power.environment if design.power.role is None else design.power.role
    if followed == ALWAYS_OFF:
        whose = "environment" if design.power.role is None else "role"
        return f"without instances: its {whose} has no schedule, mode off"
    return "without instances: its schedule says off"


def sizes_at_creation(design: GroupDesign, now: datetime) -> Sizes:
    """Return the sizes of a new group. One that its schedule wants off begins without instances."""
    sizes = group_sizes(design.sizes, GroupPower(wanted_state(design, now)), ())
    desired = design.sizes.desired if sizes.desired is None else sizes.desired
    return dict(zip(SIZES, (sizes.minimum, desired, sizes.maximum), strict=True))


def sizes_now(
    design: GroupDesign, found: Mapping[str, Any], seen: FoundAttributes, now: datetime
) -> tuple[Sizes, frozenset[str]]:
    """Return the sizes a group that exists is to have, and those of them that are ours to say.

    While it is parked, or about to be, all but the maximum are left to the schedules, and that too where members in standby
    would have no room to come back; what its scaling schedules set is left to those.
    """
    as_found = {name: int(found[name]) for name in SIZES}
    state = wanted_state(design, now)
    off = state is State.OFF and design.sizes.when_off != "ignore"
    by_schedules = {
        name
        for name, field in SIZE_FIELDS.items()
        if any(getattr(schedule, field) is not None for schedule in design.scaling_schedules)
    }
    if seen["parked"] or off:
        in_standby = sum(lifecycle in (*STANDING_BY, LOST) for lifecycle in seen["lifecycles"])
        maximum = design.sizes.maximum
        if "maxSize" in by_schedules or maximum < as_found["desiredCapacity"] + in_standby:
            return as_found, frozenset()
        return {**as_found, "maxSize": maximum}, frozenset({"maxSize"})
    # Where the schedule wants it on power puts back what is lost, for AWS to replace; else nobody does.
    lost = "Standby" if state is State.ON else LOST
    members = [
        GroupMember(lost if lifecycle == LOST else lifecycle, State.ON)
        for lifecycle in seen["lifecycles"]
    ]
    sizes = group_sizes(design.sizes, GroupPower(state), members)
    wanted = {
        name: size
        for name, size in zip(SIZES, sizes, strict=True)
        if size is not None and name not in by_schedules
    }
    result = {**as_found, **wanted}
    if "desiredCapacity" not in wanted:
        # AWS moves it into new bounds by itself.
        at_least = max(result["desiredCapacity"], result["minSize"])
        result["desiredCapacity"] = min(at_least, result["maxSize"])
    return result, frozenset(wanted)
