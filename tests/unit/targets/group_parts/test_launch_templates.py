"""Attributes become launch template data, and are read back from it."""

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controller.targets.group_parts.launch_templates import (
    attributes_of,
    security_groups_of,
)
from controller.targets.group_parts.role_design import Volume
from controller.targets.group_parts.template_data import data_of

names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
volumes = st.builds(
    Volume,
    st.sampled_from(["/dev/sda1", "/dev/sda2"]),
    st.integers(1, 10000),
    st.sampled_from(["gp2", "standard"]),
    st.booleans(),
)
attributes = st.fixed_dictionaries(
    {
        "imageId": names,
        "instanceType": names,
        "keyPair": st.one_of(st.just(""), names),
        "instanceProfile": names,
        "securityGroups": st.dictionaries(names, names, min_size=1, max_size=4).filter(
            lambda groups: len(set(groups.values())) == len(groups)
        ),
        "volumes": st.lists(volumes, max_size=2).map(
            lambda disks: {disk.device: str(disk) for disk in disks}
        ),
        "userData": st.text(),
        "detailedMonitoring": st.booleans(),
        "publicAddress": st.just(False),
        "metadataTokens": st.sampled_from(["required", "optional", "default"]),
    }
)


@given(attributes)
def test_what_is_written_is_read_back(wanted: dict[str, Any]) -> None:
    data = data_of(wanted, {})
    by_id = {one: name for name, one in wanted["securityGroups"].items()}
    assert attributes_of(data, by_id, is_template=True) == wanted
    assert security_groups_of(data) == set(by_id)


def test_user_data_that_is_no_text_is_shown_as_it_came() -> None:
    packed = base64.b64encode(b"\x1f\x8b\x08\xff").decode()
    assert attributes_of({"UserData": packed}, {}, is_template=True)["userData"] == packed


def test_a_launch_configuration_is_read_alike() -> None:
    found = attributes_of(
        {
            "ImageId": "ami-1",
            "InstanceType": "m6i.large",
            "IamInstanceProfile": "arn:aws:iam::012345670123:instance-profile/roleTangoWeb",
            "SecurityGroups": ["sg-1"],
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 50, "VolumeType": "gp2"}},
                {"DeviceName": "/dev/sdc", "VirtualName": "ephemeral0"},
            ],
            "InstanceMonitoring": {"Enabled": True},
        },
        {"sg-1": "sgOSLinux"},
        is_template=False,
    )
    assert found == {
        "imageId": "ami-1",
        "instanceType": "m6i.large",
        "keyPair": "",
        "instanceProfile": "roleTangoWeb",
        "securityGroups": {"sgOSLinux": "sg-1"},
        "volumes": {"/dev/sda1": "50 GB gp2"},
        "userData": "",
        "detailedMonitoring": True,
        "publicAddress": False,
        "metadataTokens": "default",
    }
