"""Processes that may be suspended.

ScalingProcesses: "One or more of the following processes: Launch | Terminate | AddToLoadBalancer | AlarmNotification |
AZRebalance | HealthCheck | InstanceRefresh | ReplaceUnhealthy | ScheduledActions. If you omit this property, all
processes are specified." (Amazon EC2 Auto Scaling API Reference, SuspendProcesses)
"""

from controller.sandbox.call import Call, Refused
from controller.sandbox.capacity import settle
from controller.sandbox.rules import after, before

PROCESSES = frozenset({
    "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
    "ReplaceUnhealthy", "ScheduledActions",
})  # fmt: skip


@before("autoscaling", "SuspendProcesses", "ResumeProcesses")
def processes_are_known(call: Call) -> None:
    """Refuse names of no process."""
    unknown = sorted(set(call.params.get("ScalingProcesses") or ()) - PROCESSES)
    if unknown:
        raise Refused("ValidationError", f"The process type(s) [{', '.join(unknown)}] are invalid.")


@after("autoscaling", "ResumeProcesses")
def what_was_held_back_is_done(call: Call) -> None:
    """Launch or end what the suspended processes held back."""
    settle(call.group)
