"""The sizes of a group keep their order, also as members go to standby and come back.

MaxSize: "The maximum size of the group." MinSize: "The minimum size of the group." DesiredCapacity: "This number must
be greater than or equal to the minimum size of the group and less than or equal to the maximum size of the group."
"If a new value for MinSize is specified without setting DesiredCapacity, and the new MinSize is larger than the
current size of the group, this sets the group's DesiredCapacity to the new MinSize value. If a new value for MaxSize
is specified without setting DesiredCapacity, and the new MaxSize is smaller than the current size of the group, this
sets the group's DesiredCapacity to the new MaxSize value."
(Amazon EC2 Auto Scaling API Reference, CreateAutoScalingGroup and UpdateAutoScalingGroup)
InstanceIds: "The IDs of the instances. You can specify up to 20 instances." ShouldDecrementDesiredCapacity: "Indicates
whether to decrement the desired capacity of the Auto Scaling group by the number of instances moved to Standby mode."
"If you choose to decrement the desired capacity [...] the minimum capacity of the group must be less than its desired
capacity", otherwise the call fails. ExitStandby "moves the specified instances out of the standby state" and increments
the desired capacity. (Amazon EC2 Auto Scaling API Reference, EnterStandby, ExitStandby; User Guide, Temporarily remove
instances)
"If you suspend the Launch process, you cannot return an instance in the Standby state to service." (User Guide, Suspend and
resume processes)
"""

from collections.abc import Iterable
from typing import Any

from controller.sandbox.additions.capacity import is_suspended
from controller.sandbox.call import Call, Refused, invalid, out_of_bounds
from controller.sandbox.rules import before

MOST_IDS = 20


def _check_order(minimum: int, desired: int, maximum: int) -> None:
    """Raise Refused unless minimum, desired and maximum are in order."""
    if minimum < 0 or maximum < minimum:
        raise invalid(
            f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}"
        )
    if not minimum <= desired <= maximum:
        raise invalid(
            f"Desired capacity:{desired} must be between the specified min size:{minimum} "
            f"and max size:{maximum}"
        )


@before("autoscaling", "CreateAutoScalingGroup")
def sizes_of_new_group(call: Call) -> None:
    """Refuse sizes out of order; without a desired capacity it is the minimum."""
    minimum, maximum = int(call.params["MinSize"]), int(call.params["MaxSize"])
    _check_order(minimum, int(call.params.get("DesiredCapacity") or minimum), maximum)


@before("autoscaling", "UpdateAutoScalingGroup")
def sizes_of_changed_group(call: Call) -> None:
    """Refuse sizes out of order; move the desired capacity with a bound that passes it."""
    group: Any = call.group
    given = call.params
    minimum = int(given.get("MinSize", group.min_size))
    maximum = int(given.get("MaxSize", group.max_size))
    desired = int(given.get("DesiredCapacity", group.desired_capacity))
    if "DesiredCapacity" not in given and maximum >= minimum:
        desired = max(minimum, min(desired, maximum))
    _check_order(minimum, desired, maximum)
    # moto decides by the number of members, standby included, when no desired capacity is given.
    given.setdefault("DesiredCapacity", desired)


@before("autoscaling", "SetDesiredCapacity")
def desired_capacity(call: Call) -> None:
    """Refuse a desired capacity beyond the group's bounds."""
    group: Any = call.group
    wanted = int(call.params["DesiredCapacity"])
    for breaks, bound in (
        (wanted > group.max_size, f"above max value {group.max_size}"),
        (wanted < group.min_size, f"below min value {group.min_size}"),
    ):
        if breaks:
            raise invalid(
                f"New SetDesiredCapacity value {wanted} is {bound} for the AutoScalingGroup."
            )


@before("autoscaling", "TerminateInstanceInAutoScalingGroup")
def minimum_at_termination(call: Call) -> None:
    """Refuse an instance of no group, and a decrement below the minimum."""
    wanted = str(call.params.get("InstanceId"))
    groups: Iterable[Any] = call.scaling.autoscaling_groups.values()
    group = next(
        (g for g in groups if any(m.instance.id == wanted for m in g.instance_states)), None
    )
    if group is None:
        raise invalid(
            f"Instance Id not found - No managed instance found for instance ID: {wanted}"
        )
    decrement = call.params.get("ShouldDecrementDesiredCapacity")
    if decrement and group.desired_capacity - 1 < group.min_size:
        raise invalid(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )


@before("autoscaling", "EnterStandby")
def minimum_at_standby(call: Call) -> None:
    """Refuse members that are not in service, and a desired capacity below the minimum."""
    count = _count_named(call, "InService")
    group: Any = call.group
    decrement = call.params.get("ShouldDecrementDesiredCapacity")
    if decrement and group.desired_capacity - count < group.min_size:
        raise _sizes_forbid(group, "standby", count)


@before("autoscaling", "ExitStandby")
def maximum_at_return(call: Call) -> None:
    """Refuse members that are not in standby, and a desired capacity above the maximum."""
    count = _count_named(call, "Standby")
    group: Any = call.group
    if is_suspended(group, "Launch"):
        raise invalid(
            f"AutoScalingGroup {group.name} has the process Launch suspended: no instance can be returned to service."
        )
    if group.desired_capacity + count > group.max_size:
        raise _sizes_forbid(group, "service", count)


def _count_named(call: Call, state: str) -> int:
    """Return how many members a call names, each of which must be in the state. Raises Refused."""
    if len(call.ids) > MOST_IDS:
        raise out_of_bounds(
            "instanceIds", f"Member must have length less than or equal to {MOST_IDS}"
        )
    members = call.members
    for instance_id in call.ids:
        member = members.get(instance_id)
        if member is None:
            raise invalid(
                f"The instance {instance_id} is not part of Auto Scaling group {call.group_name}."
            )
        if member.lifecycle_state != state:
            raise invalid(
                f"The instance {instance_id} is not in {state}: it is in {member.lifecycle_state}."
            )
    return len(call.ids)


def _sizes_forbid(group: Any, where: str, count: int) -> Refused:
    return invalid(
        f"AutoScalingGroup {group.name} has min-size={group.min_size}, max-size={group.max_size}, and "
        f"desired-size={group.desired_capacity}. To place into {where} {count} instance(s), please update the "
        "AutoScalingGroup sizes appropriately."
    )
