"""Faults on demand, seen by a client as AWS would show them."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.support.embedded_aws import AwsForTests


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("dynamodb", "ListTables", "ThrottlingException"),
        ("ec2", "DescribeInstances", "RequestLimitExceeded"),
        ("autoscaling", "DescribeAutoScalingGroups", "Throttling"),
        ("sts", "GetCallerIdentity", "AccessDenied"),
        ("sns", "ListTopics", "Throttled"),
    ],
)
def test_the_next_calls_fail_and_the_ones_after_go_through(
    aws: AwsForTests, service: str, operation: str, code: str
) -> None:
    aws.controls.fail_next(operation, code, times=2)
    client = aws.client(service)
    call = getattr(client, _method(client, operation))

    for _ in range(2):
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == code
    call()


def _method(client: Any, operation: str) -> str:
    mapping: dict[str, str] = client.meta.method_to_api_mapping
    return next(name for name, api in mapping.items() if api == operation)


def test_a_fault_of_one_account_leaves_the_others_alone(aws: AwsForTests) -> None:
    aws.controls.fail_next("DescribeInstances", "UnauthorizedOperation", account="100000000001", times=None)  # fmt: skip

    aws.client("ec2", "100000000002").describe_instances()
    for _ in range(2):
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            aws.client("ec2", "100000000001").describe_instances()

    aws.controls.no_faults()
    aws.client("ec2", "100000000001").describe_instances()


def test_an_answer_can_get_lost_after_the_call_was_done(aws: AwsForTests) -> None:
    aws.controls.lose_answer("CreateTopic")
    sns = aws.client("sns")

    with pytest.raises(ConnectionClosedError):
        sns.create_topic(Name="t")

    assert len(sns.list_topics()["Topics"]) == 1


def test_calls_can_be_slowed_down(aws: AwsForTests) -> None:
    aws.controls.slow_down(0.2, service="sns")
    began = time.monotonic()

    aws.client("sns").list_topics()

    assert time.monotonic() - began >= 0.2


def test_s3_fails_and_loses_answers_too(aws: AwsForTests) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    aws.controls.fail_next("PutObject", "SlowDown", service="s3")
    aws.controls.lose_answer("PutObject", service="s3")

    with pytest.raises(ClientError, match="SlowDown"):
        s3.put_object(Bucket="bucket", Key="k", Body=b"1")
    with pytest.raises(ConnectionClosedError):
        s3.put_object(Bucket="bucket", Key="k", Body=b"2")

    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"2"


def test_a_slow_call_can_fail_too(aws: AwsForTests) -> None:
    aws.controls.slow_down(0.1)
    aws.controls.fail_next("ListTopics", "Throttled")
    began = time.monotonic()

    with pytest.raises(ClientError, match="Throttled"):
        aws.client("sns").list_topics()
    assert time.monotonic() - began >= 0.1
    aws.client("sns").list_topics()
