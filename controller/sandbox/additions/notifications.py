"""Notifications of groups to SNS topics: kept and shown, never sent.

"Configures an Auto Scaling group to send notifications when specified events take place. [...] This configuration
overwrites any existing configuration." (Amazon EC2 Auto Scaling API Reference, PutNotificationConfiguration)
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult

from controller.sandbox.call import Call, invalid
from controller.sandbox.rules import after, answers
from controller.sandbox.state import kept

TYPES = frozenset({
    "autoscaling:EC2_INSTANCE_LAUNCH", "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR", "autoscaling:TEST_NOTIFICATION",
})  # fmt: skip


def _kept(call: Call) -> dict[tuple[str, str], list[str]]:
    """Return the types of notification by group and topic."""
    return kept(call.scaling, "notifications", {})


@answers("autoscaling", "PutNotificationConfiguration")
def put(call: Call) -> ActionResult:
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
def delete(call: Call) -> ActionResult:
    """Forget a topic of a group."""
    topic = str(call.params["TopicARN"])
    if _kept(call).pop((call.group_name, topic), None) is None:
        raise invalid(f"Notification configuration not found: {topic}")
    return EmptyResult()


@answers("autoscaling", "DescribeNotificationConfigurations")
def describe(call: Call) -> ActionResult:
    """Show one entry for each group, topic and type."""
    wanted = set(call.params.get("AutoScalingGroupNames") or ())
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
