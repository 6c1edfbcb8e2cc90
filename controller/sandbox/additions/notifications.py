"""Notifications of groups to SNS topics: kept and shown, never sent.

"Configures an Auto Scaling group to send notifications when specified events take place. [...] This configuration
overwrites any existing configuration." (Amazon EC2 Auto Scaling API Reference, PutNotificationConfiguration)
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import after, answers

TYPES = frozenset({
    "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "autoscaling:TEST_NOTIFICATION",
})  # fmt: skip
DEFAULT_PAGE = 50


def _kept(call: Call) -> dict[tuple[str, str], list[str]]:
    """Return the types of notification by group and topic."""
    found: dict[tuple[str, str], list[str]] = call.scaling.__dict__.setdefault(
        "sandbox_notifications", {}
    )
    return found


@answers("autoscaling", "PutNotificationConfiguration")
def put(call: Call) -> ActionResult:
    """Keep which events of a group go to a topic."""
    types = [str(param) for param in call.params["NotificationTypes"]]
    unknown = sorted(set(types) - TYPES)
    if unknown:
        raise Refused("ValidationError", f'"{unknown[0]}" is not a valid Notification Type.')
    group, topic = str(call.params["AutoScalingGroupName"]), str(call.params["TopicARN"])
    if not topic.startswith("arn:aws"):
        raise Refused("ValidationError", f"Invalid TopicARN: {topic}")
    _kept(call)[group, topic] = types
    return EmptyResult()


@answers("autoscaling", "DeleteNotificationConfiguration")
def delete(call: Call) -> ActionResult:
    """Forget a topic of a group."""
    group, topic = str(call.params["AutoScalingGroupName"]), str(call.params["TopicARN"])
    if _kept(call).pop((group, topic), None) is None:
        raise Refused("ValidationError", f"Notification configuration not found: {topic}")
    return EmptyResult()


@answers("autoscaling", "DescribeNotificationConfigurations")
def describe(call: Call) -> ActionResult:
    """Show one entry for each group, topic and type."""
    wanted = set(call.params.get("AutoScalingGroupNames") or ())
    found: list[dict[str, Any]] = [
        {"AutoScalingGroupName": group, "TopicARN": topic, "NotificationType": one}
        for (group, topic), types in sorted(_kept(call).items())
        if not wanted or group in wanted
        for one in types
    ]
    start = int(call.params.get("NextToken") or 0)
    size = int(call.params.get("MaxRecords") or DEFAULT_PAGE)
    more = str(start + size) if len(found) > start + size else None
    return ActionResult(
        {"NotificationConfigurations": found[start : start + size], "NextToken": more}
    )


@answers("autoscaling", "DescribeAutoScalingNotificationTypes")
def types_there_are(_call: Call) -> ActionResult:
    """Name the events a group can tell of."""
    return ActionResult({"AutoScalingNotificationTypes": sorted(TYPES)})


@after("autoscaling", "DeleteAutoScalingGroup")
def they_go_with_their_group(call: Call) -> None:
    """Forget the topics of a deleted group."""
    name = str(call.params["AutoScalingGroupName"])
    for key in [key for key in _kept(call) if key[0] == name]:
        del _kept(call)[key]
