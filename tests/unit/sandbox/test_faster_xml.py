"""Answers in XML written faster are the same to the letter."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from tests.support.faster_moto import xml
from tests.support.faster_moto.xml import written

xmltodict: Any = import_module("xmltodict")  # it has no types

REQUEST_ID = re.compile(rb"<[rR]equestId>[^<]*<")
NAMES = st.text("abcXYZ", min_size=1, max_size=4)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
LEAVES = TEXTS | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)
ELEMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.dictionaries(NAMES | NAMES.map("@{}".format), LEAVES, max_size=2)
        | st.dictionaries(NAMES, inner | st.lists(inner, max_size=3), max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, ELEMENTS, min_size=1, max_size=1))
def test_elements_are_written_as_xmltodict_writes_them(body: dict[str, Any]) -> None:
    assert written(body) == xmltodict.unparse(body, full_document=False, short_empty_elements=True)


@pytest.mark.parametrize("text", ["<&>", "a \"quoted\" 'one'", "two\nlines\tand\r", "ü€", ""])
def test_what_has_a_meaning_in_xml_is_escaped_alike(text: str) -> None:
    body = {"Root": {"@name": text, "Child": [text, {"@name": text, "Inner": text}]}}

    assert written(body) == xmltodict.unparse(body, full_document=False, short_empty_elements=True)


ASKED = (
    ("ec2", "describe_instances"),
    ("ec2", "describe_images"),
    ("ec2", "describe_launch_templates"),
    ("ec2", "describe_network_interfaces"),
    ("ec2", "describe_security_groups"),
    ("ec2", "describe_subnets"),
    ("ec2", "describe_volumes"),
    ("autoscaling", "describe_auto_scaling_groups"),
    ("autoscaling", "describe_auto_scaling_instances"),
    ("autoscaling", "describe_tags"),
    ("sts", "get_caller_identity"),
)
TAGS = [{"Key": "Name", "Value": 'a <b> & "c"'}, {"Key": "Empty", "Value": ""}]


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Clients of an account with a group of two, one stopped instance and one that is ended."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws():
        made: dict[str, Any] = {
            name: boto3.client(name, "eu-west-1") for name in ("ec2", "autoscaling", "sts")
        }
        ec2 = made["ec2"]
        image = ec2.register_image(Name="web-1.0.0", RootDeviceName="/dev/sda1")["ImageId"]
        template = ec2.create_launch_template(
            LaunchTemplateName="t", LaunchTemplateData={"ImageId": image, "InstanceType": "t3.nano"}
        )["LaunchTemplate"]["LaunchTemplateId"]
        made["autoscaling"].create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=2,
            AvailabilityZones=["eu-west-1a"],
            LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
            Tags=[{**one, "PropagateAtLaunch": True} for one in TAGS],
        )
        alone = ec2.run_instances(
            ImageId=image,
            MinCount=2,
            MaxCount=2,
            TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}],
        )["Instances"]
        ec2.stop_instances(InstanceIds=[alone[0]["InstanceId"]])
        ec2.terminate_instances(InstanceIds=[alone[1]["InstanceId"]])
        yield made


def test_whole_answers_are_the_same(
    clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[bytes] = []
    for client in clients.values():
        client.meta.events.register(
            "before-parse",
            lambda response_dict, **_: bodies.append(REQUEST_ID.sub(b"", response_dict["body"])),
        )

    def answers() -> list[bytes]:
        bodies.clear()
        for service, asked in ASKED:
            getattr(clients[service], asked)()
        return list(bodies)

    slow = answers()
    _faster(monkeypatch)

    assert answers() == slow
    assert answers() == slow


def test_refusals_are_the_same(clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal() -> tuple[str, str]:
        with pytest.raises(ClientError) as refused:
            clients["ec2"].describe_instances(InstanceIds=["i-0123456789abcdef0"])
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]

    slow = refusal()
    _faster(monkeypatch)

    assert refusal() == slow


def _faster(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name, faster in xml.FASTER:
        monkeypatch.setattr(owner, name, faster)
