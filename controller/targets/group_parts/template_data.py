"""Launch templates and launch configurations as attributes, and attributes as launch template data."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from controller.targets.group_parts.design import Volume

Names = Mapping[str, str]
"""Id of a security group -> its name."""


def data_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the LaunchTemplateData of a group (domain rules: no public address, disks go with their instance)."""
    data: dict[str, Any] = {
        "ImageId": attributes["imageId"],
        "InstanceType": attributes["instanceType"],
        "IamInstanceProfile": {"Name": attributes["instanceProfile"]},
        "Monitoring": {"Enabled": attributes["detailedMonitoring"]},
        "BlockDeviceMappings": [
            _mapping(device, text) for device, text in sorted(attributes["volumes"].items())
        ],
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": attributes["publicAddress"],
                "DeleteOnTermination": True,
                "Groups": sorted(attributes["securityGroups"].values()),
            }
        ],
    }
    if attributes["keyPair"]:
        data["KeyName"] = attributes["keyPair"]
    if attributes["userData"]:
        data["UserData"] = base64.b64encode(attributes["userData"].encode()).decode()
    return data


def volume_text(volume: Volume) -> str:
    """Return a disk as attributes hold it; ``_mapping`` reads it back."""
    return str(volume)


def _mapping(device: str, text: str) -> dict[str, Any]:
    size, _, rest = text.partition(" GB ")
    kind, _, encrypted = rest.partition(", ")
    ebs: dict[str, Any] = {
        "VolumeSize": int(size),
        "VolumeType": kind,
        "DeleteOnTermination": True,
    }
    if encrypted:
        ebs["Encrypted"] = True
    return {"DeviceName": device, "Ebs": ebs}


def attributes_of_template(data: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return what is compared of a launch template's data, but for the image's wish and platform."""
    interfaces = data.get("NetworkInterfaces") or [{}]
    first = interfaces[0]
    groups = [*(first.get("Groups") or ()), *(data.get("SecurityGroupIds") or ())]
    return {
        "imageId": str(data.get("ImageId", "")),
        "instanceType": str(data.get("InstanceType", "")),
        "keyPair": str(data.get("KeyName") or ""),
        "instanceProfile": _profile(data.get("IamInstanceProfile") or {}),
        "securityGroups": _named(groups, names),
        "volumes": _volumes(data.get("BlockDeviceMappings") or ()),
        "userData": _text(str(data.get("UserData") or "")),
        "detailedMonitoring": _true((data.get("Monitoring") or {}).get("Enabled")),
        "publicAddress": _true(first.get("AssociatePublicIpAddress")),
    }


def attributes_of_configuration(data: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Return what is compared of a launch configuration, but for the image's wish and platform."""
    profile = str(data.get("IamInstanceProfile") or "")
    return {
        "imageId": str(data.get("ImageId", "")),
        "instanceType": str(data.get("InstanceType", "")),
        "keyPair": str(data.get("KeyName") or ""),
        "instanceProfile": profile.rsplit("/", 1)[-1],
        "securityGroups": _named(data.get("SecurityGroups") or (), names),
        "volumes": _volumes(data.get("BlockDeviceMappings") or ()),
        "userData": _text(str(data.get("UserData") or "")),
        "detailedMonitoring": _true((data.get("InstanceMonitoring") or {}).get("Enabled")),
        "publicAddress": _true(data.get("AssociatePublicIpAddress")),
    }


def security_groups_of(data: Mapping[str, Any]) -> set[str]:
    """Return the ids of the security groups of a template's data or of a launch configuration."""
    interfaces = data.get("NetworkInterfaces") or ()
    return {
        *(one for interface in interfaces for one in interface.get("Groups") or ()),
        *(data.get("SecurityGroupIds") or ()),
        *(data.get("SecurityGroups") or ()),
    }


def _named(ids: Any, names: Names) -> dict[str, str]:
    return {names.get(one, one): one for one in ids}


def _profile(found: Mapping[str, Any]) -> str:
    return str(found.get("Name") or str(found.get("Arn") or "").rsplit("/", 1)[-1])


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
            found[volume.device] = volume_text(volume)
    return found


def _true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"


def _text(encoded: str) -> str:
    """Return user data as text; what is none (a compressed archive) as it came."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return encoded
