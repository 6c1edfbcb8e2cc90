"""Members on their way to standby and back.

InstanceIds: "The IDs of the instances. You can specify up to 20 instances." ShouldDecrementDesiredCapacity: "Indicates
whether to decrement the desired capacity of the Auto Scaling group by the number of instances moved to Standby mode."
"If you choose to decrement the desired capacity [...] the minimum capacity of the group must be less than its desired
capacity", otherwise the call fails. ExitStandby "moves the specified instances out of the standby state" and increments
the desired capacity. (Amazon EC2 Auto Scaling API Reference, EnterStandby, ExitStandby; User Guide, Temporarily remove
instances)
"""

from typing import Any

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before

MOST_IDS = 20


def _named(call: Call, state: str) -> list[Any]:
    """Return the members a call names, each of which must be in the state. Raises Refused."""
    ids = call.ids()
    if len(ids) > MOST_IDS:
        raise Refused(
            "ValidationError",
            f"1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length "
            f"less than or equal to {MOST_IDS}",
        )
    members = {
        instance_state.instance.id: instance_state for instance_state in call.group.instance_states
    }
    for instance_id in ids:
        member = members.get(instance_id)
        if member is None:
            raise Refused(
                "ValidationError",
                f"The instance {instance_id} is not part of Auto Scaling group {call.group.name}.",
            )
        if member.lifecycle_state != state:
            raise Refused(
                "ValidationError",
                f"The instance {instance_id} is not in {state}: it is in {member.lifecycle_state}.",
            )
    return [members[one] for one in ids]


@before("autoscaling", "EnterStandby")
def standby_keeps_the_minimum(call: Call) -> None:
    """Refuse members that are not in service, and a desired capacity below the minimum."""
    members = _named(call, "InService")
    group: Any = call.group
    decrement = call.params.get("ShouldDecrementDesiredCapacity")
    if decrement and group.desired_capacity - len(members) < group.min_size:
        raise _sizes_forbid(group, "standby", len(members))


@before("autoscaling", "ExitStandby")
def service_keeps_the_maximum(call: Call) -> None:
    """Refuse members that are not in standby, and a desired capacity above the maximum."""
    members = _named(call, "Standby")
    group: Any = call.group
    if group.desired_capacity + len(members) > group.max_size:
        raise _sizes_forbid(group, "service", len(members))


def _sizes_forbid(group: Any, where: str, count: int) -> Refused:
    return Refused(
        "ValidationError",
        f"AutoScalingGroup {group.name} has min-size={group.min_size}, max-size={group.max_size}, and "
        f"desired-size={group.desired_capacity}. To place into {where} {count} instance(s), please update the "
        "AutoScalingGroup sizes appropriately.",
    )
