"""Warm pools: instances that carry their group's tags and that the group does not list.

"To retrieve information about the instances in a warm pool, you must call the DescribeWarmPool API." (Amazon EC2 Auto Scaling API
Reference, DescribeAutoScalingGroups) MinSize: "The minimum number of instances to maintain in the warm pool"; PoolState: "Default is
Stopped." (PutWarmPool)
"""

from moto.core.responses import ActionResult

from controller.sandbox.additions.capacity import run_instances
from controller.sandbox.call import Call
from controller.sandbox.rules import answers


@answers("autoscaling", "PutWarmPool")
def put_warm_pool(call: Call) -> ActionResult:
    """Launch the pool's instances, stopped."""
    group = call.group
    for instance in run_instances(group, None, int(call.params.get("MinSize") or 0)):
        instance.stop()
    return ActionResult({})
