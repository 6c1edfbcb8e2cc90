"""What a group names must exist, and what its template names too.

"LaunchTemplate: Information used to specify the launch template and version to use to launch instances."
VPCZoneIdentifier: "A comma-separated list of subnet IDs for a virtual private cloud (VPC) where instances in the Auto
Scaling group can be created." (Amazon EC2 Auto Scaling API Reference, CreateAutoScalingGroup) - "You must use a valid
fully-formed launch template. [...] Amazon EC2 Auto Scaling validates the launch template" when the group is created or
updated, as a launch would. (User Guide, Troubleshoot Amazon EC2 Auto Scaling: Launch templates) - What may be launched is
checked then too, also against ``ec2:MetadataHttpTokens``. (User Guide, Control Amazon EC2 launch template usage in Auto
Scaling groups, Require the use of IMDSv2) - AssociatePublicIpAddress: "You cannot specify more than one network interface in the
request." (Amazon EC2 API Reference, InstanceNetworkInterfaceSpecification) Not even as false.
"""

from collections.abc import Iterable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.iam.models import iam_backends

from controller.sandbox.call import Call, Refused, invalid
from controller.sandbox.rules import before
from controller.sandbox.state import STATE, kept


@before("autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup")
def known_subnets(call: Call) -> None:
    """Refuse subnets that do not exist."""
    known = {subnet_id for by_id in call.ec2.subnets.values() for subnet_id in by_id}
    for subnet in str(call.params.get("VPCZoneIdentifier") or "").split(","):
        if subnet and subnet not in known:
            raise invalid(f"The subnet ID '{subnet}' does not exist")


@before("autoscaling", "CreateAutoScalingGroup", "UpdateAutoScalingGroup", "StartInstanceRefresh")
def launchable_template(call: Call) -> None:
    """Refuse a template or version that does not exist, or that names what does not exist."""
    wanted = call.params.get("LaunchTemplate") or (
        call.params.get("DesiredConfiguration") or {}
    ).get("LaunchTemplate")
    if not wanted:
        return
    try:
        version = call.ec2._get_template_from_args(dict(wanted))  # noqa: SLF001 - what a launch would do
    except ServiceException as missing:
        raise _not_formed(missing.message) from None
    if not _is_known_yet(call, version):
        raise _not_formed("The specified launch template version does not exist")
    options = version.data.get("MetadataOptions") or {}
    if STATE.settings.tokens_required and options.get("HttpTokens") != "required":
        template = wanted.get("LaunchTemplateId") or wanted.get("LaunchTemplateName")
        message = f"You are not authorized to use launch template: {template}"
        raise Refused("AccessDenied", message, status=403)
    for problem in _problems(call, version.data):
        raise _not_formed(problem)


def _is_known_yet(call: Call, version: Any) -> bool:
    """Tell whether a version shows yet.

    "The Amazon EC2 API follows an eventual consistency model": what was made is not seen by every request that follows. (Amazon
    EC2 Developer Guide, Ensuring eventual consistency)
    """
    unseen: dict[tuple[str, int], int] = kept(call.ec2, "unseen_versions", {})
    name = version.template.id, int(version.number)
    unseen.setdefault(name, STATE.delays.template)
    unseen[name] -= 1
    return unseen[name] < 0


def _problems(call: Call, data: dict[str, Any]) -> Iterable[str]:
    image = data.get("ImageId")
    if image and not image.startswith("resolve:") and image not in call.ec2.amis:
        yield f"The image id '[{image}]' does not exist"
    interfaces = data.get("NetworkInterfaces") or ()
    if len(interfaces) > 1 and any("AssociatePublicIpAddress" in one for one in interfaces):
        yield "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces"
    key = data.get("KeyName")
    if key and key not in call.ec2.key_pairs:
        yield f"The key pair '{key}' does not exist"
    groups = {group_id for by_id in call.ec2.groups.values() for group_id in by_id}
    for group in data.get("SecurityGroupIds") or ():
        if group not in groups:
            yield f"The security group '{group}' does not exist"
    profile = data.get("IamInstanceProfile") or {}
    known = iam_backends[call.account]["aws"].instance_profiles.values()
    for key, attribute, what in (("Name", "name", "name"), ("Arn", "arn", "ARN")):
        given = profile.get(key)
        if given and given not in {getattr(known_profile, attribute) for known_profile in known}:
            yield f"Value ({given}) for parameter iamInstanceProfile.{attribute} is invalid. Invalid IAM Instance Profile {what}"


def _not_formed(problem: str) -> Refused:
    return invalid(f"You must use a valid fully-formed launch template. {problem}")
