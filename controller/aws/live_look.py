"""One light look at an account and region: its groups and its instances, whole or not at all."""

from datetime import datetime

from controller.aws.describe_groups import read_groups
from controller.aws.describe_instances import read_instances
from controller.aws.sessions import AwsAccess
from controller.model.live import LiveLook, LiveScope


def look(access: AwsAccess, scope: LiveScope, now: datetime) -> LiveLook:
    """Look at a scope: a call for each thousand instances and each hundred groups, nothing else.

    Pages are read as they come and dropped. Raises RoleNotReady, RoleRefused, and as any call: a read that failed halfway
    is no look, as what is not in it may be there all the same.
    """
    place = scope.account, scope.region
    groups = read_groups(access.client("autoscaling", *place))
    by_name = {group.name: group for group in groups}
    instances = read_instances(access.client("ec2", *place))
    return LiveLook(scope, now, by_name, {instance.instance_id: instance for instance in instances})
