"""Groups that are made, and groups that go.

CreateAutoScalingGroup, AlreadyExists: "You already have an Auto Scaling group or launch configuration with this name."
DeleteAutoScalingGroup, ResourceInUse: "The operation can't be performed because the resource is in use." - "If the
group has instances or scaling activities in progress, you must specify the option to force the deletion in order
for it to succeed. [...] ForceDelete: Specifies that the group is to be deleted along with all instances associated
with the group, without waiting for all instances to be terminated."
(Amazon EC2 Auto Scaling API Reference)
"""

from typing import Any

from controller.sandbox.call import Call, Refused
from controller.sandbox.capacity import end
from controller.sandbox.rules import after, before


@before("autoscaling", "CreateAutoScalingGroup")
def names_are_taken_once(call: Call) -> None:
    """Refuse the name of a group that exists."""
    name = str(call.params["AutoScalingGroupName"])
    if name in call.scaling.autoscaling_groups:
        raise Refused(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )


@before("autoscaling", "DeleteAutoScalingGroup")
def members_hold_a_group(call: Call) -> None:
    """Refuse to delete a group with members unless forced; then its members end, those in standby too."""
    group = call.group
    if group.instance_states and not call.params.get("ForceDelete"):
        raise Refused(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group.",
        )
    end(group, list(group.instance_states), even_if_suspended=True)


@after("autoscaling", "DeleteAutoScalingGroup")
def what_belonged_to_a_group_goes_with_it(call: Call) -> None:
    """Forget scheduled actions and lifecycle hooks of the group; moto keeps them."""
    name = str(call.params["AutoScalingGroupName"])
    kept_by_group: tuple[dict[str, Any], ...] = (
        call.scaling.scheduled_actions,
        call.scaling.lifecycle_hooks,
    )
    for kept in kept_by_group:
        for key, one in list(kept.items()):
            if one.auto_scaling_group_name == name:
                del kept[key]


@before(
    "autoscaling",
    "AttachInstances",
    "BatchDeleteScheduledAction",
    "BatchPutScheduledUpdateGroupAction",
    "CancelInstanceRefresh",
    "DeleteLifecycleHook",
    "DeleteScheduledAction",
    "DescribeLifecycleHooks",
    "DetachInstances",
    "EnterStandby",
    "ExitStandby",
    "PutLifecycleHook",
    "PutNotificationConfiguration",
    "PutScheduledUpdateGroupAction",
    "ResumeProcesses",
    "SetInstanceProtection",
    "StartInstanceRefresh",
    "SuspendProcesses",
)
def the_group_exists(call: Call) -> None:
    """Refuse a group that does not exist: moto fails with an internal error."""
    assert call.group is not None
