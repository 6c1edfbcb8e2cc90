"""The accounts of the examples, reached as the controller reaches them: by the role of each, with its external id."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from controller.sandbox.seed import seed
from tests.support.embedded_aws import AwsForTests

FLEET = Path(__file__).parents[2] / "examples" / "fleet"
STAGING, PROD = "012345670123", "210987654321"


@pytest.fixture
def fleet(aws: AwsForTests) -> AwsForTests:
    """The examples' accounts."""
    seed(aws.address, fleet=FLEET)
    return aws


def test_each_role_leads_into_its_own_account(fleet: AwsForTests) -> None:
    secrets = fleet.client("secretsmanager").get_secret_value(SecretId="envctl/external-ids")
    external_id = json.loads(secrets["SecretString"])["staging-eu"]

    staging = fleet.client_by_role("ec2", STAGING, external_id)
    prod = fleet.client_by_role("ec2", PROD)

    networks = [
        {one["VpcId"] for one in client.describe_vpcs()["Vpcs"]} for client in (staging, prod)
    ]
    assert "vpc-0f1e2d3c" in networks[0] - networks[1]
    assert "vpc-0a9b8c7d" in networks[1] - networks[0]


def test_without_the_external_id_the_door_stays_shut(fleet: AwsForTests) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        fleet.client_by_role("ec2", STAGING)


def test_leading_zeros_of_an_account_stay(fleet: AwsForTests) -> None:
    found = fleet.client_by_role("sts", STAGING, "sandbox-staging-eu").get_caller_identity()

    assert found["Account"] == STAGING
