"""Launch templates of groups: one per group, a version for each change, groups point at a version by its number.

Also templates and launch configurations as attributes.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from controller.aws.clients import place_of
from controller.aws.errors import aws_errors
from controller.decisions import tag_keys as our
from controller.errors import Conflict, RefusedByAws
from controller.model.canonical import digest_of
from controller.ports import LiveActs
from controller.targets.group_parts.calls import carries_our_mark
from controller.targets.group_parts.found import OF_TEMPLATE, Attributes, group_mark_id
from controller.targets.group_parts.launched_from import launched_from, to_be_sent
from controller.targets.group_parts.names import template_name
from controller.targets.group_parts.role_design import Volume
from controller.targets.group_parts.template_data import (
    NO_SAY,
    data_of,
    first_interface,
    profile_name,
)

Names = Mapping[str, str]
"""Id of a security group -> its name."""


def attributes_of(data: Mapping[str, Any], names: Names, *, is_template: bool) -> dict[str, Any]:
    """Return what is compared of a launch template's data or a launch configuration, but for the image's wish and platform."""
    network, profile = data, data.get("IamInstanceProfile")
    groups, monitoring = data.get("SecurityGroups"), data.get("InstanceMonitoring")
    if is_template:
        network = first_interface(data)
        profile = profile_name(profile or {})
        groups = [*(network.get("Groups") or ()), *(data.get("SecurityGroupIds") or ())]
        monitoring = data.get("Monitoring")
    return {
        "imageId": str(data.get("ImageId", "")),
        "instanceType": str(data.get("InstanceType", "")),
        "keyPair": str(data.get("KeyName") or ""),
        "instanceProfile": str(profile or "").rsplit("/", 1)[-1],
        "securityGroups": {names.get(group, group): group for group in groups or ()},
        "volumes": _volumes(data.get("BlockDeviceMappings") or ()),
        "userData": _text(str(data.get("UserData") or "")),
        "detailedMonitoring": _true((monitoring or {}).get("Enabled")),
        "publicAddress": _true(network.get("AssociatePublicIpAddress")),
        "metadataTokens": str((data.get("MetadataOptions") or {}).get("HttpTokens") or NO_SAY),
    }


def security_groups_of(data: Mapping[str, Any]) -> set[str]:
    """Return the ids of the security groups of a template's data or of a launch configuration."""
    interfaces = data.get("NetworkInterfaces") or ()
    return {
        *(group for interface in interfaces for group in interface.get("Groups") or ()),
        *(data.get("SecurityGroupIds") or ()),
        *(data.get("SecurityGroups") or ()),
    }


def _volumes(mappings: Any) -> dict[str, str]:
    found = {}
    for mapping in mappings:
        ebs = mapping.get("Ebs")
        if ebs:
            volume = Volume(
                str(mapping.get("DeviceName", "")),
                int(ebs.get("VolumeSize") or 0),
                str(ebs.get("VolumeType") or ""),
                _true(ebs.get("Encrypted")),
            )
            # Ours go with their instance, as those do of which nothing is said.
            stays = str(ebs.get("DeleteOnTermination")).lower() == "false"
            found[volume.device] = f"{volume}, stays" if stays else str(volume)
    return found


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _text(encoded: str) -> str:
    """Return user data as text; what is none (a compressed archive) as it came."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded


_TOKEN_LENGTH = 64


class Pointer(NamedTuple):
    """A version of a launch template."""

    id: str
    version: str

    def __str__(self) -> str:
        """Print as the group's mark holds it."""
        return f"{self.id}:{self.version}"


def pointed_at(group: Mapping[str, Any] | None) -> Pointer | None:
    """Return what a group launches its instances from, as AWS describes it; None where that is no template."""
    found = (group or {}).get("LaunchTemplate")
    return found and Pointer(str(found.get("LaunchTemplateId")), str(found.get("Version")))


def put_template(
    group: str, attributes: Attributes, acts: LiveActs, present: Mapping[str, Any] | None = None
) -> Pointer:
    """Make sure that the latest version of a group's template says what the attributes say, and return it.

    ``present`` is the group as AWS describes it, where there is one: what it launches its instances from now is carried
    over but for what the attributes say. Where that is gone, or the group itself, it is what its template said last. Raises Conflict for a template of the name that is not ours, and as any call.
    """
    client = acts.client("ec2")
    what = f"groups: put the launch template of {group}"
    latest = _latest(client, group, what, acts)
    source = {} if present is None else launched_from(present, acts)
    if not source and latest is not None:
        source = to_be_sent(client, latest["LaunchTemplateData"])
    data = data_of(attributes, source)
    digest = digest_of({"data": data, **{name: attributes[name] for name in OF_TEMPLATE}})[:32]
    request: dict[str, Any] = {
        "VersionDescription": f"envctl {digest}",
        "LaunchTemplateData": data,
        "ClientToken": acts.token[:_TOKEN_LENGTH],
    }
    if latest is not None and latest.get("VersionDescription") == request["VersionDescription"]:
        return Pointer(str(latest["LaunchTemplateId"]), str(latest["VersionNumber"]))
    acts.check()
    with aws_errors(what, place_of(client)):
        if latest is not None:
            answer = client.create_launch_template_version(
                LaunchTemplateId=latest["LaunchTemplateId"], **request
            )
            made, number = answer["LaunchTemplateVersion"], "VersionNumber"
        else:
            mark = group_mark_id(acts.installation, acts.scope.name, group)
            answer = client.create_launch_template(
                LaunchTemplateName=template_name(group),
                TagSpecifications=[
                    {"ResourceType": "launch-template", "Tags": [{"Key": our.ID, "Value": mark}]}
                ],
                **request,
            )
            made, number = answer["LaunchTemplate"], "LatestVersionNumber"
        return Pointer(str(made["LaunchTemplateId"]), str(made[number]))


def delete_template(group: str, acts: LiveActs) -> None:
    """Delete a group's template, if there is one and it is ours. Raises as any call."""
    client = acts.client("ec2")
    what = f"groups: delete the launch template of {group}"
    found = _template(client, group, what)
    if found is None or not carries_our_mark(found, group, acts):
        return
    acts.check()
    try:
        with aws_errors(what, place_of(client)):
            client.delete_launch_template(LaunchTemplateId=found["LaunchTemplateId"])
    except RefusedByAws as error:
        if "NotFound" not in error.aws_code:
            raise


def _latest(client: Any, group: str, what: str, acts: LiveActs) -> Mapping[str, Any] | None:
    found = _template(client, group, what)
    if found is None:
        return None
    if not carries_our_mark(found, group, acts):
        raise Conflict(
            f"{what}: there is a launch template {template_name(group)} that envctl did not make",
            fix="delete it, or rename it by copying, then apply again",
        )
    with aws_errors(what, place_of(client)):
        answer = client.describe_launch_template_versions(
            LaunchTemplateId=found["LaunchTemplateId"], Versions=["$Latest"]
        )
    latest: Mapping[str, Any] = answer["LaunchTemplateVersions"][0]
    return latest


def _template(client: Any, group: str, what: str) -> Mapping[str, Any] | None:
    # By filter, since a name that does not exist is an error otherwise.
    with aws_errors(what, place_of(client)):
        answer = client.describe_launch_templates(
            Filters=[{"Name": "launch-template-name", "Values": [template_name(group)]}]
        )
    found = answer.get("LaunchTemplates") or ()
    return found[0] if found else None
