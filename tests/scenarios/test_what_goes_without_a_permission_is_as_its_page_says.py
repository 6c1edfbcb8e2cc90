"""What a look that is denied leaves unknown, and what goes on: as permissions.md says of each action."""

from typing import Any

import pytest

from controller.targets.groups import TARGET as GROUPS
from controller.targets.scaling_schedules import TARGET as SCHEDULES
from tests.support.embedded_aws import AwsForTests
from tests.support.live_account import LiveAccount, failures
from tests.support.permissions_explained import BLIND, FAILS, PERMISSIONS, UNSEEN

pytestmark = pytest.mark.slow

NIGHTS = {"recurrence": "0 22 * * 1-5", "desiredCapacity": 4}
OF_A_NEW_GROUP = ("DescribeImages", "DescribeKeyPairs", "DescribeSecurityGroups", "DescribeSubnets", "GetInstanceProfile")  # fmt: skip
CLOSER = ("DescribeLaunchTemplateVersions", "DescribeLifecycleHooks", "DescribeNotificationConfigurations")  # fmt: skip


def said(operation: str) -> str:
    (found,) = [
        one.without for one in PERMISSIONS if any(action.endswith(f":{operation}") for action in one.actions)
    ]  # fmt: skip
    return found


def blind(account: LiveAccount, operation: str, **how: Any) -> list[str]:
    """Return why what is not planned is not, while an operation is denied."""
    account.aws.controls.fail_next(operation, "AccessDenied", times=None)
    plan = account.plan(**how)
    account.aws.controls.no_faults()
    return [str(part.reason) for part in plan.plans if part.reason]


def test_what_is_denied_leaves_unknown_what_the_page_says(aws: AwsForTests) -> None:
    account = LiveAccount(aws, targets=(GROUPS, SCHEDULES))
    account.role(scalingSchedules=[NIGHTS])
    for operation in OF_A_NEW_GROUP:
        (why,) = blind(account, operation)
        assert operation in why
        assert BLIND in said(operation)
    account.aws.controls.fail_next("DescribeLaunchTemplates", "UnauthorizedOperation", times=None)
    failure, _ = failures(account.apply())
    account.aws.controls.no_faults()
    assert "DescribeLaunchTemplates" in failure
    assert said("DescribeLaunchTemplates") == FAILS
    assert failures(account.apply()) == []

    for operation in ("DescribeAutoScalingGroups", "DescribeInstances"):
        (why,) = blind(account, operation)
        assert operation in why
        assert said(operation) == UNSEEN
    for operation in CLOSER:
        assert blind(account, operation) == [], "it is a closer look's alone"
        (why,) = blind(account, operation, deep=True)
        assert operation in why
        assert f"look closer: {BLIND}" in said(operation)
    (why,) = blind(account, "DescribeScheduledActions", deep=True)
    assert why.startswith("target scaling-schedules: ")
