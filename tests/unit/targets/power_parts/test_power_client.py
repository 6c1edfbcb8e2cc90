"""What is asked beside switching is no reason for switching to fail."""

from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from controller.targets.power_parts.power_client import Ec2PowerClient


def refused(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "DescribeScalingActivities")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"Activities": [{"StatusCode": "Failed", "Description": "no capacity"}]}, "no capacity"),
        ({"Activities": [{"StatusCode": "Successful", "Description": "launched"}]}, ""),
        ({"Activities": []}, ""),
        (refused("AccessDenied", 403), ""),
        (refused("ValidationError", 400), ""),
        (refused("Throttling", 400), ""),
    ],
    ids=["failed", "launched", "none", "denied", "gone", "throttled"],
)
def test_why_a_launch_failed_is_told_where_aws_says_so(answer: Any, said: str) -> None:
    asked = Mock(side_effect=[answer])
    acts = Mock(**{"client.return_value": Mock(describe_scaling_activities=asked)})

    assert Ec2PowerClient(acts).failed_activity("c50-ta-Web") == said
