"""What groups could not launch, as DescribeScalingActivities tells it.

"Describes the scaling activities in the account and Region. [...] Scaling activities are returned in order of start time, newest
first"; StatusCode ``Failed``, StatusMessage "a friendly, more verbose description of the activity status". (Amazon EC2 Auto Scaling
API Reference, DescribeScalingActivities, Activity) CreateAutoScalingGroup and UpdateAutoScalingGroup succeed all the same.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from controller.sandbox.call import Call
from controller.sandbox.rules import answers
from controller.sandbox.state import kept

WHY = "We currently do not have sufficient capacity in the Availability Zone you requested. Launching EC2 instance failed."


def note_failed_launch(group: Any) -> None:
    """Keep that a group could not launch."""
    found = kept(group.autoscaling_backend, "activities", list[dict[str, Any]]())
    found.insert(
        0,
        {
            "ActivityId": f"00000000-0000-0000-0000-{len(found):012}",
            "AutoScalingGroupName": group.name,
            "Description": "Launching a new EC2 instance.  Status Reason: Could not launch.",
            "Cause": "an instance was started in response to a difference between desired and actual capacity",
            "StartTime": utcnow(),
            "EndTime": utcnow(),
            "StatusCode": "Failed",
            "StatusMessage": WHY,
            "Progress": 100,
        },
    )


@answers("autoscaling", "DescribeScalingActivities")
def activities(call: Call) -> ActionResult:
    """Return what failed, newest first, of one group or of all: only that is kept."""
    every = kept(call.scaling, "activities", list[dict[str, Any]]())
    name = call.params.get("AutoScalingGroupName")
    if name:
        call.group_named(str(name))
    found = [one for one in every if name in (None, one["AutoScalingGroupName"])]
    return call.page("Activities", found)
