"""Groups that are made, listed, held back, and go.

CreateAutoScalingGroup, AlreadyExists: "You already have an Auto Scaling group or launch configuration with this name."
DeleteAutoScalingGroup, ResourceInUse: "The operation can't be performed because the resource is in use." - "If the
group has instances or scaling activities in progress, you must specify the option to force the deletion in order
for it to succeed. [...] ForceDelete: Specifies that the group is to be deleted along with all instances associated
with the group, without waiting for all instances to be terminated."
DeletionProtection: "This setting helps safeguard your Auto Scaling group and its instances by controlling whether the
DeleteAutoScalingGroup operation is allowed." "Prevent force deletion: Your Auto Scaling group can't be deleted when using the
ForceDelete option. This configuration allows deletion of empty Auto Scaling groups". What is blocked is a ValidationError. (API
Reference, UpdateAutoScalingGroup; User Guide, Configure deletion protection for your Amazon EC2 Auto Scaling resources)
MaxRecords: "The maximum number of items to return with this call. The default value is 50 and the maximum value is
100." (DescribeAutoScalingGroups)
ScalingProcesses: "One or more of the following processes: Launch | Terminate | AddToLoadBalancer | AlarmNotification |
AZRebalance | HealthCheck | InstanceRefresh | ReplaceUnhealthy | ScheduledActions. If you omit this property, all
processes are specified." (SuspendProcesses; all Amazon EC2 Auto Scaling API Reference)
"Starting on October 1, 2024, new accounts can't create new launch configurations with any method, including the
console, API, CLI, and CloudFormation." (Amazon EC2 Auto Scaling User Guide, Launch configurations)
"""

from typing import Any

from controller.sandbox.additions.capacity import end, settle
from controller.sandbox.call import Call, Refused, invalid, out_of_bounds
from controller.sandbox.rules import after, before
from controller.sandbox.state import STATE

MOST_RECORDS, MOST_INSTANCES = 100, 50
PROCESSES = frozenset({
    "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
    "ReplaceUnhealthy", "ScheduledActions",
})  # fmt: skip


@before("autoscaling", "CreateLaunchConfiguration")
def launch_configurations(_call: Call) -> None:
    """Refuse new ones unless the sandbox was told to be an old account."""
    if not STATE.settings.launch_configurations:
        raise Refused(
            "UnsupportedOperation",
            "The Launch Configuration creation operation is not available in your account. Use launch templates to "
            "create configuration templates for your Auto Scaling groups.",
        )


@before("autoscaling", "CreateAutoScalingGroup")
def free_name(call: Call) -> None:
    """Refuse the name of a group that exists."""
    name = call.group_name
    if name in call.scaling.autoscaling_groups:
        raise Refused(
            "AlreadyExists",
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
        )


@after("autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def deletion_protection(call: Call) -> None:
    """Keep it, as moto does not."""
    group: Any = call.group
    if "DeletionProtection" in call.params:
        group.deletion_protection = str(call.params["DeletionProtection"])


@before("autoscaling", "DeleteAutoScalingGroup")
def empty_group(call: Call) -> None:
    """Refuse to delete a group with members unless forced; then its members end, those in standby too."""
    group: Any = call.group
    level, force = getattr(group, "deletion_protection", "none"), call.params.get("ForceDelete")
    if level == "prevent-all-deletion" or (level == "prevent-force-deletion" and force):
        raise invalid(f"AutoScalingGroup {group.name} has deletion protection: {level}")
    if group.instance_states and not call.params.get("ForceDelete"):
        raise Refused(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
            "still in the group.",
        )
    end(group, list(group.instance_states), even_if_suspended=True)


@after("autoscaling", "DeleteAutoScalingGroup")
def belongings(call: Call) -> None:
    """Forget scheduled actions and lifecycle hooks of the group; moto keeps them."""
    scaling: Any = call.scaling
    for by_key in (scaling.scheduled_actions, scaling.lifecycle_hooks):
        for key, belonging in list(by_key.items()):
            if belonging.auto_scaling_group_name == call.group_name:
                del by_key[key]


@before(
    "autoscaling",
    "AttachInstances",
    "BatchDeleteScheduledAction",
    "BatchPutScheduledUpdateGroupAction",
    "CancelInstanceRefresh",
    "DeleteLifecycleHook",
    "DeleteScheduledAction",
    "DescribeInstanceRefreshes",
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
def known_group(call: Call) -> None:
    """Refuse a group that does not exist: moto fails with an internal error."""
    assert call.group is not None


@before("autoscaling", "DescribeAutoScalingGroups", "DescribeScheduledActions", "DescribeInstanceRefreshes", "DescribeNotificationConfigurations")  # fmt: skip
def page_size(call: Call) -> None:
    """Refuse pages of more than a hundred."""
    wanted = call.params.get("MaxRecords")
    if wanted is not None and not 1 <= int(wanted) <= MOST_RECORDS:
        bound = f"Member must have value less than or equal to {MOST_RECORDS}"
        raise out_of_bounds("maxRecords", bound, str(wanted))


@before("autoscaling", "DescribeAutoScalingGroups")
def known_token(call: Call) -> None:
    """Refuse a token that no page gave."""
    token = call.params.get("NextToken")
    if token and token not in call.scaling.autoscaling_groups:
        raise Refused("InvalidNextToken", "The NextToken value is not valid.")


@before("autoscaling", "DescribeAutoScalingInstances")
def page_size_of_members(call: Call) -> None:
    """Refuse more than 50 ids or records."""
    if max(len(call.ids), int(call.params.get("MaxRecords") or 0)) > MOST_INSTANCES:
        raise invalid(f"The number of instances that may be asked for is {MOST_INSTANCES}")


@before("autoscaling", "SuspendProcesses", "ResumeProcesses")
def known_processes(call: Call) -> None:
    """Refuse names of no process."""
    unknown = sorted(set(call.params.get("ScalingProcesses") or ()) - PROCESSES)
    if unknown:
        raise invalid(f"The process type(s) [{', '.join(unknown)}] are invalid.")


@after("autoscaling", "ResumeProcesses")
def resumption(call: Call) -> None:
    """Launch or end what the suspended processes held back."""
    settle(call.group)
