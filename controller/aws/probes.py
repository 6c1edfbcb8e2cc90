"""Whether a role may make a call, asked by calls that change nothing: reads of next to nothing, and EC2's dry runs.

"DryRun: Checks whether you have the required permissions for the action, without actually making the request, and provides an
error response. If you have the required permissions, the error response is DryRunOperation. Otherwise, it is
UnauthorizedOperation." (Amazon EC2 API Reference, common query parameters)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore import xform_name

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.decisions.tag_keys import ID
from controller.errors import RefusedByAws

NOBODY: Final = "envctl-doctor"
"""A name that nothing has: a call about it tells that it was allowed by not finding it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One call. ``needs`` names what must be in ``request`` of an account's own: ``account``, ``instance``."""

    action: str
    request: Mapping[str, Any] = field(default_factory=dict)
    changes: bool = False
    """Whether it is only asked where something may be changed."""
    needs: str = ""

    @property
    def service(self) -> str:
        """The service the action is of."""
        return self.action.partition(":")[0]

    @property
    def method(self) -> str:
        """The method of the service's client that makes the call."""
        return xform_name(self.action.partition(":")[2])


def allowed(client: Any, probe: Probe, request: Mapping[str, Any]) -> None:
    """Ask. Returns if the call is allowed; raises AccessDenied if not, and what else keeps it from being told.

    AWS checks permission before anything else, so an answer that finds fault with the request is a yes.
    """
    try:
        with aws_errors(f"doctor: may {probe.action}", place_of(client)):
            getattr(client, probe.method)(**request)
    except RefusedByAws:
        return


_DRY: Final = {"DryRun": True}
_ONE: Final = {"MaxRecords": 1}

LOOK: Final = (
    Probe("autoscaling:DescribeAutoScalingGroups", _ONE),
    Probe("ec2:DescribeInstances", _DRY),
)
"""What every look needs."""

OF_TARGET: Final[Mapping[str, tuple[Probe, ...]]] = {
    "groups": (
        Probe("ec2:DescribeImages", {**_DRY, "Owners": ["self"]}),
        Probe("ec2:DescribeSecurityGroups", _DRY),
        Probe("ec2:DescribeSubnets", _DRY),
        Probe("ec2:DescribeKeyPairs", _DRY),
        Probe("ec2:DescribeLaunchTemplates", _DRY),
        Probe("ec2:DescribeLaunchTemplateVersions", {**_DRY, "LaunchTemplateName": NOBODY}),
        Probe("autoscaling:DescribeLaunchConfigurations", _ONE),
        Probe("autoscaling:DescribeLifecycleHooks", {"AutoScalingGroupName": NOBODY}),
        Probe("autoscaling:DescribeNotificationConfigurations", _ONE),
        Probe("autoscaling:DescribeInstanceRefreshes", {"AutoScalingGroupName": NOBODY}),
        Probe("autoscaling:DescribeScalingActivities", _ONE),
        Probe("iam:GetInstanceProfile", {"InstanceProfileName": NOBODY}),
        Probe("sns:GetTopicAttributes", needs="account"),
        Probe(
            "ec2:CreateLaunchTemplate",
            {
                **_DRY,
                "LaunchTemplateName": NOBODY,
                "LaunchTemplateData": {"InstanceType": "t3.micro"},
                # As those that groups get: a role may be allowed to make no others.
                "TagSpecifications": [
                    {"ResourceType": "launch-template", "Tags": [{"Key": ID, "Value": NOBODY}]}
                ],
            },
            changes=True,
        ),
    ),
    "scaling-schedules": (Probe("autoscaling:DescribeScheduledActions", _ONE),),
    "power": (
        Probe("autoscaling:DescribeScalingActivities", _ONE),
        Probe("ec2:StartInstances", _DRY, changes=True, needs="instance"),
        Probe("ec2:StopInstances", _DRY, changes=True, needs="instance"),
    ),
}
"""Name of a target -> what it asks besides."""

COPIES: Final = ("dynamodb:BatchGetItem", "dynamodb:Scan")
"""What the target ``replicas`` looks with; whether it may shows in its own look."""

HINTS: Final = ("cloudtrail:LookupEvents",)
"""What only the setting live.cloudTrail needs: without it nobody is named, and nothing else is missed."""
LAUNCHING: Final = (
    "ec2:GetEbsDefaultKmsKeyId",
    "ec2:GetEbsEncryptionByDefault",
    "iam:GetRole",
    "kms:ListGrants",
)
"""What tells doctor whether Auto Scaling can start instances there; nothing else needs it."""
NOT_PROBED: Final[Mapping[str, tuple[str, ...]]] = {
    "groups": (
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteAutoScalingGroup",
        "autoscaling:DeleteLifecycleHook",
        "autoscaling:DeleteNotificationConfiguration",
        "autoscaling:DeleteTags",
        "autoscaling:PutLifecycleHook",
        "autoscaling:PutNotificationConfiguration",
        "autoscaling:StartInstanceRefresh",
        "autoscaling:UpdateAutoScalingGroup",
        "ec2:CreateLaunchTemplateVersion",
        "ec2:CreateTags",
        "ec2:DeleteLaunchTemplate",
        "ec2:RunInstances",
        "iam:PassRole",
    ),
    "scaling-schedules": (
        "autoscaling:BatchDeleteScheduledAction",
        "autoscaling:BatchPutScheduledUpdateGroupAction",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteTags",
    ),
    "power": (
        "autoscaling:CreateOrUpdateTags",
        "autoscaling:DeleteTags",
        "autoscaling:EnterStandby",
        "autoscaling:ExitStandby",
        "autoscaling:ResumeProcesses",
        "autoscaling:SuspendProcesses",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "autoscaling:UpdateAutoScalingGroup",
        "kms:CreateGrant",
    ),
    "replicas": ("dynamodb:DeleteItem", "dynamodb:PutItem"),
}
"""Name of a target -> what it changes by calls that AWS has no dry run of."""


def actions() -> frozenset[str]:
    """Return everything that the controller's role in an account is to be allowed, all targets on."""
    probes = (*LOOK, *(probe for probes in OF_TARGET.values() for probe in probes))
    changes = (action for of_target in NOT_PROBED.values() for action in of_target)
    return frozenset((*(probe.action for probe in probes), *COPIES, *HINTS, *LAUNCHING, *changes))
