"""Lifecycle hooks: kept as they were put. They hold no instance back here.

HeartbeatTimeout: "The range is from 30 to 7200 seconds. The default value is 3600 seconds (1 hour)." LifecycleTransition:
"autoscaling:EC2_INSTANCE_LAUNCHING, autoscaling:EC2_INSTANCE_TERMINATING". DefaultResult: "CONTINUE or ABANDON. The
default value is ABANDON." (Amazon EC2 Auto Scaling API Reference, PutLifecycleHook)
"Lifecycle hooks per Auto Scaling group: 50" (User Guide, Quotas)
"""

from typing import Any

from controller.sandbox.call import Call, Refused, invalid
from controller.sandbox.rules import after, before

TRANSITIONS = frozenset({
    "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING",
})  # fmt: skip
RESULTS = frozenset({"CONTINUE", "ABANDON"})
LEAST_S, MOST_S = 30, 7200
MOST_PER_GROUP = 50


def _hooks(call: Call) -> dict[str, Any]:
    """Return the group's hooks by name."""
    hooks: dict[str, Any] = call.scaling.lifecycle_hooks
    return {
        hook.name: hook
        for hook in hooks.values()
        if hook.auto_scaling_group_name == call.group_name
    }


@before("autoscaling", "PutLifecycleHook")
def right_hook(call: Call) -> None:
    """Refuse unknown transitions and results, times out of range, and the 51st hook."""
    given, known = call.params, _hooks(call)
    name = str(given["LifecycleHookName"])
    if name not in known and given.get("LifecycleTransition") not in TRANSITIONS:
        raise invalid(f"Invalid LifecycleTransition: {given.get('LifecycleTransition')}")
    seconds = given.get("HeartbeatTimeout")
    if seconds is not None and not LEAST_S <= int(seconds) <= MOST_S:
        raise invalid(
            f"Heartbeat Timeout must be between {LEAST_S} and {MOST_S} seconds, not {seconds}"
        )
    if given.get("DefaultResult", "ABANDON") not in RESULTS:
        raise invalid(f"Invalid DefaultResult: {given['DefaultResult']}")
    if name not in known and len(known) >= MOST_PER_GROUP:
        raise Refused("LimitExceeded", f"{MOST_PER_GROUP} lifecycle hooks are the most of a group")


@after("autoscaling", "PutLifecycleHook")
def target(call: Call) -> None:
    """Show role and target as they were given: moto shows made-up ones."""
    hook = _hooks(call)[str(call.params["LifecycleHookName"])]
    hook.role_arn = call.params.get("RoleARN")
    hook.notification_target_arn = call.params.get("NotificationTargetARN")


@before("autoscaling", "DeleteLifecycleHook")
def known_hook(call: Call) -> None:
    """Refuse a hook that does not exist."""
    name = str(call.params["LifecycleHookName"])
    if name not in _hooks(call):
        raise invalid(f"No Lifecycle Hook found with name {name}")
