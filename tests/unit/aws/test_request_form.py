"""What AWS described is sent back without what only answers have."""

from datetime import UTC, datetime

import boto3

from controller.aws.request_form import as_request, parameter


def test_what_only_answers_have_is_not_sent_back() -> None:
    client = boto3.client("ec2", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    form = parameter(client, "CreateLaunchTemplateVersion", "LaunchTemplateData")
    until = datetime(2026, 11, 24, tzinfo=UTC)
    found = {
        "MetadataOptions": {"State": "applied", "HttpTokens": "required"},
        "SecurityGroupIds": [],
        "InstanceMarketOptions": {"SpotOptions": {"ValidUntil": until}},
        "LaterThanUs": 1,
    }
    assert as_request(found, form) == {
        "MetadataOptions": {"HttpTokens": "required"},
        "InstanceMarketOptions": {"SpotOptions": {"ValidUntil": "2026-11-24T00:00:00+00:00"}},
    }
