"""Pages of groups.

MaxRecords: "The maximum number of items to return with this call. The default value is 50 and the maximum value is
100." (Amazon EC2 Auto Scaling API Reference, DescribeAutoScalingGroups)
"""

from controller.sandbox.call import Call, Refused
from controller.sandbox.rules import before

MOST = 100
MOST_INSTANCES = 50


@before("autoscaling", "DescribeAutoScalingGroups", "DescribeScheduledActions", "DescribeInstanceRefreshes", "DescribeNotificationConfigurations")  # fmt: skip
def pages_have_a_hundred_at_most(call: Call) -> None:
    """Refuse larger pages."""
    wanted = call.params.get("MaxRecords")
    if wanted is not None and not 1 <= int(wanted) <= MOST:
        raise Refused(
            "ValidationError",
            f"1 validation error detected: Value '{wanted}' at 'maxRecords' failed to satisfy constraint: Member must "
            f"have value less than or equal to {MOST}",
        )


@before("autoscaling", "DescribeAutoScalingGroups")
def tokens_are_ours(call: Call) -> None:
    """Refuse a token that no page gave."""
    token = call.params.get("NextToken")
    if token and token not in call.scaling.autoscaling_groups:
        raise Refused("InvalidNextToken", "The NextToken value is not valid.")


@before("autoscaling", "DescribeAutoScalingInstances")
def pages_of_members_have_fifty_at_most(call: Call) -> None:
    """Refuse more than 50 ids or records."""
    wanted = call.params.get("MaxRecords")
    if len(call.ids()) > MOST_INSTANCES or (wanted is not None and int(wanted) > MOST_INSTANCES):
        raise Refused(
            "ValidationError", f"The number of instances that may be asked for is {MOST_INSTANCES}"
        )
