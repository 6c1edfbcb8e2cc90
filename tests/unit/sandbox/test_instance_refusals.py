"""What AWS refuses of instances, their pages and their tags."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from controller.aws.errors import translate
from controller.errors import AccessDenied
from tests.support.embedded_aws import AwsForTests
from tests.support.scaling_groups import ScalingGroup

ABSENT = "i-0123456789abcdef0"


@pytest.fixture
def group(aws: AwsForTests) -> ScalingGroup:
    """Twelve running instances."""
    return ScalingGroup(aws, 12, maximum=20)


def _refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    "call", ["describe_instances", "start_instances", "stop_instances", "terminate_instances"]
)
@pytest.mark.parametrize(
    ("wrong", "code"),
    [("bogus", "InvalidInstanceID.Malformed"), (ABSENT, "InvalidInstanceID.NotFound")],
)
def test_one_wrong_id_fails_the_whole_call(
    group: ScalingGroup, call: str, wrong: str, code: str
) -> None:
    good = group.ids()[0]

    assert _refusal(getattr(group.ec2, call), InstanceIds=[good, wrong]) == code
    assert group.power() == ["running"] * 12


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"MaxResults": 4}, "InvalidParameterValue"),
        ({"MaxResults": 1001}, "InvalidParameterValue"),
        ({"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue"),
        ({"Filters": [{"Name": "launch-time", "Values": ["x"]}]}, "InvalidAction"),
        ({"MaxResults": 5, "NextToken": "x"}, "InvalidNextToken"),
    ],
)
def test_a_wrong_look_is_refused(group: ScalingGroup, arguments: Any, code: str) -> None:
    assert _refusal(group.ec2.describe_instances, **arguments) == code


def test_pages_and_ids_exclude_each_other(group: ScalingGroup) -> None:
    code = _refusal(group.ec2.describe_instances, InstanceIds=group.ids()[:1], MaxResults=5)

    assert code == "InvalidParameterCombination"


def test_pages_hold_as_many_instances_as_asked_each_once(group: ScalingGroup) -> None:
    pages = list(
        group.ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5})
    )
    found = [
        [one["InstanceId"] for r in page["Reservations"] for one in r["Instances"]]
        for page in pages
    ]

    assert [len(page) for page in found] == [5, 5, 2]
    assert len({one for page in found for one in page}) == 12


def test_terminated_instances_neither_start_nor_stop(group: ScalingGroup) -> None:
    gone = group.ids()[:1]
    group.ec2.terminate_instances(InstanceIds=gone)

    assert _refusal(group.ec2.start_instances, InstanceIds=gone) == "IncorrectInstanceState"
    assert _refusal(group.ec2.stop_instances, InstanceIds=gone) == "IncorrectInstanceState"


def test_a_spot_instance_does_not_stop_and_once_interrupted_only_aws_starts_it(
    group: ScalingGroup,
) -> None:
    spot = group.ec2.run_instances(
        ImageId=group.image,
        MinCount=1,
        MaxCount=1,
        InstanceType="m6i.large",
        SubnetId="subnet-42a",
        InstanceMarketOptions={"MarketType": "spot"},
    )["Instances"][0]["InstanceId"]

    assert _refusal(group.ec2.stop_instances, InstanceIds=[spot]) == "UnsupportedOperation"

    group.aws.controls.settings(interrupted=[spot])
    described = group.ec2.describe_instances(InstanceIds=[spot])["Reservations"][0]["Instances"][0]
    assert (described["State"]["Name"], described["StateReason"]["Code"]) == (
        "stopped",
        "Server.SpotInstanceShutdown",
    )
    assert _refusal(group.ec2.start_instances, InstanceIds=[spot]) == "IncorrectSpotRequestState"


def test_the_type_changes_only_while_stopped(group: ScalingGroup) -> None:
    one = group.ids()[:1]
    change = {"InstanceId": one[0], "InstanceType": {"Value": "m6i.xlarge"}}

    assert _refusal(group.ec2.modify_instance_attribute, **change) == "IncorrectInstanceState"
    group.ec2.stop_instances(InstanceIds=one)
    group.ec2.modify_instance_attribute(**change)


@pytest.mark.parametrize(
    ("tags", "code", "because"),
    [
        ([{"Key": "aws:x", "Value": "1"}], "InvalidParameterValue", "reserved"),
        ([{"Key": "k" * 128, "Value": "1"}], "InvalidParameterValue", "key too long"),
        ([{"Key": "k", "Value": "v" * 257}], "InvalidParameterValue", "value too long"),
        ([{"Key": f"k{n}", "Value": ""} for n in range(51)], "TagLimitExceeded", "51 tags"),
    ],
)
def test_tags_keep_to_their_limits(
    group: ScalingGroup, tags: list[dict[str, str]], code: str, because: str
) -> None:
    one = group.ids()[:1]

    assert _refusal(group.ec2.create_tags, Resources=one, Tags=tags) == code, because


def test_without_capacity_nothing_of_the_call_is_started_and_no_instance_is_named(
    group: ScalingGroup,
) -> None:
    ids = group.ids()
    group.enter(ids)
    group.ec2.stop_instances(InstanceIds=ids)
    group.aws.controls.settings(without_capacity=["m6i.large/eu-west-1a"])

    with pytest.raises(ClientError) as error:
        group.ec2.start_instances(InstanceIds=ids)

    answer = error.value.response
    assert answer["Error"] == {
        "Code": "InsufficientInstanceCapacity",
        "Message": "Insufficient capacity.",
    }
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert group.power() == ["stopped"] * 12
    group.aws.controls.settings(without_capacity=[])
    group.ec2.start_instances(InstanceIds=ids)
    assert group.power() == ["running"] * 12


def test_one_instance_that_a_policy_denies_fails_the_whole_call(group: ScalingGroup) -> None:
    one, other = group.ids()[:2]
    group.aws.controls.settings(denied_instances=[other])
    with pytest.raises(ClientError) as error:
        group.ec2.stop_instances(InstanceIds=[one, other])
    told = error.value.response["Error"]
    assert told["Code"] == "UnauthorizedOperation"
    assert told["Message"].partition(" on resource: ")[2].startswith("arn:aws:ec2:eu-west-1:")
    denied = translate(error.value, "power")
    assert isinstance(denied, AccessDenied)
    assert denied.instances == {other}
    group.ec2.stop_instances(InstanceIds=[one])


def test_a_host_and_a_quota_bound_what_is_started(group: ScalingGroup) -> None:
    image = group.ec2.describe_images()["Images"][0]["ImageId"]
    one = {"ImageId": image, "InstanceType": "m5.large", "MinCount": 1, "MaxCount": 1}
    ids = [
        group.ec2.run_instances(**one, **where)["Instances"][0]["InstanceId"]
        for where in ({}, {"Placement": {"HostId": "h-1"}})
    ]
    group.ec2.stop_instances(InstanceIds=ids)
    group.aws.controls.settings(without_capacity=["m5.large/eu-west-1a/h-1"])
    refused = _refusal(group.ec2.start_instances, InstanceIds=ids)
    assert refused == "InsufficientCapacityOnHost"

    group.aws.controls.settings(without_capacity=[], over_quota=["m5.large"])
    assert _refusal(group.ec2.start_instances, InstanceIds=ids[:1]) == "VcpuLimitExceeded"

    group.aws.controls.settings(over_quota=[])
    group.ec2.start_instances(InstanceIds=ids)


def test_an_instance_with_stop_protection_is_not_stopped(group: ScalingGroup) -> None:
    one, other = group.ids()[:2]
    group.ec2.modify_instance_attribute(InstanceId=one, DisableApiStop={"Value": True})

    assert _refusal(group.ec2.stop_instances, InstanceIds=[one, other]) == "OperationNotPermitted"
