"""What groups tell others: notifications to SNS topics, never sent, and lifecycle hooks, which hold no instance back here.

"Configures an Auto Scaling group to send notifications when specified events take place. [...] This configuration
overwrites any existing configuration." (Amazon EC2 Auto Scaling API Reference, PutNotificationConfiguration)
HeartbeatTimeout: "The range is from 30 to 7200 seconds. The default value is 3600 seconds (1 hour)." LifecycleTransition:
"autoscaling:EC2_INSTANCE_LAUNCHING, autoscaling:EC2_INSTANCE_TERMINATING". DefaultResult: "CONTINUE or ABANDON. The
default value is ABANDON." (Amazon EC2 Auto Scaling API Reference, PutLifecycleHook)
"Lifecycle hooks per Auto Scaling group: 50" (User Guide, Quotas) AutoScalingGroupNames: "By default, you can only specify up to
50 names." (Amazon EC2 Auto Scaling API Reference, DescribeAutoScalingGroups; of notifications it says nothing)
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from controller.sandbox.call import Call, Refused, invalid
from controller.sandbox.rules import after, answers, before
from controller.sandbox.state import kept

TYPES = frozenset({
    "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "autoscaling:TEST_NOTIFICATION",
})  # fmt: skip
TRANSITIONS = frozenset({
    "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING",
})  # fmt: skip
RESULTS = frozenset({"CONTINUE", "ABANDON"})
LEAST_S, MOST_S = 30, 7200
MOST_PER_GROUP = 50
MOST_NAMES = 50


def _kept(call: Call) -> dict[tuple[str, str], list[str]]:
    """Return the types of notification by group and topic."""
    return kept(call.scaling, "notifications", {})


@answers("autoscaling", "PutNotificationConfiguration")
def put_topic(call: Call) -> ActionResult:
    """Keep which events of a group go to a topic."""
    types = list(map(str, call.params["NotificationTypes"]))
    unknown = sorted(set(types) - TYPES)
    if unknown:
        raise invalid(f'"{unknown[0]}" is not a valid Notification Type.')
    topic = str(call.params["TopicARN"])
    if not topic.startswith("arn:aws"):
        raise invalid(f"Invalid TopicARN: {topic}")
    _kept(call)[call.group_name, topic] = types
    return EmptyResult()


@answers("autoscaling", "DeleteNotificationConfiguration")
def delete_topic(call: Call) -> ActionResult:
    """Forget a topic of a group."""
    topic = str(call.params["TopicARN"])
    if _kept(call).pop((call.group_name, topic), None) is None:
        raise invalid(f"Notification configuration not found: {topic}")
    return EmptyResult()


@answers("autoscaling", "DescribeNotificationConfigurations")
def describe_topics(call: Call) -> ActionResult:
    """Show one entry for each group, topic and type. Names beyond what is documented for groups are refused, to be sure."""
    wanted = set(call.params.get("AutoScalingGroupNames") or ())
    if len(wanted) > MOST_NAMES:
        raise invalid(f"The number of group names may not be larger than {MOST_NAMES}")
    found: list[dict[str, Any]] = [
        {"AutoScalingGroupName": group, "TopicARN": topic, "NotificationType": event}
        for (group, topic), types in sorted(_kept(call).items())
        if not wanted or group in wanted
        for event in types
    ]
    return call.page("NotificationConfigurations", found)


@answers("autoscaling", "DescribeAutoScalingNotificationTypes")
def types(_call: Call) -> ActionResult:
    """Name the events a group can tell of."""
    return ActionResult({"AutoScalingNotificationTypes": sorted(TYPES)})


@after("autoscaling", "DeleteAutoScalingGroup")
def forget(call: Call) -> None:
    """Forget the topics of a deleted group."""
    for key in [key for key in _kept(call) if key[0] == call.group_name]:
        del _kept(call)[key]


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
def keep_target(call: Call) -> None:
    """Show role and target as they were given: moto shows made-up ones."""
    hook = _hooks(call)[str(call.params["LifecycleHookName"])]
    hook.role_arn = call.params.get("RoleARN")
    hook.notification_target_arn = call.params.get("NotificationTargetARN")


@before("autoscaling", "DescribeLifecycleHooks")
def known_group(call: Call) -> None:
    """Refuse to tell of a group that does not exist."""
    if call.group_name not in call.scaling.autoscaling_groups:
        raise invalid("AutoScalingGroup name not found")


@before("autoscaling", "DeleteLifecycleHook")
def known_hook(call: Call) -> None:
    """Refuse a hook that does not exist."""
    name = str(call.params["LifecycleHookName"])
    if name not in _hooks(call):
        raise invalid(f"No Lifecycle Hook found with name {name}")
