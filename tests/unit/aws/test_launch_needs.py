"""What Auto Scaling needs to start instances, and who else reads streams, as AWS tells it."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from controller.aws.launch_needs import is_granted, linked_role, volume_key
from controller.aws.stream_consumers import Consumer, stream_consumers

STREAM = "arn:aws:dynamodb:eu-west-1:012345670123:table/ConfigEnvironments/stream/1"


class Answers:
    """A client that answers some calls, as AWS documents them; moto has not all of them."""

    def __init__(self, **methods: Any) -> None:
        self.meta = SimpleNamespace(region_name="eu-west-1")
        vars(self).update(methods)


def a_client(**methods: Any) -> Any:
    return Answers(**methods)


def test_the_role_of_auto_scaling_is_there_once_it_was_made() -> None:
    with mock_aws():
        iam: Any = boto3.client("iam")
        before = linked_role(iam)
        made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]

        assert (before, linked_role(iam)) == (None, made["Arn"])


@pytest.mark.parametrize(
    ("encrypted", "key", "found"),
    [(False, "key/1", None), (True, "alias/aws/ebs", None), (True, "key/1", "key/1")],
)
def test_only_a_key_of_ones_own_has_to_be_granted(
    *, encrypted: bool, key: str, found: str | None
) -> None:
    ec2 = a_client(
        get_ebs_encryption_by_default=lambda: {"EbsEncryptionByDefault": encrypted},
        get_ebs_default_kms_key_id=lambda: {"KmsKeyId": key},
    )

    assert volume_key(ec2) == found


def test_a_grant_to_the_role_is_one() -> None:
    def list_grants(**asked: str) -> dict[str, Any]:
        of_it = asked == {"KeyId": "key/1", "GranteePrincipal": "role"}
        return {"Grants": [{"GrantId": "g"}] if of_it else []}

    kms = a_client(list_grants=list_grants)

    assert is_granted(kms, "key/1", "role")
    assert not is_granted(kms, "key/1", "another")


def test_functions_that_read_a_stream_are_named_but_for_those_switched_off() -> None:
    def mapping(name: str, state: str, of: str = STREAM) -> dict[str, str]:
        arn = f"arn:aws:lambda:eu-west-1:012345670123:function:{name}"
        return {"EventSourceArn": of, "FunctionArn": arn, "State": state, "UUID": f"u-{name}"}

    pages = [
        {"EventSourceMappings": [mapping("audit", "Enabled"), mapping("old", "Disabled")]},
        {"EventSourceMappings": [mapping("orders", "Enabled", "arn:aws:sqs:eu-west-1:1:orders")]},
    ]
    paginator = SimpleNamespace(paginate=lambda: pages)
    found = stream_consumers(a_client(get_paginator=lambda _: paginator))

    assert dict(found) == {STREAM: [Consumer("audit", "u-audit")]}
