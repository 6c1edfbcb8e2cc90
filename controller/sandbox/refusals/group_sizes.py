"""The sizes of a group keep their order.

MaxSize: "The maximum size of the group." MinSize: "The minimum size of the group." DesiredCapacity: "This number must
be greater than or equal to the minimum size of the group and less than or equal to the maximum size of the group."
"If a new value for MinSize is specified without setting DesiredCapacity, and the new MinSize is larger than the
current size of the group, this sets the group's DesiredCapacity to the new MinSize value. If a new value for MaxSize
is specified without setting DesiredCapacity, and the new MaxSize is smaller than the current size of the group, this
sets the group's DesiredCapacity to the new MaxSize value."
(Amazon EC2 Auto Scaling API Reference, CreateAutoScalingGroup and UpdateAutoScalingGroup)
"""

from typing import Any

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before


def check_order(minimum: int, desired: int, maximum: int) -> None:
    """Raise Refused unless minimum, desired and maximum are in order."""
    if minimum < 0 or maximum < minimum:
        raise Refused(
            "ValidationError",
            f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}",
        )
    if not minimum <= desired <= maximum:
        raise Refused(
            "ValidationError",
            f"Desired capacity:{desired} must be between the specified min size:{minimum} "
            f"and max size:{maximum}",
        )


@before("autoscaling", "CreateAutoScalingGroup")
def new_group_is_in_order(call: Call) -> None:
    """Refuse sizes out of order; without a desired capacity it is the minimum."""
    minimum, maximum = int(call.params["MinSize"]), int(call.params["MaxSize"])
    check_order(minimum, int(call.params.get("DesiredCapacity") or minimum), maximum)


@before("autoscaling", "UpdateAutoScalingGroup")
def changed_group_is_in_order(call: Call) -> None:
    """Refuse sizes out of order; move the desired capacity with a bound that passes it."""
    group: Any = call.group
    given = call.params
    minimum = int(given.get("MinSize", group.min_size))
    maximum = int(given.get("MaxSize", group.max_size))
    desired = int(given.get("DesiredCapacity", group.desired_capacity))
    if "DesiredCapacity" not in given and maximum >= minimum:
        desired = max(minimum, min(desired, maximum))
        if desired != group.desired_capacity:
            given["DesiredCapacity"] = desired
    check_order(minimum, desired, maximum)
    # moto decides by the number of members, standby included, when no desired capacity is given.
    given.setdefault("DesiredCapacity", desired)


@before("autoscaling", "SetDesiredCapacity")
def desired_is_within_bounds(call: Call) -> None:
    """Refuse a desired capacity beyond the group's bounds."""
    group: Any = call.group
    wanted = int(call.params["DesiredCapacity"])
    if wanted > group.max_size:
        raise Refused(
            "ValidationError",
            f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup.",
        )
    if wanted < group.min_size:
        raise Refused(
            "ValidationError",
            f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup.",
        )


@before("autoscaling", "TerminateInstanceInAutoScalingGroup")
def ending_a_member_keeps_the_minimum(call: Call) -> None:
    """Refuse an instance of no group, and a decrement below the minimum."""
    wanted = str(call.params.get("InstanceId"))
    group: Any = next(
        (
            autoscaling_group
            for autoscaling_group in call.scaling.autoscaling_groups.values()
            if any(member.instance.id == wanted for member in autoscaling_group.instance_states)
        ),
        None,
    )
    if group is None:
        raise Refused(
            "ValidationError",
            f"Instance Id not found - No managed instance found for instance ID: {wanted}",
        )
    decrement = call.params.get("ShouldDecrementDesiredCapacity")
    if decrement and group.desired_capacity - 1 < group.min_size:
        raise Refused(
            "ValidationError",
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size.",
        )
