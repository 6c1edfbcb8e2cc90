"""A group's attributes as launch template data, laid over what its instances are launched from now.

Whatever no field of ours owns is carried over as it was found: placement, market options, credits, keys of volumes, tags
of what is launched, protection against stops, further network interfaces, and what AWS thinks of next.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

Data = Mapping[str, Any]
"""LaunchTemplateData as CreateLaunchTemplateVersion takes it."""

NO_SAY: Final = "default"
"""What ``metadataTokens`` is where the template leaves it to the image and the account."""
ENCRYPTED: Final = "encrypted"
_REPLACED: Final = ("InstanceRequirements", "KeyName", "SecurityGroupIds", "SecurityGroups", "UserData")  # fmt: skip
"""What the fields of a group say in another place, or leave out."""
_BY_TYPE: Final = frozenset({"Iops", "Throughput"})
"""What EC2 takes for some types of volumes only."""


def data_of(attributes: Mapping[str, Any], source: Data) -> dict[str, Any]:
    """Return the LaunchTemplateData of a group (domain rules: no public address, disks go with their instance).

    ``source`` is what it is laid over, empty for a group that is new. Laid over its own result it changes nothing.
    """
    data = {name: value for name, value in source.items() if name not in _REPLACED}
    data |= {
        "ImageId": attributes["imageId"],
        "InstanceType": attributes["instanceType"],
        "IamInstanceProfile": {"Name": attributes["instanceProfile"]},
        "Monitoring": {"Enabled": attributes["detailedMonitoring"]},
        "BlockDeviceMappings": _mappings(attributes["volumes"], source),
        "NetworkInterfaces": _interfaces(attributes, source),
    }
    options = {**source.get("MetadataOptions", {}), "HttpTokens": attributes["metadataTokens"]}
    if options["HttpTokens"] == NO_SAY:
        del options["HttpTokens"]
    data["MetadataOptions"] = options
    if not options:
        del data["MetadataOptions"]
    if attributes["keyPair"]:
        data["KeyName"] = attributes["keyPair"]
    if attributes["userData"]:
        text = attributes["userData"]
        # What is no text is held as it came.
        is_held = text == source.get("UserData")
        data["UserData"] = text if is_held else base64.b64encode(text.encode()).decode()
    return data


def profile_name(profile: Mapping[str, str]) -> str:
    """Return the name of an instance profile that is given by name or ARN."""
    return str(profile.get("Name") or profile.get("Arn") or "").rsplit("/", 1)[-1]


def first_interface(data: Data) -> Mapping[str, Any]:
    """Return the network interface that every instance has; empty where the template names none."""
    interfaces = data.get("NetworkInterfaces") or ()
    return next((one for one in interfaces if is_first(one)), {})


def is_first(interface: Mapping[str, Any]) -> bool:
    """Tell whether it is the interface that every instance has, not one of those besides."""
    return not interface.get("DeviceIndex") and not interface.get("NetworkCardIndex")


def _interfaces(attributes: Mapping[str, Any], source: Data) -> list[dict[str, Any]]:
    """Return the interface of a group, and those besides. Where there are several AWS takes not even that there is no public address.

    (Amazon EC2 API Reference, InstanceNetworkInterfaceSpecification, AssociatePublicIpAddress)
    """
    first = {
        **first_interface(source),
        "DeviceIndex": 0,
        "AssociatePublicIpAddress": attributes["publicAddress"],
        "DeleteOnTermination": True,
        "Groups": sorted(attributes["securityGroups"].values()),
    }
    others = [one for one in source.get("NetworkInterfaces") or () if not is_first(one)]
    if others and not attributes["publicAddress"]:
        del first["AssociatePublicIpAddress"]
    return [first, *others]


def _mappings(volumes: Mapping[str, str], source: Data) -> list[dict[str, Any]]:
    found = {str(one.get("DeviceName")): one for one in source.get("BlockDeviceMappings") or ()}
    others = [one for device, one in found.items() if device not in volumes and not one.get("Ebs")]
    return [
        *(_mapping(device, text, found.get(device, {})) for device, text in sorted(volumes.items())),
        *others,
    ]  # fmt: skip


def _mapping(device: str, text: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a disk as EC2 takes it, from the text that attributes hold, with what else was found of it."""
    size, _, rest = text.partition(" GB ")
    kind, *more = rest.split(", ")
    encrypted = ENCRYPTED in more
    before: Mapping[str, Any] = found.get("Ebs") or {}
    left_out = _BY_TYPE if before.get("VolumeType") != kind else frozenset[str]()
    if not encrypted:
        left_out |= {"Encrypted", "KmsKeyId"}
    ebs = {name: value for name, value in before.items() if name not in left_out}
    ebs |= {"VolumeSize": int(size), "VolumeType": kind, "DeleteOnTermination": True}
    if encrypted:
        ebs["Encrypted"] = True
    return {"DeviceName": device, "Ebs": ebs}


def of_configuration(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return a launch configuration, as Auto Scaling describes it, as launch template data."""
    data: dict[str, Any] = {
        name: configuration[name]
        for name in ("EbsOptimized", "KernelId", "MetadataOptions")
        if configuration.get(name)
    }
    # A device that is left out is marked as true there, and by an empty text here.
    if mappings := configuration.get("BlockDeviceMappings"):
        data["BlockDeviceMappings"] = [
            {name: "" if name == "NoDevice" else value for name, value in one.items() if value}
            for one in mappings
        ]
    for ours, theirs in (("RamDiskId", "RamdiskId"), ("UserData", "UserData")):
        if configuration.get(theirs):
            data[ours] = configuration[theirs]
    if configuration.get("PlacementTenancy"):
        data["Placement"] = {"Tenancy": configuration["PlacementTenancy"]}
    if configuration.get("SpotPrice"):
        spot = {"MaxPrice": configuration["SpotPrice"]}
        data["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": spot}
    return data
