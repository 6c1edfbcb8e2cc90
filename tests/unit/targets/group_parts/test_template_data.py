"""Whatever template a group had: a field of ours changes what it says, and all else stays."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.model import ListShape, Shape, StructureShape
from botocore.session import Session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from controller.aws.request_form import as_request
from controller.targets.group_parts.launch_templates import attributes_of
from controller.targets.group_parts.template_data import data_of, of_configuration

_EC2 = Session().get_service_model("ec2")
REQUEST: Any = _EC2.operation_model("CreateLaunchTemplateVersion").input_shape
TEMPLATE: Shape = REQUEST.members["LaunchTemplateData"]
ANSWER: Any = _EC2.operation_model("DescribeLaunchTemplateVersions").output_shape
DESCRIBED: Shape = ANSWER.members["LaunchTemplateVersions"].member.members["LaunchTemplateData"]
_SCALING = Session().get_service_model("autoscaling")
CONFIGURATIONS: Any = _SCALING.operation_model("DescribeLaunchConfigurations").output_shape
CONFIGURATION: Shape = CONFIGURATIONS.members["LaunchConfigurations"].member

TYPES = ("gp2", "gp3", "io1", "standard")
TEXT = st.text("abc-1", min_size=1, max_size=4)


def values(shape: Shape, name: str = "") -> st.SearchStrategy[Any]:
    """Return anything that fits a shape of botocore's, as AWS would answer it: nothing empty."""
    if isinstance(shape, StructureShape):
        members = {key: values(member, key) for key, member in shape.members.items()}
        return st.fixed_dictionaries({}, optional=members).filter(bool)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member), min_size=1, max_size=2)
    if name == "UserData":
        return TEXT.map(lambda text: base64.b64encode(text.encode()).decode())
    if name == "VolumeType":
        return st.sampled_from(TYPES)
    if name in ("DeviceIndex", "NetworkCardIndex"):
        return st.integers(0, 1)
    plain: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(1, 9),
        "boolean": st.booleans(),
        "double": st.just(1.5),
        "float": st.just(1.5),
        "timestamp": st.just(datetime(2026, 11, 24, tzinfo=UTC)),
    }
    return plain.get(shape.type_name, TEXT)


ONE_EACH = values(TEMPLATE).map(
    lambda data: {
        **data,
        "BlockDeviceMappings": list(
            {one.get("DeviceName", "x"): {"DeviceName": "x", **one} for one in data.get("BlockDeviceMappings", ())}.values()
        ),
        "NetworkInterfaces": _at_most_one_first(data.get("NetworkInterfaces", [])),
    }
)  # fmt: skip
"""A device is named once, and one network interface is the first, as EC2 has it."""


def _at_most_one_first(interfaces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**one, "DeviceIndex": number, "NetworkCardIndex": number}
        for number, one in enumerate(interfaces)
    ]


WANTED = st.fixed_dictionaries(
    {
        "imageId": TEXT,
        "instanceType": TEXT,
        "keyPair": TEXT,
        "instanceProfile": TEXT,
        "securityGroups": st.just({"sg-9": "sg-9"}),
        "volumes": st.just({"/dev/sda1": "50 GB gp2", "a": "9 GB gp3, encrypted"}),
        "userData": TEXT,
        "detailedMonitoring": st.booleans(),
        "publicAddress": st.just(False),
        "metadataTokens": st.sampled_from(["required", "optional", "default"]),
    }
)
OWNED = {
    "imageId": ("ImageId",),
    "instanceType": ("InstanceType", "InstanceRequirements"),
    "keyPair": ("KeyName",),
    "instanceProfile": ("IamInstanceProfile",),
    "securityGroups": ("SecurityGroupIds", "SecurityGroups", "NetworkInterfaces.0.Groups"),
    "volumes": ("BlockDeviceMappings",),
    "userData": ("UserData",),
    "detailedMonitoring": ("Monitoring",),
    "publicAddress": ("NetworkInterfaces.0.AssociatePublicIpAddress",),
    "metadataTokens": ("MetadataOptions.HttpTokens",),
}
"""Where a template says what a field says."""
ALWAYS = ("NetworkInterfaces.0.DeviceIndex", "NetworkInterfaces.0.DeleteOnTermination")


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return every value in it by its path."""
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = [(str(number), one) for number, one in enumerate(value)]
    else:
        return {path: value}
    found: dict[str, Any] = {}
    for key, one in inner:
        found |= leaves(one, f"{path}.{key}".lstrip("."))
    return found


@given(ONE_EACH, WANTED, st.sampled_from(sorted(OWNED)))
def test_of_any_template_only_the_field_that_changes_is_another(
    found: dict[str, Any], wanted: dict[str, Any], field: str
) -> None:
    ours = data_of(wanted, found)
    assert attributes_of(ours, {}, is_template=True) == wanted
    assert data_of(wanted, ours) == ours, "laid over itself it stays"

    other = {**wanted, field: CHANGED[field](wanted[field])}
    changed = data_of(other, ours)

    assert attributes_of(changed, {}, is_template=True) == other
    before, after = leaves(ours), leaves(changed)
    paths = {path for path in before | after if before.get(path) != after.get(path)}
    assert all(path.startswith(OWNED[field]) for path in paths)
    assert data_of(wanted, changed) == ours, "and back"


CHANGED: dict[str, Any] = {
    **dict.fromkeys(OWNED, lambda text: f"{text}z"),
    "securityGroups": lambda _: {"sg-8": "sg-8"},
    "volumes": lambda found: {**found, "/dev/sda1": "60 GB gp2"},
    "detailedMonitoring": lambda found: not found,
    "publicAddress": lambda found: not found,
    "metadataTokens": lambda found: "optional" if found == "required" else "required",
}


@given(ONE_EACH, WANTED)
def test_what_no_field_owns_is_carried_over(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    owned = tuple(path for paths in OWNED.values() for path in paths) + ALWAYS
    before, after = leaves(found), leaves(data_of(wanted, found))
    assert {path: one for path, one in before.items() if not path.startswith(owned)} == {
        path: one for path, one in after.items() if not path.startswith(owned)
    }


def has_place(shape: Any, path: str) -> bool:
    """Tell whether a shape has a member at a path of ``leaves``."""
    for part in path.split("."):
        if isinstance(shape, ListShape):
            shape = shape.member
        elif part in shape.members:
            shape = shape.members[part]
        else:
            return False
    return True


@given(values(DESCRIBED), WANTED)
def test_whatever_aws_describes_is_sent_back_as_far_as_a_request_takes_it(
    found: dict[str, Any], wanted: dict[str, Any]
) -> None:
    source = as_request(found, TEMPLATE)
    before, after = leaves(found), leaves(source)
    assert [path for path in before if (path in after) is not has_place(TEMPLATE, path)] == []
    assert after.keys() <= before.keys()
    wrong = ParamValidator().validate(data_of(wanted, source), TEMPLATE).generate_report()
    # What requests must have, AWS answers with: only values drawn here may lack it.
    assert [one for one in wrong.splitlines() if "Missing required parameter" not in one] == []


VOLUME = {
    "VolumeSize": 10, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": "key", "Iops": 4000, "SnapshotId": "snap-1",
    "DeleteOnTermination": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("10 GB gp3, encrypted", set()),
        ("10 GB gp2, encrypted", {"Iops"}),
        ("10 GB gp3", {"Encrypted", "KmsKeyId"}),
    ],
)
def test_a_volume_keeps_what_still_fits_it(text: str, lost: set[str]) -> None:
    wanted = {
        "imageId": "", "instanceType": "", "keyPair": "", "instanceProfile": "", "securityGroups": {}, "userData": "",
        "detailedMonitoring": False, "publicAddress": False, "metadataTokens": "default", "volumes": {"/dev/sdb": text},
    }  # fmt: skip
    mappings: list[dict[str, Any]] = [
        {"DeviceName": "/dev/sdb", "Ebs": VOLUME},
        {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
    ]
    disk, further = data_of(wanted, {"BlockDeviceMappings": mappings})["BlockDeviceMappings"]
    assert VOLUME.keys() - disk["Ebs"].keys() == lost
    assert further == mappings[1]


@given(values(CONFIGURATION), WANTED)
def test_whatever_a_launch_configuration_says_a_template_takes_it(
    found: dict[str, Any], wanted: dict[str, Any]
) -> None:
    data = data_of(wanted, as_request(of_configuration(found), TEMPLATE))
    assert ParamValidator().validate(data, TEMPLATE).generate_report() == ""


def test_a_device_that_a_launch_configuration_leaves_out_stays_out() -> None:
    left_out = {"DeviceName": "/dev/sdc", "NoDevice": True}
    ephemeral = {"DeviceName": "/dev/sdd", "VirtualName": "ephemeral0", "NoDevice": False}
    found = of_configuration({"BlockDeviceMappings": [left_out, ephemeral]})
    assert found["BlockDeviceMappings"] == [
        {"DeviceName": "/dev/sdc", "NoDevice": ""},
        {"DeviceName": "/dev/sdd", "VirtualName": "ephemeral0"},
    ]
    assert as_request(found, TEMPLATE) == found


def test_a_launch_configuration_says_it_in_other_words() -> None:
    assert of_configuration(
        {
            "LaunchConfigurationName": "old",
            "KernelId": "",
            "RamdiskId": "ari-1",
            "UserData": "",
            "EbsOptimized": True,
            "SpotPrice": "0.5",
            "PlacementTenancy": "dedicated",
            "MetadataOptions": {"HttpTokens": "required"},
        }
    ) == {
        "RamDiskId": "ari-1",
        "EbsOptimized": True,
        "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.5"}},
        "Placement": {"Tenancy": "dedicated"},
        "MetadataOptions": {"HttpTokens": "required"},
    }
